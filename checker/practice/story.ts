import type { Tap } from '../../wire/index.js';
import type { PracticeEvent } from '../harness/lesson.js';
import type { WorldMessage } from './practice.js';

const EVENT_EVERY_MS = 1000;

export interface Teller {
  feed(line: unknown): void;
  publish(message: WorldMessage): Promise<void>;
  /** While true, the events wait. */
  paused(): boolean;
}

/** Plays a lesson's events, one a second, once the program is connected. */
export function tellStory(
  events: readonly PracticeEvent[],
  tap: Tap,
  who: string,
  teller: Teller,
): { readonly empty: boolean; readonly told: boolean; end(): void } {
  const left = [...events];
  let timer: NodeJS.Timeout | undefined;
  const next = async () => {
    const event = teller.paused() ? undefined : left.shift();
    if (!event) return;
    if ('input' in event) teller.feed(event.input);
    else await teller.publish(event);
  };
  const begin = tap.onEntry(entry => {
    if (entry.kind !== 'packet' || entry.packet.type !== 'CONNACK' || entry.who !== who) return;
    begin();
    timer = setInterval(() => void next().catch(() => undefined), EVENT_EVERY_MS);
  });
  return {
    empty: events.length === 0,
    get told() {
      return left.length === 0;
    },
    end: () => {
      begin();
      clearInterval(timer);
    },
  };
}
