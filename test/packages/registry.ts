/**
 * A package registry on loopback that has what `package-lock.json` names, in these versions, made of
 * what is installed here. So every package manager can be tried without the internet. What is not
 * installed here (another system's binaries) is there by name, and empty.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { packageRoot } from '../../course/index.js';

interface Locked {
  readonly version: string;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly [field: string]: unknown;
}

export interface Registry {
  readonly url: string;
  /** From now on nothing is answered. */
  close(): Promise<void>;
}

export async function openRegistry(): Promise<Registry> {
  const lock = JSON.parse(readFileSync(join(packageRoot(), 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  const packages = new Map<string, Map<string, string>>();
  for (const [place, one] of Object.entries(lock.packages)) {
    if (place === '') continue;
    const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const versions = packages.get(name) ?? new Map<string, string>();
    packages.set(name, versions.set(one.version, place));
  }
  const made = mkdtempSync(join(tmpdir(), 'registry-'));
  const tarballs = new Map<string, Promise<Buffer>>();
  const tarballOf = (place: string) => {
    const known = tarballs.get(place) ?? pack(place, lock.packages[place], made);
    tarballs.set(place, known);
    return known;
  };

  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname).slice(1);
    const [name = '', version] = path.split('/-/');
    const versions = packages.get(name);
    const place = version === undefined ? undefined : versions?.get(version.replace(/\.tgz$/, ''));
    if (place !== undefined) return void response.end(await tarballOf(place));
    if (!versions || version !== undefined) return void response.writeHead(404).end('{}');
    const list = [...versions].map(async ([one, where]) => {
      const { integrity: _, resolved: __, dev, ...rest } = lock.packages[where] ?? { version: one };
      const at = `${address()}/${name}/-/${one}.tgz`;
      // What only the course's own tests need is named, and packed when somebody wants it.
      const dist = { tarball: at, ...(dev ? {} : sums(await tarballOf(where))) };
      return [one, { name, ...rest, ...manifestOf(where), version: one, dist }] as const;
    });
    const latest = [...versions.keys()][0];
    const body = {
      name,
      // Old enough for whoever waits some days with what is new.
      time: Object.fromEntries([...versions.keys()].map(one => [one, '2020-01-01T00:00:00.000Z'])),
      'dist-tags': { latest },
      versions: Object.fromEntries(await Promise.all(list)),
    };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: address(),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function sums(tarball: Buffer) {
  const sum = (kind: string, as: 'base64' | 'hex') => createHash(kind).update(tarball).digest(as);
  return { integrity: `sha512-${sum('sha512', 'base64')}`, shasum: sum('sha1', 'hex') };
}

function manifestOf(place: string): Record<string, unknown> {
  const file = join(packageRoot(), place, 'package.json');
  if (!existsSync(file)) return {};
  const {
    dependencies,
    optionalDependencies,
    peerDependencies,
    peerDependenciesMeta,
    bin,
    os,
    cpu,
  } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const all = {
    dependencies,
    optionalDependencies,
    peerDependencies,
    peerDependenciesMeta,
    bin,
    os,
    cpu,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** A package as `npm pack` makes it: one folder `package`. */
async function pack(place: string, locked: Locked | undefined, made: string): Promise<Buffer> {
  let cwd = join(packageRoot(), place);
  if (!existsSync(cwd)) {
    cwd = join(made, place.replaceAll('/', '_'));
    mkdirSync(cwd, { recursive: true });
    const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
    writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name, ...locked }));
  }
  cwd = withoutScripts(cwd, join(made, place.replaceAll('/', '_')));
  const chunks: Buffer[] = [];
  const own = join(cwd, 'node_modules');
  const stream = create(
    {
      cwd,
      gzip: true,
      portable: true,
      prefix: 'package',
      filter: path => !join(cwd, path).startsWith(own),
    },
    ['.'],
  );
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** What is installed here has run its scripts, which change a package: they would not run twice. */
function withoutScripts(folder: string, copy: string): string {
  const file = join(folder, 'package.json');
  const { scripts, ...rest } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const runs = Object.keys(scripts ?? {}).some(name => /install$/.test(name));
  if (!runs) return folder;
  cpSync(folder, copy, { recursive: true });
  writeFileSync(join(copy, 'package.json'), JSON.stringify(rest));
  return copy;
}
