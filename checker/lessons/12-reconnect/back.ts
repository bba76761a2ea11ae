import type { FaultEntry, PacketEntry } from '../../../wire/index.js';
import { type Failure, fail } from '../../harness/check.js';
import { endingWords } from '../../harness/ending.js';
import { insteadOf } from '../../harness/matchers.js';
import { notes, type Recording, received, sent } from '../../harness/recording.js';
import type { Facts } from './words.js';

/** The fault after which the program should have come back: the last one that was its matter. */
export function lastFault(recording: Recording): FaultEntry | undefined {
  return recording.trace.entries.findLast(
    (entry): entry is FaultEntry =>
      entry.kind === 'fault' && !/^(withhold|release)$/.test(entry.fault),
  );
}

export const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

interface Words {
  readonly expected: string;
  /** For each way of not coming back another text than the usual one. */
  readonly ended?: Partial<Failure>;
  readonly silent?: Partial<Failure>;
  readonly deaf?: Partial<Failure>;
}

/**
 * Fails when the program was not back so many times, and says how: it ended, it never dialled, or it
 * is connected and hears nothing.
 */
export function comesBack(recording: Recording<Facts>, times: number, words: Words): void {
  if (notes(recording, 'back').length >= times) return;
  const { expected } = words;
  const program = recording.programs[0];
  const fault = lastFault(recording);
  const line = fault ? `${seconds(fault.t)}: ${fault.text}` : 'nothing was disturbed';
  const since = <Entry extends PacketEntry>(entries: readonly Entry[]) =>
    entries.filter(entry => !fault || entry.t >= fault.t);
  if (program?.exitedAt !== undefined && program.killedAt === undefined) {
    const why = program.stderr
      .trim()
      .split('\n')
      .findLast(text => /\w*(Error|Exception)\b/.test(text));
    fail({
      mistake: 'exits-on-loss',
      expected,
      seen: [
        line,
        `${seconds(program.exitedAt)}: your program ended ${endingWords(program)}`,
        ...(why ? [why.trim()] : []),
      ],
      why: 'a lost or refused connection is weather, not a bug. Nobody is there at night to start the program again',
      try: 'look for what ends the program: an exit in a close or error handler, or an exception that nobody catches when dialling fails',
      ...words.ended,
    });
  }
  const connects = since(sent(recording, 'CONNECT'));
  const connack = since(received(recording, 'CONNACK')).findLast(
    one => one.packet.returnCode === 0,
  );
  if (connack) {
    fail({
      mistake: 'deaf-after-drop',
      expected,
      seen: [
        line,
        ...connects.slice(-1),
        connack,
        'no SUBSCRIBE on this connection; your program is connected and hears nothing',
      ],
      why: 'sessionPresent=0: the new session starts empty, and your old subscription is gone with the old one [3.1.1 MQTT-3.1.2-6]. paho never subscribes again by itself; mqtt.js 5.16 does, unless resubscribe is false',
      try: 'subscribe in on_connect (the connect event): it runs at every connection',
      clauses: ['3.1.1 MQTT-3.1.2-6'],
      ...words.deaf,
    });
  }
  fail({
    mistake: 'never-back',
    expected,
    seen: [
      line,
      ...(connects.length > 0
        ? connects.slice(-1)
        : insteadOf(recording, 'CONNECT after that').slice(0, -1)),
      'no accepted connection within 6.5 s; your program is still running',
    ],
    why: 'the program lives, and talks to nobody. Either it does not dial again, or its pause is longer than five seconds',
    try: 'let the library dial: reconnectPeriod in mqtt.js, loop_start() or loop_forever() with reconnect_delay_set in paho',
    ...words.silent,
  });
}
