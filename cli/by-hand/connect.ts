import type { MqttClient } from 'mqtt';
import { errorText } from '../../wire/error-text.js';
import { reasonName } from '../../wire/reason-codes.js';
import { tell } from '../invocation.js';
import type { Destination } from './flags.js';

/** The broker said no, or nobody answered: told already, and the command ends with this exit code. */
export class NotConnected extends Error {
  readonly exitCode = 1;
}

/** How long a broker may take to answer, in milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Connects once and gives the client when CONNACK has come.
 * @param again milliseconds after which a lost connection is dialled again; 0: it is not
 * @param signal ends the try; the promise then stays open
 * @throws NotConnected with the reason in words
 */
export async function connect(
  { name, elsewhere, options }: Destination,
  again: number,
  clean = true,
  signal?: AbortSignal,
): Promise<MqttClient> {
  const { default: mqtt } = await import('mqtt');
  if (elsewhere) {
    tell([
      `note: ${name} is another machine. Without TLS, everybody on the way can read this; on a public broker, everybody else as well.`,
    ]);
  }
  return new Promise((resolve, reject) => {
    const client = mqtt.connect({
      ...options,
      clean,
      reconnectPeriod: 0,
      connectTimeout: PATIENCE_MS,
    });
    const giveUp = (): void => {
      client.removeAllListeners();
      client.on('error', () => undefined);
      client.end(true);
    };
    const refuse = (why: string): void => {
      giveUp();
      reject(new NotConnected(why));
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    client.once('connect', () => {
      signal?.removeEventListener('abort', giveUp);
      client.removeAllListeners('error');
      client.removeAllListeners('close');
      client.options.reconnectPeriod = again;
      resolve(client);
    });
    client.once('error', error => refuse(whyNot(name, error)));
    client.once('close', () => refuse(hungUp(name)));
  });
}

const hungUp = (name: string): string =>
  `${name} closed the connection without an answer. Does it speak MQTT, with TLS or without?`;

/** The reason in words, and what to do. */
function whyNot(name: string, error: Error & { code?: string | number; errno?: unknown }): string {
  const { code } = error;
  if (typeof code === 'number') {
    const login = [4, 5, 0x86, 0x87].includes(code);
    const what = `${name} refused the connection: ${refusal(code)}.`;
    return login ? `${what} Look at -u and -P.` : what;
  }
  const parts =
    'errors' in error && Array.isArray(error.errors) ? (error.errors as Error[]) : [error];
  const codes = parts.map(one => String((one as NodeJS.ErrnoException).code ?? ''));
  if (codes.includes('ECONNREFUSED')) {
    return `Nobody listens at ${name}. Start a broker there first, for example: npx mqtt-course broker -v`;
  }
  if (codes.includes('ECONNRESET')) return hungUp(name);
  if (codes.some(one => one === 'ENOTFOUND' || one === 'EAI_AGAIN')) {
    return `${name}: there is no machine of that name, or no network.`;
  }
  if (codes.some(one => /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(one))) {
    return `The certificate of ${name} is not trusted: ${errorText(error)}. Look at --cafile and at the name after -h.`;
  }
  return `${name} cannot be reached: ${errorText(error)}`;
}

/** The return codes of 3.1.1 (table 3.1), and the reason codes of MQTT 5. */
function refusal(code: number): string {
  const old = [
    '',
    'unacceptable protocol version',
    'identifier rejected',
    'server unavailable',
    'bad user name or password',
    'not authorized',
  ][code];
  return old ? `${old} (${code})` : `${reasonName(code) ?? 'for a reason of its own'} (${code})`;
}
