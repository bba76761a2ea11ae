import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { IssueOptions, KeyPair } from '../../broker/certificates.js';
import { forbiddenName } from '../../course/system/index.js';

interface CertsFlags {
  dir: string;
  client?: string[];
  lab?: boolean;
  force?: boolean;
  json?: boolean;
}

/** Adds `certs`: an authority and the certificates the TLS lessons need. */
export function registerCerts(program: Command): void {
  program
    .command('certs')
    .summary('make a certificate authority and certificates for the TLS lessons')
    .description(
      'Makes ca.crt, server.crt and server.key (for localhost and 127.0.0.1), and what else is asked for.\n' +
        'An authority that is there already is used again.',
    )
    .option('-d, --dir <folder>', 'where to put them', 'certs')
    .option('--client <name...>', 'also a client certificate with this common name')
    .option(
      '--lab',
      'also the wrong ones: expired, another name, common name only, revoked (crl.pem)',
    )
    .option('-f, --force', 'replace what is there, the authority too')
    .option('--json', 'say as JSON which files were written')
    .addHelpText(
      'after',
      '\nExamples:\n  mqtt-course certs\n  mqtt-course certs --client press-3 --dir tls\n',
    )
    .action(async (flags: CertsFlags) => {
      process.exitCode = await run(flags);
    });
}

const HERE = ['localhost', '127.0.0.1', '::1'];

async function run(flags: CertsFlags): Promise<number> {
  const bad = flags.client?.find(name => !/^[A-Za-z0-9][A-Za-z0-9 ._@-]*$/.test(name));
  if (bad !== undefined) {
    process.stderr.write(`"${bad}" cannot be a file name. Use letters, digits, . _ @ and -.\n`);
    return 2;
  }
  const device = flags.client?.find(name => forbiddenName(`${name}.crt`));
  if (device !== undefined) {
    process.stderr.write(`"${device}" is the name of a device on Windows. Choose another name.\n`);
    return 2;
  }
  const { dir } = flags;
  const written: string[] = [];
  const kept: string[] = [];
  let replace = flags.force === true;

  async function put(name: string, text: string, mode: number): Promise<void> {
    // A file that is there would keep its looser rights.
    await rm(join(dir, name), { force: true });
    await writeFile(join(dir, name), text, { mode });
    written.push(join(dir, name));
  }
  async function pair(name: string, make: () => Promise<KeyPair>): Promise<KeyPair> {
    const certificate = join(dir, `${name}.crt`);
    const key = join(dir, `${name}.key`);
    if (!replace && existsSync(certificate) && existsSync(key)) {
      kept.push(certificate, key);
      return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') };
    }
    const made = await make();
    await put(`${name}.key`, made.key, 0o600);
    await put(`${name}.crt`, made.certificate, 0o644);
    return made;
  }

  try {
    await mkdir(dir, { recursive: true });
    const { createAuthority, openAuthority } = await import('../../broker/certificates.js');
    const own = await pair('ca', () => createAuthority('mqtt-course lab CA'));
    // Certificates of an older authority are of no use under a new one.
    replace ||= kept.length === 0;
    const authority = await openAuthority(own);
    const issue = (name: string, options: IssueOptions): Promise<KeyPair> =>
      pair(name, () => authority.issue(options));

    await issue('server', { commonName: 'localhost', use: 'server', names: HERE });
    for (const name of flags.client ?? []) await issue(name, { commonName: name, use: 'client' });
    if (flags.lab === true) {
      await issue('expired', { commonName: 'localhost', use: 'server', names: HERE, days: -2 });
      const elsewhere = ['broker.example', '192.0.2.1'];
      await issue('wrong-name', { commonName: 'broker.example', use: 'server', names: elsewhere });
      await issue('cn-only', { commonName: 'localhost', use: 'server' });
      const revoked = await issue('revoked', { commonName: 'revoked', use: 'client' });
      await put('crl.pem', await authority.revoke([revoked.certificate]), 0o644);
    }
  } catch (error) {
    process.stderr.write(`The certificates cannot be written: ${(error as Error).message}\n`);
    return 1;
  }
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify({ written, kept })}\n`);
    return 0;
  }
  for (const file of written) process.stdout.write(`written  ${file}\n`);
  for (const file of kept) process.stdout.write(`kept     ${file} (replace: -f)\n`);
  return 0;
}
