/**
 * Makes `dist/vendor/mqtt.mjs`: the client library of the TypeScript track in one file, with V8's
 * compiled code beside it. A check starts the learner's program several times, and reading two
 * hundred small files is most of what a start costs. Beside it go the two files that keep a Node and
 * a Python ready for programs that are not there yet.
 */
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));

/** @param {string} folder where to put the files */
export async function vendorMqtt(folder) {
  const old = existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.cache')) : [];
  for (const name of old) rmSync(join(folder, name));
  await build({
    entryPoints: [require.resolve('mqtt')],
    outfile: join(folder, 'mqtt.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.12',
    // Optional native speed-ups of ws: it looks for them, and does without.
    external: ['bufferutil', 'utf-8-validate'],
    legalComments: 'inline',
    logLevel: 'warning',
  });
  const names = Object.keys(require('mqtt')).filter(name => name !== 'default');
  writeFileSync(
    join(folder, 'mqtt.mjs'),
    `import { readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const file = fileURLToPath(new URL('./mqtt.cjs', import.meta.url));
const cache = fileURLToPath(new URL(\`./mqtt-\${process.version}-\${process.arch}.cache\`, import.meta.url));
let cachedData;
try {
  cachedData = readFileSync(cache);
} catch {
  // Not made yet for this Node: slower, not different.
}
export const script = new Script(Module.wrap(readFileSync(file, 'utf8')), { filename: file, cachedData });
export const cacheFile = script.cachedDataRejected !== false ? cache : undefined;
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(import.meta.url), module, file, dirname(file));
const mqtt = module.exports.default ?? module.exports;
export default mqtt;
export const { ${names.join(', ')} } = module.exports;
`,
  );
  for (const name of ['make-cache.mjs', 'warm.mjs', 'fork-server.py']) {
    copyFileSync(join(here, 'vendor', name), join(folder, name));
  }
}

/** Libraries of which a command loads a hundred small files: each becomes one file beside them. */
const gathered = ['execa', 'zod'];

/**
 * Makes `dist/vendor/NAME.mjs` of some libraries, and has the built files of the course load those.
 * @param {string} dist the built course
 * @param {readonly string[]} files the built files, relative to `dist`
 */
export async function gatherLibraries(dist, files) {
  for (const name of gathered) {
    await build({
      stdin: { contents: `export * from '${name}';`, resolveDir: here },
      outfile: join(dist, 'vendor', `${name}.mjs`),
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20.12',
      minifyWhitespace: true,
      legalComments: 'inline',
      logLevel: 'warning',
      banner: {
        js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
      },
    });
  }
  const wanted = new RegExp(`(from |import\\()"(${gathered.join('|')})"`, 'g');
  for (const file of files) {
    const path = join(dist, file);
    const text = readFileSync(path, 'utf8');
    const up = relative(dirname(path), join(dist, 'vendor')).split(sep).join('/');
    const changed = text.replace(wanted, (_, how, name) => `${how}"${up}/${name}.mjs"`);
    if (changed !== text) writeFileSync(path, changed);
  }
}
