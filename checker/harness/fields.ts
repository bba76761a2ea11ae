/** A field of a packet that a program sends, as `trace --explain` names it. */
export interface PacketField {
  readonly packet: 'CONNECT' | 'PUBLISH' | 'SUBSCRIBE';
  /** Undefined where the packet as a whole is the mistake. */
  readonly name?: string;
  /** Some bits of it: `5` or `4-3`. */
  readonly bits?: string;
}

const flags = 'connect flags';
const first = 'type and flags';

/** What a check names as the place of a mistake that is one field of one packet. */
export const packetFields = {
  connect: { packet: 'CONNECT' },
  protocolLevel: { packet: 'CONNECT', name: 'protocol level' },
  userNameFlag: { packet: 'CONNECT', name: flags, bits: '7' },
  willRetain: { packet: 'CONNECT', name: flags, bits: '5' },
  willQos: { packet: 'CONNECT', name: flags, bits: '4-3' },
  willFlag: { packet: 'CONNECT', name: flags, bits: '2' },
  cleanSession: { packet: 'CONNECT', name: flags, bits: '1' },
  keepAlive: { packet: 'CONNECT', name: 'keep-alive' },
  clientId: { packet: 'CONNECT', name: 'client identifier' },
  willTopic: { packet: 'CONNECT', name: 'will topic' },
  qos: { packet: 'PUBLISH', name: first, bits: '2-1' },
  retain: { packet: 'PUBLISH', name: first, bits: '0' },
  topicName: { packet: 'PUBLISH', name: 'topic name' },
  payload: { packet: 'PUBLISH', name: 'payload' },
  topicFilter: { packet: 'SUBSCRIBE', name: 'topic filter' },
  requestedQos: { packet: 'SUBSCRIBE', name: 'requested QoS', bits: '1-0' },
} as const satisfies Readonly<Record<string, PacketField>>;
