/** MQTT on the wire: a tap that records and disturbs, the trace it makes, and words for it. */
export { type Clause, citedClauses, clause, clauses } from './clauses.js';
export { specMap } from './clauses-map.js';
export { clauseInV5 } from './clauses-same.js';
export { decode, encode, payloadBytes, payloadOf, payloadText } from './decode.js';
export { duplexPair } from './duplex-pair.js';
export {
  type Action,
  answer,
  blackhole,
  coalesceWithNext,
  cutAfter,
  cutBefore,
  type DuplicateOptions,
  delay,
  drop,
  duplicate,
  type Made,
  type Making,
  type Rule,
  type RuleHandle,
  replaceWith,
  setFlags,
  stall,
  withhold,
} from './faults.js';
export { createFramer, DEFAULT_MAX_FRAME, type Frame, type Framer } from './framing.js';
export type { GuardOptions } from './guard.js';
export type { BoundSocket, Listener, ListenOptions } from './listen.js';
export { createPeer } from './peer.js';
export {
  type ConnectOptions,
  FENCE_PREFIX,
  type Peer,
  PeerError,
  type PeerErrorCode,
  type PeerOptions,
  type PublishOptions,
} from './peer-contract.js';
export type {
  Property,
  PropertyName,
  UserProperty,
} from './properties.js';
export { reasonName, reasonWords } from './reason-codes.js';
export { quoted, type SafeOptions, safeName, safeText } from './safe.js';
export {
  type ConnectionInfo,
  createTap,
  type Tap,
  type TapOptions,
  type UntilOptions,
} from './tap.js';
export { topicMatches } from './topics.js';
export * from './trace.js';
export {
  describePacket,
  describePayload,
  describeProperties,
  packetLine,
  traceLine,
  traceLines,
  type WordOptions,
} from './words.js';
