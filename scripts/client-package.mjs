/**
 * Makes `dist/vendor/mqtt/`: the package `mqtt` as a learner's folder sees it. What it runs is the one
 * file that checks run (`dist/vendor/mqtt.cjs`), and its types are those of mqtt.js, so an editor shows
 * the same help. The forty packages below mqtt.js are in that file: nobody has to install them.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';

const require = createRequire(import.meta.url);

/** Where the types of mqtt.js import types of other packages, and where these are here. */
const TYPES = {
  // Streams of Node, as the one file has them: see `vendor.mjs`.
  'readable-stream': { from: 'node:stream' },
  'mqtt-packet': { file: 'mqtt-packet.d.ts' },
  ws: { file: 'ws.d.ts' },
  'worker-timers': { file: 'worker-timers.d.ts' },
};

/** A bare import in a file of types. */
const BARE = /(\bfrom |\bimport\()(['"])((?!\.|node:)[^'"]+)\2/g;

const built = name => dirname(require.resolve(`${name}/package.json`));

/** @param {string} vendor `dist/vendor` @param {readonly string[]} names what mqtt.js exports */
export function makeClientPackage(vendor, names) {
  const source = built('mqtt');
  const folder = join(vendor, 'mqtt');
  rmSync(folder, { recursive: true, force: true });
  const types = join(folder, 'types');
  mkdirSync(types, { recursive: true });
  const used = new Set();
  for (const file of readdirSync(join(source, 'build'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.d.ts')) continue;
    const up = relative(dirname(file), '.').split(sep).join('/') || '.';
    const text = readFileSync(join(source, 'build', file), 'utf8').replace(
      BARE,
      (all, before, quote, name) => {
        const known = TYPES[name];
        if (!known) {
          // What Node brings has its types from @types/node.
          if (NODE.has(name)) return all;
          throw new Error(
            `the types of mqtt.js ask for ${name}: say in scripts/client-package.mjs where it is`,
          );
        }
        used.add(name);
        const to = known.from ?? `${up}/packages/${known.file.replace(/\.d\.ts$/, '')}`;
        return `${before}${quote}${to}${quote}`;
      },
    );
    mkdirSync(dirname(join(types, file)), { recursive: true });
    writeFileSync(join(types, file), text);
  }
  const packages = join(types, 'packages');
  mkdirSync(packages);
  cpSync(join(built('mqtt-packet'), 'types', 'index.d.ts'), join(packages, 'mqtt-packet.d.ts'));
  cpSync(join(built('@types/ws'), 'index.d.ts'), join(packages, 'ws.d.ts'));
  writeFileSync(
    join(packages, 'worker-timers.d.ts'),
    `export declare const clearInterval: (timerId: number) => void;
export declare const setInterval: (func: (...args: unknown[]) => unknown, delay?: number, ...args: unknown[]) => number;
`,
  );
  for (const name of Object.keys(TYPES)) {
    if (!used.has(name)) throw new Error(`the types of mqtt.js do not ask for ${name} any more`);
  }
  const { version, license, description } = JSON.parse(
    readFileSync(join(source, 'package.json'), 'utf8'),
  );
  write(folder, {
    'package.json': `${JSON.stringify(
      {
        name: 'mqtt',
        version,
        description,
        license,
        exports: {
          '.': {
            types: './types/index.d.ts',
            import: './index.mjs',
            default: './index.cjs',
          },
          './package.json': './package.json',
        },
        types: './types/index.d.ts',
      },
      null,
      2,
    )}\n`,
    'index.mjs': `export { default, ${names.join(', ')} } from '../mqtt.mjs';\n`,
    'index.cjs': "module.exports = require('../mqtt.cjs');\n",
    'LICENSE.md': readFileSync(join(source, 'LICENSE.md'), 'utf8'),
  });
}

const NODE = new Set(['events', 'http', 'https', 'net', 'stream', 'tls', 'url', 'zlib']);

function write(folder, files) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}
