import { generate, type Packet as MqttPacket } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { type PacketField, packetFields } from '../../checker/harness/fields.js';
import { explainBytes } from '../../wire/draw/explain.js';

/** A check names the place of a mistake as `trace --explain` does: else nothing would be marked. */

const packets: Readonly<Record<PacketField['packet'], MqttPacket>> = {
  CONNECT: {
    cmd: 'connect',
    clientId: 'press-3',
    keepalive: 5,
    clean: true,
    protocolId: 'MQTT',
    protocolVersion: 4,
    username: 'press',
    password: Buffer.from('secret'),
    will: { topic: 'plant/press-3/status', payload: Buffer.from('away'), qos: 1, retain: true },
  },
  PUBLISH: {
    cmd: 'publish',
    topic: 'plant/press-3/status',
    payload: 'here',
    qos: 1,
    retain: true,
    dup: false,
    messageId: 1,
  },
  SUBSCRIBE: {
    cmd: 'subscribe',
    messageId: 2,
    subscriptions: [{ topic: 'plant/+/status', qos: 1 }],
  },
};

test.each(Object.entries(packetFields as Readonly<Record<string, PacketField>>))(
  '%s',
  (_, { packet, name, bits }) => {
    const parts = explainBytes(generate(packets[packet]));
    expect(parts.some(one => one.problem)).toBe(false);
    if (name === undefined) return;
    const named = parts.filter(one => one.field === name);
    expect(named).toHaveLength(1);
    if (bits !== undefined) expect(named[0]?.bits?.map(one => one.at)).toContain(bits);
  },
);
