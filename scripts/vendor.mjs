/**
 * Makes `dist/vendor/mqtt.mjs`: the client library of the TypeScript track in one file, with V8's
 * compiled code beside it. A check starts the learner's program several times, and reading two
 * hundred small files is most of what a start costs.
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);

/** @param {string} folder where to put the files */
export async function vendorMqtt(folder) {
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
  writeFileSync(
    join(folder, 'make-cache.mjs'),
    `import { renameSync, writeFileSync } from 'node:fs';
import { cacheFile, script } from './mqtt.mjs';

if (cacheFile) {
  const temporary = \`\${cacheFile}.\${process.pid}\`;
  writeFileSync(temporary, script.createCachedData());
  renameSync(temporary, cacheFile);
}
`,
  );
}
