/** The reason codes of MQTT 5 (5.0 section 2.4): their names, and which packet may carry which. */

const NAMES: Readonly<Record<number, string>> = {
  0: 'success',
  1: 'granted QoS 1',
  2: 'granted QoS 2',
  4: 'disconnect with will message',
  16: 'no matching subscribers',
  17: 'no subscription existed',
  24: 'continue authentication',
  25: 're-authenticate',
  128: 'unspecified error',
  129: 'malformed packet',
  130: 'protocol error',
  131: 'implementation specific error',
  132: 'unsupported protocol version',
  133: 'client identifier not valid',
  134: 'bad user name or password',
  135: 'not authorized',
  136: 'server unavailable',
  137: 'server busy',
  138: 'banned',
  139: 'server shutting down',
  140: 'bad authentication method',
  141: 'keep alive timeout',
  142: 'session taken over',
  143: 'topic filter invalid',
  144: 'topic name invalid',
  145: 'packet identifier in use',
  146: 'packet identifier not found',
  147: 'receive maximum exceeded',
  148: 'topic alias invalid',
  149: 'packet too large',
  150: 'message rate too high',
  151: 'quota exceeded',
  152: 'administrative action',
  153: 'payload format invalid',
  154: 'retain not supported',
  155: 'QoS not supported',
  156: 'use another server',
  157: 'server moved',
  158: 'shared subscriptions not supported',
  159: 'connection rate exceeded',
  160: 'maximum connect time',
  161: 'subscription identifiers not supported',
  162: 'wildcard subscriptions not supported',
};

/** The packets of MQTT 5 that carry reason codes. */
export type ReasonedType =
  | 'CONNACK'
  | 'PUBACK'
  | 'PUBREC'
  | 'PUBREL'
  | 'PUBCOMP'
  | 'SUBACK'
  | 'UNSUBACK'
  | 'DISCONNECT'
  | 'AUTH';

/** The clause that lists the codes of a packet, and the codes it lists. */
const LISTED: Readonly<Record<ReasonedType, { clause: string; codes: readonly number[] }>> = {
  CONNACK: {
    clause: '5.0 MQTT-3.2.2-8',
    codes: [
      ...[0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c],
      ...[0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f],
    ],
  },
  PUBACK: {
    clause: '5.0 MQTT-3.4.2-1',
    codes: [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99],
  },
  PUBREC: {
    clause: '5.0 MQTT-3.5.2-1',
    codes: [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99],
  },
  PUBREL: { clause: '5.0 MQTT-3.6.2-1', codes: [0x00, 0x92] },
  PUBCOMP: { clause: '5.0 MQTT-3.7.2-1', codes: [0x00, 0x92] },
  SUBACK: {
    clause: '5.0 MQTT-3.9.3-2',
    codes: [0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2],
  },
  UNSUBACK: { clause: '5.0 MQTT-3.11.3-2', codes: [0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91] },
  DISCONNECT: {
    clause: '5.0 MQTT-3.14.2-1',
    codes: [
      ...[0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93],
      ...[0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1],
      0xa2,
    ],
  },
  AUTH: { clause: '5.0 MQTT-3.15.2-1', codes: [0x00, 0x18, 0x19] },
};

/** The codes a packet may carry, and the clause that says so. */
export const listedCodes = (type: ReasonedType): { clause: string; codes: readonly number[] } =>
  LISTED[type];

/** The name of a reason code, as the standard's table 2-6 has it; undefined where it has none. A code
 * 0 means something else in three packets, so the packet is asked for. */
export function reasonName(code: number, type?: ReasonedType): string | undefined {
  if (code === 0 && type === 'DISCONNECT') return 'normal disconnection';
  if (code === 0 && type === 'SUBACK') return 'granted QoS 0';
  return NAMES[code];
}

/** A code as it is written in traces: `0x87`. */
export const hexCode = (code: number): string => `0x${code.toString(16).padStart(2, '0')}`;

/** `0x87 (not authorized)`. */
export function reasonWords(code: number, type?: ReasonedType): string {
  return `${hexCode(code)} (${reasonName(code, type) ?? 'not in the standard'})`;
}
