import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../course/index.js';

const dist = join(packageRoot(), 'dist');
const IMPORT =
  /(?:import (?:(\w+), )?(?:\{([^}]*)\} |(\w+) |\* as \w+ )from |const (?:\{([^}]*)\}|\w+) = await import\()"(\.[^"]*vendor\/[^"]+)"/g;

/** What each built file wants of the libraries that are gathered. */
const wanted = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.js'))
  .flatMap(name =>
    [...readFileSync(join(dist, name), 'utf8').matchAll(IMPORT)].map(
      ([, both, named, only, late, specifier = '']) => ({
        file: name,
        library: resolve(dirname(join(dist, name)), specifier),
        names: [
          ...(both || only ? ['default'] : []),
          ...(named ?? late ?? '').split(',').map(one => one.split(/ as |:/)[0]?.trim() ?? ''),
        ].filter(one => one !== ''),
      }),
    ),
  );

// One of them asks for it as soon as it is loaded.
beforeAll(() => import(pathToFileURL(join(dist, 'vendor', 'reflect-metadata.mjs')).href));

test('a gathered library has every name that the course takes from it', async () => {
  expect(wanted.length).toBeGreaterThan(40);
  const missing: string[] = [];
  for (const { file, library, names } of wanted) {
    const module = (await import(pathToFileURL(library).href)) as Record<string, unknown>;
    for (const name of names) if (module[name] === undefined) missing.push(`${file}: ${name}`);
  }
  expect(missing).toEqual([]);
});

test('a library that is taken as a whole is whole', async () => {
  const x509 = (await import(
    pathToFileURL(join(dist, 'vendor', 'peculiar-x509.mjs')).href
  )) as Record<string, unknown>;
  expect(x509['cryptoProvider']).toBeDefined();
  expect(x509['X509CertificateGenerator']).toBeDefined();
});

test('nothing is asked for at run time but what package.json says', () => {
  const { dependencies } = JSON.parse(
    readFileSync(join(packageRoot(), 'package.json'), 'utf8'),
  ) as { dependencies: Record<string, string> };
  const bare = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.js') && !name.startsWith('vendor'))
    .flatMap(name =>
      [
        ...readFileSync(join(dist, name), 'utf8').matchAll(
          /(?:\bfrom |\bimport\(|^import )"((?!node:)[@a-z][^"]*)"/gm,
        ),
      ].map(([, specifier = '']) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier),
    );
  expect([...new Set(bare)].filter(name => !(name in dependencies))).toEqual([]);
});

test('the licences of what was gathered come with it', () => {
  const text = readFileSync(join(dist, 'vendor', 'LICENSES.txt'), 'utf8');
  for (const name of ['aedes', 'commander', 'markdown-it', 'execa', 'zod', '@clack/prompts'])
    expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+.*\\(\\w`, 'm'));
});
