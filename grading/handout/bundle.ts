/** Several modules of a lesson as one, without what nobody uses. */
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { type OutputChunk, type Plugin, rollup } from 'rollup';
import { parseAst } from 'rollup/parseAst';

/** Something that a module exports. */
export interface Export {
  /** The built module. */
  readonly module: string;
  readonly name: string;
}

export interface BundleRequest {
  /** Modules below it are taken in; what they import from elsewhere stays an import. */
  readonly folder: string;
  /** The file in the folder that the module will be. */
  readonly name: string;
  /** Its text as far as it is new: imports, and what is made of them. */
  readonly entry: string;
  /** What must not be in it. */
  readonly without: readonly Export[];
}

/**
 * @returns the text of the module
 * @throws Error when something stays that must not be in it
 */
export async function bundle({ folder, name, entry, without }: BundleRequest): Promise<string> {
  // In no file, and beside the modules that it imports.
  const input = join(folder, 'entry');
  const made = await rollup({
    input,
    plugins: [modulesBelow(folder, input, entry)],
    treeshake: { moduleSideEffects: false, propertyReadSideEffects: false },
    onwarn: warning => {
      throw new Error(warning.message);
    },
  });
  try {
    const { output } = await made.generate({ format: 'es', file: join(folder, name) });
    const [chunk] = output;
    proveLeftOut(chunk, without);
    return chunk.code;
  } finally {
    await made.close();
  }
}

function modulesBelow(folder: string, input: string, entry: string): Plugin {
  return {
    name: 'modules-below',
    resolveId(source, importer) {
      const path = isAbsolute(source)
        ? source
        : source.startsWith('.') && importer
          ? resolve(dirname(importer), source)
          : undefined;
      if (path === undefined) return { id: source, external: true };
      return path.startsWith(folder + sep) ? path : { id: path, external: 'relative' };
    },
    load: id => (id === input ? entry : null),
    transform(code, id) {
      return id === input ? null : { code: markAsPure(code, this.parse(code).body), map: null };
    },
  };
}

/**
 * A module of a lesson declares, and does nothing: whatever makes a constant that nobody uses need
 * not be called. The bundler cannot know this of a function from another room.
 */
function markAsPure(code: string, statements: readonly unknown[]): string {
  const calls = new Set<number>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const one of node) visit(one);
    if (!isNode(node) || /Function/.test(node.type)) return;
    if (node.type === 'CallExpression' || node.type === 'NewExpression') calls.add(node.start);
    for (const part of Object.values(node)) visit(part);
  };
  for (const statement of statements.filter(isNode)) {
    const declared = statement['declaration'] ?? statement;
    if (isNode(declared) && declared.type === 'VariableDeclaration') visit(declared);
  }
  return [...calls]
    .sort((a, b) => b - a)
    .reduce((text, at) => `${text.slice(0, at)}/* @__PURE__ */ ${text.slice(at)}`, code);
}

/** A part of a program, as the parser gives it. */
interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [part: string]: unknown;
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

function proveLeftOut({ code, modules }: OutputChunk, without: readonly Export[]): void {
  for (const { module, name } of without) {
    if (modules[module]?.renderedExports.includes(name)) {
      throw new Error(`${module}: ${name} cannot be kept back, for something public uses it`);
    }
  }
  // What makes a constant that is left out would stay as a statement of its own.
  const statements: readonly unknown[] = parseAst(code).body;
  const done = statements
    .filter(isNode)
    .find(({ type }) => !/^(Import|Export|Variable|Function|Class).*Declaration$/.test(type));
  if (done) {
    const text = code.slice(done.start, done.end);
    throw new Error(`a module of a lesson only declares, and this does something: ${text}`);
  }
}
