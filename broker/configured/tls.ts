import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { SecureVersion, TLSSocket, TlsOptions } from 'node:tls';
import { type ListenerConfig, located, type MosquittoConfig } from '../conf/config.js';
import { ConfigError, type FilePosition } from '../conf/position.js';

/** Whether the listener speaks TLS: it has a certificate and a key. */
export function usesTls(listener: ListenerConfig): boolean {
  return listener.certfile !== undefined && listener.keyfile !== undefined;
}

/** The TLS settings of a listener, without its crlfile (see revocation.ts). Throws `ConfigError`, exit code 1, in Mosquitto's words. */
export async function tlsOptions(
  config: MosquittoConfig,
  listener: ListenerConfig,
): Promise<TlsOptions> {
  const { cafile, certfile, keyfile, place } = listener;
  const cert = await pem(
    certfile,
    name => `Unable to load server certificate "${name}". Check certfile.`,
  );
  const key = await pem(
    keyfile,
    name => `Unable to load server key file "${name}". Check keyfile.`,
  );
  const ca = await pem(cafile, name => `Unable to load CA certificates. Check cafile "${name}".`);
  check(certfile, cert, 'certificate', place);
  check(cafile, ca, 'certificate', place);
  if (cert !== undefined && key !== undefined) checkPair(listener, cert, key);
  return {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
    minVersion: version(listener),
    requestCert: listener.requireCertificate,
    rejectUnauthorized: listener.requireCertificate,
  };

  async function pem(
    file: string | undefined,
    complaint: (name: string) => string,
  ): Promise<string | undefined> {
    if (file === undefined) return undefined;
    try {
      return await readFile(located(config, file), 'utf8');
    } catch {
      throw new ConfigError(`Error: ${complaint(file)}`, place, 1);
    }
  }
}

function check(
  file: string | undefined,
  text: string | undefined,
  what: string,
  place: FilePosition | undefined,
): void {
  if (text === undefined) return;
  try {
    new X509Certificate(text);
  } catch {
    throw new ConfigError(`Error: "${file}" holds no ${what} in PEM form.`, place, 1);
  }
}

/** Whether certificate and key belong together: found here, not when the first client comes. */
function checkPair(
  { certfile, keyfile, place }: ListenerConfig,
  certificate: string,
  key: string,
): void {
  let secret: KeyObject;
  try {
    secret = createPrivateKey(key);
  } catch {
    const locked = /ENCRYPTED/.test(key)
      ? ' It is encrypted, and this broker asks for no passphrase.'
      : '';
    throw new ConfigError(
      `Error: Unable to load server key file "${keyfile}". Check keyfile.${locked}`,
      place,
      1,
    );
  }
  if (new X509Certificate(certificate).checkPrivateKey(secret)) return;
  throw new ConfigError(
    `Error: Server certificate/key are inconsistent. "${keyfile}" is not the key of "${certfile}".`,
    place,
    1,
  );
}

function version({ tlsVersion, place }: ListenerConfig): SecureVersion {
  switch (tlsVersion) {
    case undefined:
    case 'tlsv1.2':
      return 'TLSv1.2';
    case 'tlsv1.1':
      return 'TLSv1.1';
    case 'tlsv1.3':
      return 'TLSv1.3';
    default:
      throw new ConfigError(`Error: Unsupported tls_version "${tlsVersion}".`, place, 1);
  }
}

/** The user name a client certificate gives, or `missing` where the listener wants one. */
export function identityOf(
  listener: ListenerConfig,
  socket: TLSSocket,
): { readonly username: string } | 'missing' | undefined {
  if (!listener.useIdentityAsUsername && !listener.useSubjectAsUsername) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return 'missing';
  if (listener.useSubjectAsUsername) {
    // RFC 2253: the most specific part first.
    return { username: certificate.subject.split('\n').reverse().join(',') };
  }
  const name = commonName(socket);
  return name === undefined ? 'missing' : { username: name };
}

export function commonName(socket: TLSSocket): string | undefined {
  const subject = socket.getPeerX509Certificate()?.subject;
  return subject === undefined ? undefined : /^CN=(.+)$/m.exec(subject)?.[1];
}
