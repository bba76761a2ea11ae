import { mkdtempSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority, type KeyPair } from '../../../broker/certificates.js';
import { scratchFolder } from '../../program/scratch.js';

/** The servers of this lesson, and the two authorities as files. */
export interface Certificates {
  /** PEM of the authority of the house, and where it lies on disk. */
  readonly ca: string;
  readonly caFile: string;
  readonly otherCaFile: string;
  readonly server: Readonly<Record<ServerKind, KeyPair>>;
}

/** `other`: right in every way, but of the other authority. */
export type ServerKind = 'good' | 'other' | 'wrong-name' | 'expired';

let made: Promise<Certificates> | undefined;

/** Made once in a process; the files go with its other short-lived files. */
export function certificates(): Promise<Certificates> {
  made ??= make();
  return made;
}

async function make(): Promise<Certificates> {
  const folder = mkdtempSync(join(scratchFolder(), 'mqtt-course-certificates-'));
  const here = { commonName: 'localhost', use: 'server', names: ['localhost'] } as const;
  // Both authorities have the same name: only the signature tells them apart.
  const [house, stranger] = await Promise.all([
    createAuthority('house CA'),
    createAuthority('house CA'),
  ]);
  const [good, other, wrongName, expired] = await Promise.all([
    house.issue(here),
    stranger.issue(here),
    house.issue({ commonName: 'press-3.example', use: 'server', names: ['press-3.example'] }),
    house.issue({ ...here, days: -2 }),
  ]);
  const caFile = join(folder, 'ca.crt');
  const otherCaFile = join(folder, 'other-ca.crt');
  await writeFile(caFile, house.certificate);
  await writeFile(otherCaFile, stranger.certificate);
  const server = { good, other, 'wrong-name': wrongName, expired };
  return { ca: house.certificate, caFile, otherCaFile, server };
}
