import type { QoS } from '../../wire/trace.js';
import { validFilter } from '../topics.js';

/** What a client asked for with one topic filter. */
export interface Subscription {
  /** As written by the client, `$share/NAME/` included. */
  readonly filter: string;
  readonly qos: QoS;
  /** `5.0 MQTT-3.8.3-3` */
  readonly noLocal: boolean;
  /** `5.0 MQTT-3.3.1-12`, `5.0 MQTT-3.3.1-13` */
  readonly retainAsPublished: boolean;
  /** 0, 1 or 2 (`5.0 MQTT-3.3.1-9` to `5.0 MQTT-3.3.1-11`). */
  readonly retainHandling: number;
  readonly identifier?: number;
}

const SHARE = '$share/';

/** The two parts of a shared filter (`5.0 MQTT-4.8.2-1`, `5.0 MQTT-4.8.2-2`); undefined for any other. */
export function sharedParts(filter: string): { name: string; filter: string } | undefined {
  if (!filter.startsWith(SHARE)) return undefined;
  const slash = filter.indexOf('/', SHARE.length);
  if (slash <= SHARE.length || slash === filter.length - 1) return undefined;
  const name = filter.slice(SHARE.length, slash);
  const rest = filter.slice(slash + 1);
  return /[+#]/.test(name) || !validFilter(rest) ? undefined : { name, filter: rest };
}

/** Whether a filter means to be a shared one, but is none. */
export function brokenShare(filter: string): boolean {
  return (filter === '$share' || filter.startsWith(SHARE)) && sharedParts(filter) === undefined;
}

/** Subscriptions of MQTT 3.1.1 have a QoS, and nothing else. */
export const plainSubscription = (filter: string, qos: QoS): Subscription => ({
  filter,
  qos,
  noLocal: false,
  retainAsPublished: false,
  retainHandling: 0,
});
