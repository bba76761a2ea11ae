import { forgetSubscriptions } from '../store.js';
import type { ApplicationMessage, WillMessage } from './message.js';
import { messageProperties } from './message.js';
import type { ServerState } from './server-state.js';
import { endsWithConnection, type PendingWill, type Session } from './session.js';
import { sharedParts } from './subscription.js';

const NONE = Buffer.alloc(0);
/** The longest a timer can run. */
const MOST = 2 ** 31 - 1;

/** Sends a will, unless the client may not publish there. */
export function publishWill(
  server: ServerState,
  { message, who, listener }: Omit<PendingWill, 'at'>,
): void {
  const { topic } = message;
  if (server.crashing || topic.startsWith('$SYS/') || !listener.mayPublish(who, topic)) return;
  server.router.publish(willAsMessage(message, who.clientId));
}

/** A will's expiry begins when it is sent. */
function willAsMessage(
  { topic, payload, qos, retain, properties, expiry }: WillMessage,
  clientId: string,
): ApplicationMessage {
  const forwarded = properties?.forwarded ?? NONE;
  return {
    topic,
    payload,
    qos,
    retain,
    clientId,
    properties: messageProperties(forwarded, expiry),
  };
}

/** The connection of a session is closed: its end, and a will that waits, are now a matter of time. */
export function beginAbsence(server: ServerState, session: Session): void {
  endAbsence(server, session);
  if (endsWithConnection(session)) {
    endSession(server, session);
    return;
  }
  watch(server, session);
}

/** The client is back, or nobody waits for it any more. */
export function endAbsence({ timers }: ServerState, { clientId }: Session): void {
  clearTimeout(timers.get(clientId));
  timers.delete(clientId);
}

/** Waits for the next thing that becomes due (`5.0 MQTT-3.1.2-8`, `5.0 MQTT-4.1.0-2`). */
export function watch(server: ServerState, session: Session): void {
  const due = Math.min(session.pendingWill?.at ?? Number.POSITIVE_INFINITY, expiresAt(session));
  if (due === Number.POSITIVE_INFINITY) return;
  const timer = setTimeout(look, Math.min(MOST, Math.max(0, due - Date.now())));
  timer.unref();
  server.timers.set(session.clientId, timer);

  function look(): void {
    server.timers.delete(session.clientId);
    const now = Date.now();
    if (expiresAt(session) <= now) {
      server.log('notice', `Expiring client ${session.clientId} due to timeout.`);
      endSession(server, session);
      return;
    }
    const will = session.pendingWill;
    if (will !== undefined && will.at <= now) {
      session.pendingWill = undefined;
      publishWill(server, will);
    }
    watch(server, session);
  }
}

const expiresAt = ({ leftAt, expiry }: Session): number => leftAt + expiry * 1000;

/** A session ends: its will goes out now, nothing of it stays, and what its shared subscriptions had
 * not done is handed on (5.0 section 4.8.2). */
export function endSession(server: ServerState, session: Session): void {
  const { store, policies } = server;
  endAbsence(server, session);
  if (store.sessions.get(session.clientId) === session) store.sessions.delete(session.clientId);
  forgetSubscriptions(store, session.clientId);
  for (const filter of session.subscriptions.keys()) leaveShare(server, session, filter);
  policies.delete(session.clientId);
  const will = session.pendingWill;
  session.pendingWill = undefined;
  if (will !== undefined) publishWill(server, will);
  if (server.crashing) return;
  for (const { share, ...message } of session.outgoing.unfinishedShares()) {
    const group = share === undefined ? undefined : store.shares.group(share);
    if (group !== undefined) server.toShare(group, message);
  }
}

/** Ends the membership behind a shared filter; of others it is none. */
export function leaveShare({ store }: ServerState, { clientId }: Session, filter: string): void {
  const parts = sharedParts(filter);
  if (parts !== undefined) store.shares.remove(clientId, parts.name, parts.filter);
}
