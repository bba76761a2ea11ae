/** Who imports whom, as the sources say it. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

export interface Import {
  /** Paths from the root of the project. */
  readonly from: string;
  readonly to: string;
  /** A type leaves nothing behind when the program runs; a dynamic import runs later. */
  readonly kind: 'static' | 'dynamic' | 'type';
}

/** The TypeScript files below some folders, from the root of the project. */
export function sourcesOf(root: string, folders: readonly string[], leftOut: RegExp): string[] {
  return folders.flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map(name => `${folder}/${name.replaceAll('\\', '/')}`)
      .filter(path => path.endsWith('.ts') && !leftOut.test(path)),
  );
}

function bringsTypesOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  const clause = ts.isImportDeclaration(node) ? node.importClause : node;
  if (clause?.isTypeOnly) return true;
  const named = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause;
  if (!named || !(ts.isNamedImports(named) || ts.isNamedExports(named))) return false;
  if (ts.isImportDeclaration(node) && node.importClause?.name) return false;
  return named.elements.length > 0 && [...named.elements].every(one => one.isTypeOnly);
}

/** The relative imports of one text. A module whose path is computed is not seen. */
export function importsIn(path: string, text: string): Import[] {
  const found: Import[] = [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const add = (specifier: ts.Node | undefined, kind: Import['kind']) => {
    if (!specifier || !ts.isStringLiteralLike(specifier) || !specifier.text.startsWith('.')) return;
    const to = normalize(join(dirname(path), specifier.text)).replace(/\.js$/, '.ts');
    found.push({ from: path, to, kind });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, bringsTypesOnly(node) ? 'type' : 'static');
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], 'dynamic');
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, 'type');
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

export function importsOf(root: string, paths: readonly string[]): Import[] {
  return paths.flatMap(path => importsIn(path, readFileSync(join(root, path), 'utf8')));
}

/** Groups of files each of which reaches every other; each group sorted (Tarjan's algorithm). */
export function circles(imports: readonly Pick<Import, 'from' | 'to'>[]): string[][] {
  const next = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    if (!next.has(from)) next.set(from, new Set());
    next.get(from)?.add(to);
  }
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];
  const open = new Set<string>();
  const found: string[][] = [];
  const visit = (file: string): number => {
    const mine = order.size;
    order.set(file, mine);
    path.push(file);
    open.add(file);
    let low = mine;
    for (const other of next.get(file) ?? []) {
      if (!order.has(other)) low = Math.min(low, visit(other));
      else if (open.has(other)) low = Math.min(low, lowest.get(other) ?? order.get(other) ?? low);
      lowest.set(file, low);
    }
    lowest.set(file, low);
    if (low === mine) {
      const group = path.splice(path.indexOf(file));
      for (const one of group) open.delete(one);
      if (group.length > 1 || next.get(file)?.has(file)) found.push(group.sort());
    }
    return low;
  };
  for (const file of next.keys()) if (!order.has(file)) visit(file);
  return found;
}
