/**
 * Makes `dist/vendor/mqtt.mjs`: the client library of the TypeScript track in one file, with V8's
 * compiled code beside it. A check starts the learner's program several times, and reading two
 * hundred small files is most of what a start costs. Beside it go the two files that keep a Node and
 * a Python ready for programs that are not there yet, and the one that ends what programs left.
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
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { makeClientPackage } from './client-package.mjs';
// One of the libraries asks for it as soon as it is loaded.
import 'reflect-metadata';

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));

/**
 * What libraries do at once and few programs need, done when it is needed: WebSockets, proxies and
 * web workers of the client; and with the first packet, a buffer for each number of two bytes, which
 * takes longer than all else in a start. And the streams of Node in place of a copy of them, as the
 * copy itself offers with READABLE_STREAM=disable.
 */
const early = [
  [
    /mqtt[\\/]build[\\/]lib[\\/]get-timer\.js$/,
    'const worker_timers_1 = require("worker-timers");',
    `const worker_timers_1 = {
      setInterval: (...args) => require("worker-timers").setInterval(...args),
      clearInterval: id => require("worker-timers").clearInterval(id),
    };`,
  ],
  [
    /mqtt[\\/]build[\\/]lib[\\/]connect[\\/](tcp|tls)\.js$/,
    'const socks_1 = __importDefault(require("./socks"));',
    'const socks_1 = { default: (...args) => __importDefault(require("./socks")).default(...args) };',
  ],
  [
    /mqtt[\\/]build[\\/]lib[\\/]connect[\\/]index\.js$/,
    "= require('./ws').streamBuilder;",
    "= (...args) => require('./ws').streamBuilder(...args);",
  ],
  [
    /readable-stream[\\/]lib[\\/]ours[\\/]index\.js$/,
    "if (Stream && process.env.READABLE_STREAM === 'disable')",
    'if (true)',
  ],
  [
    /mqtt-packet[\\/]numbers\.js$/,
    'function generateCache () {',
    'function generateCache () {\n  return',
  ],
  [
    /mqtt-packet[\\/]writeToStream\.js$/,
    'return stream.write(numCache[number])',
    'return stream.write(numCache[number] ??= generateNumber(number))',
  ],
];

const whenNeeded = {
  name: 'when-needed',
  setup(build) {
    build.onLoad({ filter: /(mqtt|mqtt-packet|readable-stream)[\\/].*\.js$/ }, ({ path }) => {
      const change = early.find(([file]) => file.test(path));
      if (!change) return undefined;
      const [, before, after] = change;
      const text = readFileSync(path, 'utf8');
      if (!text.includes(before)) throw new Error(`${path} does not say any more: ${before}`);
      return { contents: text.replaceAll(before, after), loader: 'js' };
    });
  },
};

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
    plugins: [whenNeeded],
    // Half as much to read at each start. Node shows the line in which an exception was thrown.
    minifyWhitespace: true,
    lineLimit: 120,
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
// A library's deprecated call is not the program's: Node is silent about one in node_modules, too.
const { emitWarning } = process;
process.emitWarning = function (warning, ...more) {
  const type = warning?.name ?? more[0]?.type ?? more[0];
  if (type === 'DeprecationWarning') {
    const caller = new Error().stack.split('\\n').slice(2).find(line => !line.includes('node:'));
    if (caller?.includes(file)) return;
  }
  return Reflect.apply(emitWarning, this, [warning, ...more]);
};
export const cacheFile = script.cachedDataRejected !== false ? cache : undefined;
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(import.meta.url), module, file, dirname(file));
const mqtt = module.exports.default ?? module.exports;
export default mqtt;
export const { ${names.join(', ')} } = module.exports;
`,
  );
  makeClientPackage(folder, names);
  for (const name of ['make-cache.mjs', 'warm.mjs', 'fork-server.py', 'leftovers.mjs']) {
    copyFileSync(join(here, 'vendor', name), join(folder, name));
  }
}

/**
 * Libraries that stay packages of their own: Vitest, which runs the hidden tests, with those that it
 * and the learner's TypeScript need. Each of the others becomes one file: a command does not load a
 * hundred small ones, and nobody downloads what is not used.
 */
const packages = /^(vitest|vite|esbuild|rollup)(\/|$)/;
/** Made above, in another way, and whole. */
const whole = new Set(['mqtt']);

/** A bare import, as esbuild prints it. */
const BARE = /(?:\bfrom |\bimport\(|\bimport )"((?!node:)[@a-z][^"]*)"/g;

/** The file that stands for a library: `csv-parse/sync` is `csv-parse-sync.mjs`. */
const fileOf = name => `${name.replace('@', '').replaceAll('/', '-')}.mjs`;

/** `z` holds the whole of zod: of it, too, only what is used. */
function zodOf(sources) {
  const members = sources.flatMap(text => text.match(/\bz\.[$\w]+/g) ?? []);
  const object = [...new Set(members)].map(one => `${one.slice(2)}: all.${one.slice(2)}`);
  return `{ ${object.join(', ')} }`;
}

/**
 * The part of a library that the course uses, as the source of a module.
 * @param {string} name @param {readonly string[]} sources what the course's built files say
 */
async function usedOf(name, sources) {
  const uses = [
    `import (?:\\w+, )?\\{([^}]*)\\} from "${name}"`,
    `import \\w+ from "${name}"`,
    `const \\{([^}]*)\\} = await import\\("${name}"\\)`,
    `import\\("${name}"\\)\\.then\\(\\s*\\(\\{([^}]*)\\}\\)`,
  ].flatMap(way =>
    sources.flatMap(text =>
      [...text.matchAll(new RegExp(way, 'g'))].map(match => ({ text, match })),
    ),
  );
  const said = sources.flatMap(
    text => text.match(new RegExp(`(from |import\\()"${name}"`, 'g')) ?? [],
  );
  // Taken as a whole, or for what it does to the globals; and what a learner's program may import, too.
  // By name: what CommonJS exports is not known to whoever reads its text.
  if (said.length !== uses.length || name === 'mqtt-packet') {
    const all = Object.keys(await import(name)).filter(one => /^(?!default$)[$\w]+$/.test(one));
    return `import * as all from '${name}'; export const { ${all.join(', ')} } = all; export default all.default;`;
  }
  const names = uses
    .flatMap(({ match }) => match[1]?.split(',') ?? [])
    .map(one => one.split(' as ')[0].trim());
  const lines = [`import * as all from '${name}';`];
  for (const one of new Set(names.filter(one => one !== ''))) {
    lines.push(
      `export const ${one} = ${one === 'z' ? zodOf(uses.map(({ text }) => text)) : `all.${one}`};`,
    );
  }
  if (uses.some(({ match }) => /^import \w/.test(match[0]))) {
    lines.push('export default all.default;');
  }
  return lines.join('\n');
}

/**
 * Makes `dist/vendor/NAME.mjs` of some libraries, and has the built files of the course load those.
 * @param {string} dist the built course
 * @param {readonly string[]} files the built files, relative to `dist`
 */
export async function gatherLibraries(dist, files) {
  const texts = new Map(files.map(file => [file, readFileSync(join(dist, file), 'utf8')]));
  const names = [...texts.values()].flatMap(text => [...text.matchAll(BARE)].map(one => one[1]));
  const gathered = [...new Set(names)]
    .filter(name => !packages.test(name) && !whole.has(name))
    .sort();
  const inputs = new Set();
  for (const name of gathered) {
    const { metafile } = await build({
      stdin: { contents: await usedOf(name, [...texts.values()]), resolveDir: here },
      outfile: join(dist, 'vendor', fileOf(name)),
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20.12',
      minifyWhitespace: true,
      minifySyntax: true,
      legalComments: 'inline',
      logLevel: 'error',
      metafile: true,
      plugins: [whenNeeded],
      banner: {
        js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
      },
    });
    for (const path of Object.keys(metafile.inputs)) inputs.add(resolve(path));
  }
  writeFileSync(join(dist, 'vendor', 'LICENSES.txt'), licenses(inputs));
  for (const [file, text] of texts) {
    const up = relative(dirname(join(dist, file)), join(dist, 'vendor'))
      .split(sep)
      .join('/');
    const changed = text.replace(BARE, (all, name) =>
      packages.test(name) ? all : all.replace(`"${name}"`, `"${up}/${fileOf(name)}"`),
    );
    if (changed !== text) writeFileSync(join(dist, file), changed);
  }
}

/** The licences of the packages that the gathered files are made of. */
function licenses(inputs) {
  const folders = new Map();
  for (const path of inputs) {
    const [, folder, name] =
      /^(.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+))/.exec(path) ?? [];
    if (folder) folders.set(name.replaceAll('\\', '/'), folder);
  }
  return [...folders]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, folder]) => {
      const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find(one => /^licen[cs]e/i.test(one));
      const text = file ? readFileSync(join(folder, file), 'utf8').trim() : '';
      return `${name} ${version} (${license})\n\n${text}\n`;
    })
    .join('\n----\n\n');
}
