/** The broker behind every exercise: aedes as the router, Mosquitto's behaviour around it. */
export {
  type Acl,
  type AclAccess,
  type AclEntry,
  type Decision,
  decide,
  parseAcl,
  type Subject,
} from './acl.js';
export {
  type ListenerConfig,
  type MosquittoConfig,
  type Security,
  securityOf,
} from './conf/config.js';
export {
  defaultConfig,
  type LoadOptions,
  loadMosquittoConfig,
  parseMosquittoConfig,
} from './conf/load.js';
export { ConfigError, type FilePosition, type Warning } from './conf/position.js';
export {
  type BoundListener,
  type ConfiguredBroker,
  checkConfig,
  type FromConfigOptions,
  startFromConfig,
} from './configured/start.js';
export { startBroker } from './embedded.js';
export { BrokerStartError } from './listen.js';
export { findMosquitto } from './mosquitto/find.js';
export {
  type MosquittoBroker,
  type MosquittoOptions,
  startMosquitto,
} from './mosquitto/start.js';
export { hashPassword, type Passwords, parsePasswords, verifyPassword } from './passwords.js';
export { remoteBroker } from './remote.js';
export {
  type Admission,
  type Credentials,
  loadRules,
  type Permission,
  type Rules,
} from './rules.js';
export { matches, validFilter, validTopicName } from './topics.js';
export type {
  Broker,
  BrokerLimits,
  BrokerOptions,
  ConnackCode,
  Dialect,
  LogEntry,
  LogLevel,
  RetainedMessage,
  SessionInfo,
  Who,
} from './types.js';
