import type { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { X509Crl } from '@peculiar/x509';
import { certificateLibrary } from '../certificates.js';
import { type ListenerConfig, located, type MosquittoConfig } from '../conf/config.js';
import { ConfigError } from '../conf/position.js';

/** What a crlfile says of a client's certificate. */
export interface Revocation {
  /** Why the certificate is refused, in OpenSSL's words; undefined: it is not. */
  problem(certificate: X509Certificate): string | undefined;
}

/**
 * Reads the crlfile of a listener. As Mosquitto (X509_V_FLAG_CRL_CHECK), the list of the authority that
 * signed the client's own certificate is asked, and none of those above it. Node's own `crl` asks for a
 * list of every authority in the chain, and so refuses everybody where an intermediate one signs.
 * @throws ConfigError, exit code 1, in Mosquitto's words
 */
export async function loadRevocation(
  config: MosquittoConfig,
  { crlfile, cafile, place }: ListenerConfig,
): Promise<Revocation | undefined> {
  if (crlfile === undefined) return undefined;
  const complaint = `Error: Unable to load certificate revocation file "${crlfile}". Check crlfile.`;
  const x509 = await certificateLibrary();
  const read = (file: string) => readFile(located(config, file), 'utf8');
  const lists: X509Crl[] = await read(crlfile)
    .then(text => blocksOf(text, /(X509 )?CRL/).map(bytes => new x509.X509Crl(bytes)))
    .catch(() => []);
  if (lists.length === 0) throw new ConfigError(complaint, place, 1);
  // A cafile that cannot be read is told where TLS is set up.
  const text = cafile === undefined ? '' : await read(cafile).catch(() => '');
  const authorities = blocksOf(text, /CERTIFICATE/).map(bytes => new x509.X509Certificate(bytes));
  const trusted: X509Crl[] = [];
  for (const list of lists) {
    for (const authority of authorities) {
      if (authority.subject !== list.issuer) continue;
      if (await list.verify({ publicKey: authority }).catch(() => false)) trusted.push(list);
    }
  }
  return {
    problem(certificate) {
      const client = new x509.X509Certificate(certificate.raw);
      const mine = trusted.filter(list => list.issuer === client.issuer);
      if (mine.length === 0) return 'unable to get certificate CRL';
      const now = new Date();
      if (mine.every(list => list.nextUpdate !== undefined && list.nextUpdate < now)) {
        return 'CRL has expired';
      }
      const revoked = mine.some(list => list.findRevoked(client.serialNumber) !== null);
      return revoked ? 'certificate revoked' : undefined;
    },
  };
}

/** Why the certificate on a socket is refused; undefined where it is not, or none is asked for. */
export function refusedCertificate(
  { requireCertificate }: ListenerConfig,
  revocation: Revocation | undefined,
  socket: Socket,
): string | undefined {
  if (revocation === undefined || !requireCertificate || !('getPeerX509Certificate' in socket)) {
    return undefined;
  }
  const certificate = (socket as TLSSocket).getPeerX509Certificate();
  return certificate === undefined ? undefined : revocation.problem(certificate);
}

/** The PEM blocks of one kind in a text, as bytes. */
function blocksOf(text: string, kind: RegExp): Buffer[] {
  const block = new RegExp(`-----BEGIN ${kind.source}-----([^-]+)-----END`, 'g');
  return [...text.matchAll(block)].map(found => Buffer.from(found.at(-1) ?? '', 'base64'));
}
