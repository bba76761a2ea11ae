import { text } from 'node:stream/consumers';
import { type BundleRequest, bundle } from './bundle.js';

/*
 * Builds one program, in a process of its own: started in the sandbox for a program that is not
 * trusted. The compiler reads what a stranger wrote, so it is not run where the grades are.
 * Arguments: the entry and the kit, as they are called there. The rest comes as JSON on standard input.
 * Says `ready` when the compiler has started, then the answer as one line of JSON.
 */

const [entry = '', kit = ''] = process.argv.slice(2);
const asked = JSON.parse(await text(process.stdin)) as Omit<BundleRequest, 'entry' | 'kit'>;
const { transform } = await import('esbuild');
await transform('0');
process.stdout.write('ready\n');
const made = await bundle({ ...asked, entry, kit });
process.stdout.write(`${JSON.stringify(made)}\n`, () => process.exit());
