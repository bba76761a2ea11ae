/** The broker behind every exercise: aedes as the engine, Mosquitto's behaviour around it. */
export {
  type Access,
  type Acl,
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
export { ConfigError, type Place, type Warning } from './conf/place.js';
export {
  type ConfiguredBroker,
  checkConfig,
  type FromConfigOptions,
  type OpenListener,
  startFromConfig,
} from './configured/start.js';
export { startBroker } from './embedded.js';
export { BrokerStartError } from './listen.js';
export {
  findMosquitto,
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
  BrokerOptions,
  ConnackCode,
  Dialect,
  Limits,
  LogEntry,
  LogLevel,
  RetainedMessage,
  SessionInfo,
  Who,
} from './types.js';
