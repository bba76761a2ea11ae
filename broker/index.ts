/** The broker behind every exercise: aedes as the engine, Mosquitto's behaviour around it. */
export { startBroker } from './embedded.js';
export { BrokerStartError } from './listen.js';
export { findMosquitto, type MosquittoOptions, startMosquitto } from './mosquitto.js';
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
