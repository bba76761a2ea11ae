import { type TraceEntry, withhold } from '../../../wire/index.js';
import type { ScenarioContext, StartedProgram } from '../../harness/context.js';
import type { Random } from '../../harness/random.js';
import { isFromProgram, isPacket, type Recording } from '../../harness/recording.js';
import { scenario } from '../../harness/scenario.js';
import { certificates, type ServerKind } from './certificates.js';

export interface Facts {
  readonly username: string;
  readonly password: string;
  readonly topic: string;
  readonly reading: { readonly device: string; readonly temp: number };
}

export const facts = (random: Random): Facts => ({
  username: `${random.token(3)}-${random.token(3)}`,
  password: `${random.token(6)}:${random.token(6)}`,
  topic: `hall/${random.token(4)}/temperature`,
  reading: { device: random.device(), temp: random.decimal(-30, 45, 2) },
});

export const environment = (here: Facts): Record<string, string> => ({
  MQTT_USERNAME: here.username,
  MQTT_PASSWORD: here.password,
  TOPIC: here.topic,
});

async function start(context: ScenarioContext, here: Facts, authority: 'ours' | 'other' = 'ours') {
  const { caFile, otherCaFile } = await certificates();
  return context.start({
    scheme: 'mqtts',
    host: 'localhost',
    env: { ...environment(here), MQTT_CA_FILE: authority === 'ours' ? caFile : otherCaFile },
  });
}

const listen = (kind: ServerKind) => async () => {
  const { certificate, key } = (await certificates()).server[kind];
  return { host: 'localhost', tls: { cert: certificate, key } };
};

/** A server that is what it should be. */
function right(name: string, kind: ServerKind, authority: 'ours' | 'other') {
  return scenario<Facts>(name, {
    facts,
    listen: listen(kind),
    run: async (context, here) => {
      const program = await start(context, here, authority);
      program.feed(here.reading);
      const came = await context.maybe('a CONNECT', settled(), 6000);
      if (!came || !isPacket(came, 'CONNECT')) return tried(context);
      await program.sends('PUBLISH', { what: 'the PUBLISH of the reading' });
      await program.stop();
    },
  });
}
export const good = right('the right server', 'good', 'ours');
export const otherAuthority = right('the right server of another authority', 'other', 'other');

/** Readings of all kinds: what is said over TLS is what came, whatever it is. */
export type Reading = Readonly<Record<string, unknown>>;
export interface ManyFacts extends Facts {
  readonly readings: readonly Reading[];
}

const odd = (random: Random): Reading[] => [
  { device: random.device(), temp: 0 },
  { device: '', temp: -0.5 },
  { device: `Kühlraum "${random.token(3)}" 2\\3`, temp: 1e-7 },
  { device: `温室-${random.token(3)} 🌡`, temp: 123456789012 },
  { device: 'null', temp: -4.876543210987655, hum: 55.5 },
  {
    device: random.device(),
    temp: 21.5,
    door: false,
    note: null,
    at: { floor: 2, tags: [1, [], {}] },
  },
  { device: `${random.device()} ${'ä'.repeat(9000)}`, temp: 100 },
  { temp: 41.7 },
];

/** Longer than a program in a hurry waits. Who waits for the event itself is asleep, and this ends early. */
const LATE_MS = 2500;

/** All readings and the end of the input before CONNACK; then PUBACK takes its time. */
export const burst = scenario<ManyFacts>('all at once', {
  facts: random => {
    const [first, ...others] = odd(random);
    const usual = Array.from({ length: 6 }, () => ({ ...facts(random).reading }));
    // What has not changed is measured again, and is a reading.
    const readings = [first, first, ...others, ...usual].filter(one => one !== undefined);
    return { ...facts(random), readings };
  },
  listen: listen('good'),
  run: async (context, here) => {
    const hold = (type: 'CONNACK' | 'PUBACK') =>
      context.tap.rule({
        who: 'program',
        when: ({ packet }) => packet.type === type,
        do: withhold(),
        times: Number.POSITIVE_INFINITY,
      });
    const [connack, pubacks] = [hold('CONNACK'), hold('PUBACK')];
    const program = await start(context, here);
    for (const reading of here.readings) program.feed(reading);
    program.endInput();
    const isClosed = (entry: TraceEntry) => entry.kind === 'connection' && entry.event === 'closed';
    await program.sends('CONNECT', { what: 'a CONNECT from your program' });
    await context.maybe('end of the connection before CONNACK', isClosed, 150);
    connack.remove();
    connack.release();
    const seen = new Set<TraceEntry>();
    const came = await context.maybe('the PUBLISH of each reading', entry => {
      if (isFromProgram(entry, 'PUBLISH')) seen.add(entry);
      return seen.size >= here.readings.length;
    });
    if (came) await context.maybe('end of the connection before PUBACK', isClosed, LATE_MS);
    context.tap.note('acknowledged', 'only now the broker acknowledged the readings');
    pubacks.remove();
    pubacks.release();
    await program.stop();
  },
});

/** True when the program has said something, has left, or has tried three times. */
function settled(): (entry: TraceEntry) => boolean {
  const tries = new Set<TraceEntry>();
  return entry => {
    if (isTry(entry)) tries.add(entry);
    return (
      tries.size >= 3 ||
      (entry.kind === 'note' && entry.note === 'ended') ||
      isPacket(entry, 'CONNECT')
    );
  };
}

/** A dialling of the program: a connection that came about, or a TLS handshake that did not. */
const isTry = (entry: TraceEntry): boolean =>
  (entry.kind === 'connection' && entry.who === 'program' && entry.event === 'opened') ||
  (entry.kind === 'note' && entry.who === 'program' && entry.note === 'tls-failed');

export const triesOf = (recording: Recording): TraceEntry[] =>
  recording.trace.entries.filter(isTry);

/** A program may have ended before its handshake is known here to have failed. */
async function tried(context: ScenarioContext): Promise<void> {
  const known = context.tap.until(isTry).catch(() => undefined);
  await Promise.race([known, context.protocolTime(2000)]);
}

async function meetStranger(
  context: ScenarioContext,
  program: StartedProgram,
  here: Facts,
): Promise<void> {
  program.feed(here.reading);
  const came = await context.maybe('the program to end', settled(), 6000);
  // What it tells after its CONNECT belongs into the picture.
  if (came && isPacket(came, 'CONNECT')) {
    await context.maybe('a PUBLISH', entry => isPacket(entry, 'PUBLISH'), 1000);
    return;
  }
  await program.leaves(500);
  await tried(context);
}

function wrong(name: string, server: ServerKind | 'plaintext') {
  return scenario<Facts>(name, {
    facts,
    listen: server === 'plaintext' ? async () => ({ host: 'localhost' }) : listen(server),
    run: async (context, here) => meetStranger(context, await start(context, here), here),
  });
}
export const wrongName = wrong('a server with another name', 'wrong-name');
export const wrongAuthority = wrong('a server of another authority', 'other');
export const expired = wrong('a certificate of last year', 'expired');
export const plaintext = wrong('a server without TLS', 'plaintext');
