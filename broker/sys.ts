import { readFileSync } from 'node:fs';
import type { Counters } from './protocol/server-state.js';
import type { Router } from './router.js';
import type { Store } from './store.js';

/** Milliseconds between two looks at the $SYS values (Mosquitto's sys_interval). */
const INTERVAL = 10_000;

/** The basics of Mosquitto's $SYS tree, retained; a value that did not change is not sent again. */
export function sysTopics(
  router: Router,
  store: Store,
  counters: Counters,
  connected: () => number,
): { refresh(): void; stop(): void } {
  const began = performance.now();
  const last = new Map<string, string>();
  let most = 0;

  function refresh(): void {
    const online = connected();
    most = Math.max(most, online);
    const away = [...store.sessions.values()].filter(s => !s.attached && s.expiry > 0).length;
    const subscriptions = [...store.sessions.values()].reduce(
      (n, s) => n + s.subscriptions.size,
      0,
    );
    const values: Record<string, string | number> = {
      version: `mqtt-course broker version ${version()}`,
      uptime: `${Math.floor((performance.now() - began) / 1000)} seconds`,
      'clients/total': online + away,
      'clients/connected': online,
      'clients/active': online,
      'clients/disconnected': away,
      'clients/inactive': away,
      'clients/maximum': most,
      'subscriptions/count': subscriptions,
      'shared_subscriptions/count': store.shares.count(),
      'retained messages/count': store.retained.size,
      'messages/received': counters.messagesReceived,
      'messages/sent': counters.messagesSent,
      'publish/messages/received': counters.publishesReceived,
      'publish/messages/sent': counters.publishesSent,
      'publish/messages/dropped': counters.publishesDropped,
      'bytes/received': counters.bytesReceived,
      'bytes/sent': counters.bytesSent,
    };
    for (const [key, value] of Object.entries(values)) {
      const text = String(value);
      if (last.get(key) === text) continue;
      last.set(key, text);
      router.publish({
        topic: `$SYS/broker/${key}`,
        payload: Buffer.from(text),
        qos: 0,
        retain: true,
      });
    }
  }

  const timer = setInterval(refresh, INTERVAL);
  timer.unref();
  refresh();
  return { refresh, stop: () => clearInterval(timer) };
}

let known: string | undefined;

function version(): string {
  known ??= readVersion();
  return known;
}

function readVersion(): string {
  // From the sources, and from dist/broker one level deeper.
  for (const place of ['../package.json', '../../package.json']) {
    try {
      const text = readFileSync(new URL(place, import.meta.url), 'utf8');
      return String((JSON.parse(text) as { version?: unknown }).version);
    } catch {
      // try the next place
    }
  }
  return 'unknown';
}
