import { webcrypto } from 'node:crypto';

/** A certificate and its private key, PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface IssueOptions {
  readonly commonName: string;
  readonly use: 'server' | 'client';
  /** DNS names and IP addresses for subjectAltName. None: the certificate has only its common name. */
  readonly names?: readonly string[];
  /** Days from now until it ends; negative: it ended that long ago. Default 365. */
  readonly days?: number;
}

/** A certificate authority that can issue and revoke. */
export interface Authority extends KeyPair {
  issue(options: IssueOptions): Promise<KeyPair>;
  /** A certificate revocation list (PEM, `X509 CRL`) with these certificates on it. */
  revoke(certificates: readonly string[]): Promise<string>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY = 86_400_000;

/** The library that reads and makes certificates; loaded where one is needed. */
export async function certificateLibrary() {
  // tsyringe, inside the library, asks for this global at import.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto);
  return x509;
}

/** Makes a new authority; EC keys (P-256). */
export async function createAuthority(commonName: string, days = 3650): Promise<Authority> {
  const x509 = await certificateLibrary();
  const keys = await newKeys();
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: nameOf(commonName),
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + days * DAY),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return authority(own.toString('pem'), await privateKey(keys.privateKey), keys.privateKey);
}

/** Takes an authority up again from its files. */
export async function openAuthority({ certificate, key }: KeyPair): Promise<Authority> {
  const body = Buffer.from(key.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const signing = await webcrypto.subtle.importKey('pkcs8', body, ALGORITHM, true, ['sign']);
  return authority(certificate, key, signing);
}

async function authority(
  certificate: string,
  key: string,
  signing: webcrypto.CryptoKey,
): Promise<Authority> {
  const x509 = await certificateLibrary();
  const ca = new x509.X509Certificate(certificate);
  return {
    certificate,
    key,
    async issue({ commonName, use, names = [], days = 365 }) {
      const keys = await newKeys();
      const end = Date.now() + days * DAY;
      const made = await x509.X509CertificateGenerator.create({
        serialNumber: serial(),
        subject: nameOf(commonName),
        issuer: ca.subject,
        notBefore: new Date(Math.min(Date.now(), end) - DAY),
        notAfter: new Date(end),
        publicKey: keys.publicKey,
        signingKey: signing,
        signingAlgorithm: ALGORITHM,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([
            use === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
          ]),
          await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
          ...(names.length === 0
            ? []
            : [
                new x509.SubjectAlternativeNameExtension(
                  names.map(value => ({ type: isAddress(value) ? 'ip' : 'dns', value })),
                ),
              ]),
        ],
      });
      return { certificate: made.toString('pem'), key: await privateKey(keys.privateKey) };
    },
    async revoke(certificates) {
      const list = await x509.X509CrlGenerator.create({
        issuer: ca.subject,
        thisUpdate: new Date(Date.now() - DAY),
        nextUpdate: new Date(Date.now() + 365 * DAY),
        entries: certificates.map(pem => ({
          serialNumber: new x509.X509Certificate(pem).serialNumber,
          revocationDate: new Date(Date.now() - 1000),
        })),
        signingKey: signing,
        signingAlgorithm: ALGORITHM,
      });
      // OpenSSL, and with it Mosquitto and Node, knows the list under this label only.
      return list.toString('pem').replaceAll(/(BEGIN|END) CRL-----/g, '$1 X509 CRL-----');
    },
  };
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(ALGORITHM, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
}

async function privateKey(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const lines = bytes.toString('base64').replace(/(.{64})(?=.)/g, '$1\n');
  return `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`;
}

/** A name of one part, so that nothing in it can be taken for another part. */
function nameOf(commonName: string): { CN: string[] }[] {
  return [{ CN: [commonName] }];
}

/** Positive, 16 bytes, random. */
function serial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

function isAddress(value: string): boolean {
  return /^[0-9.]+$/.test(value) || value.includes(':');
}
