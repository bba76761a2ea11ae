/** MQTT on the wire: a tap that records and disturbs, the trace it makes, and words for it. */
export { type Clause, citedClauses, clause, clauses } from './clauses.js';
export { specMap } from './clauses-map.js';
export { clauseInV5 } from './clauses-same.js';
export type { ClientLimits } from './client-limits.js';
export { decode, encode, payloadBytes, payloadOf, payloadText } from './decode.js';
export {
  type DescribeOptions,
  describePacket,
  describePayload,
  describeProperties,
  packetLine,
  traceLine,
  traceLines,
} from './describe.js';
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
  type FaultRule,
  type Made,
  type Making,
  type RuleHandle,
  replaceWith,
  setFlags,
  stall,
  withhold,
} from './faults.js';
export { createFramer, DEFAULT_MAX_FRAME, type Frame, type Framer } from './framing.js';
export type { BoundSocket, ListenOptions, TapListener } from './listen.js';
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
