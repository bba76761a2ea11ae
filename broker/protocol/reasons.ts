import type { ConnackCode } from '../types.js';

/** The reason codes of MQTT 5 that this broker sends (5.0 section 2.4). */
export const REASON = {
  success: 0x00,
  noMatchingSubscribers: 0x10,
  noSubscriptionExisted: 0x11,
  unspecified: 0x80,
  malformed: 0x81,
  protocolError: 0x82,
  unsupportedVersion: 0x84,
  clientIdentifier: 0x85,
  notAuthorized: 0x87,
  shuttingDown: 0x8b,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  takenOver: 0x8e,
  filterInvalid: 0x8f,
  topicInvalid: 0x90,
  identifierNotFound: 0x92,
  receiveMaximum: 0x93,
  topicAlias: 0x94,
  packetTooLarge: 0x95,
  quotaExceeded: 0x97,
  payloadFormat: 0x99,
  retainNotSupported: 0x9a,
  qosNotSupported: 0x9b,
} as const;

const CONNACK_REASONS: Readonly<Record<ConnackCode, number>> = {
  0: 0x00,
  1: 0x84,
  2: 0x85,
  3: 0x88,
  4: 0x86,
  5: 0x87,
};

/** What a return code of MQTT 3.1.1 is called in MQTT 5. */
export const reasonOf = (code: ConnackCode): number => CONNACK_REASONS[code];
