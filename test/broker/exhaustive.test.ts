import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const protocol = join(root, 'broker/protocol');

/** What the compiler says of a file of broker/protocol, with one change made to another. */
function errorsIn(file: string, changed: string, from: string, to: string): string[] {
  const text = readFileSync(join(protocol, changed), 'utf8');
  expect(text, `${changed} no longer has what this test changes`).toContain(from);
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const read = host.readFile.bind(host);
  host.readFile = path =>
    path.endsWith(`broker/protocol/${changed}`) ? text.replace(from, to) : read(path);
  const program = ts.createProgram([join(protocol, file)], options, host);
  return program
    .getSemanticDiagnostics(program.getSourceFile(join(protocol, file)))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

it('a packet type that no handler takes does not compile', { timeout: 60_000 }, () => {
  const bare = "readonly type: 'pingreq'";
  const errors = errorsIn('handlers/index.ts', 'inbound.ts', bare, `${bare} | 'auth'`);
  expect(errors).toEqual([expect.stringContaining("not assignable to parameter of type 'never'")]);
  expect(errorsIn('handlers/index.ts', 'inbound.ts', bare, bare)).toEqual([]);
});

it('a protocol version that nothing encodes does not compile', { timeout: 60_000 }, () => {
  const version = 'export type ProtocolVersion = 3 | 4 | 5;';
  const errors = errorsIn('encode.ts', 'inbound.ts', version, version.replace('5;', '5 | 6;'));
  expect(errors).toEqual([expect.stringContaining("Property '6' is missing")]);
});
