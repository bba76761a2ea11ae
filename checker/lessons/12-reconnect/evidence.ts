import { closing, type PacketOf, type Recording, sent, usableMs } from '../../harness/recording.js';
import { answerOf, type Facts } from './words.js';

export type Publish = PacketOf<'PUBLISH'>;

export function beatsOf(recording: Recording<Facts>): Publish[] {
  return sent(recording, 'PUBLISH').filter(
    one => one.packet.topic === recording.facts.heartbeatTopic,
  );
}

/** Answers to a question; what is sent again on a later connection is no second answer. */
export function answersTo(recording: Recording<Facts>, question: string): Publish[] {
  const all = sent(recording, 'PUBLISH').filter(
    one => one.packet.topic === recording.facts.answerTopic && answerOf(one) === question,
  );
  return all.filter(
    (one, at) =>
      !all.slice(0, at).some(earlier => {
        const over = closing(recording, earlier.connection);
        return earlier.packet.id === one.packet.id && over !== undefined && over.t <= one.t;
      }),
  );
}

/** Milliseconds that were lost to stalls between two times. */
export const stalled = (recording: Recording, from: number, to: number) =>
  to - from - usableMs(recording, from, to);

export const faultAt = (recording: Recording, name: string) =>
  recording.trace.entries.find(entry => entry.kind === 'fault' && entry.fault === name);
