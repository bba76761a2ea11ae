import { packetFields } from '../fields.js';
import { received, sent } from '../recording.js';
import type { Detector } from './detector.js';

export const wildcardPublish: Detector = {
  id: 'U4',
  judges: ['G4'],
  title: 'topic names have no wildcards',
  find: recording => {
    const bad = sent(recording, 'PUBLISH').find(entry => /[+#]/.test(entry.packet.topic));
    return bad
      ? {
          mistake: 'wildcard-publish',
          expected: 'a topic name without + and #',
          seen: [bad],
          why: 'wildcards belong in topic filters only [3.1.1 MQTT-3.3.2-2]; the broker hangs up, and at QoS 1 the library sends the message again for ever',
          try: 'print the topic name before you publish, and find where the + or # comes from',
          clauses: ['3.1.1 MQTT-3.3.2-2'],
        }
      : undefined;
  },
};

export const malformed: Detector = {
  id: 'U7',
  judges: ['G4'],
  title: 'the program speaks MQTT',
  find: recording => {
    const bad = sent(recording, 'MALFORMED')[0];
    return bad
      ? {
          mistake: 'malformed',
          expected: 'MQTT control packets',
          seen: [bad],
          why: 'these bytes are not a control packet, so a broker closes the connection [3.1.1 MQTT-4.8.0-1]',
          try: 'look at the first bytes: is another protocol spoken (HTTP, TLS, WebSocket), or is a length wrong?',
          clauses: ['3.1.1 MQTT-4.8.0-1'],
        }
      : undefined;
  },
};

export const wrongVersion: Detector = {
  id: 'U8',
  judges: ['G3'],
  title: 'the program speaks MQTT 3.1.1',
  find: recording => {
    // MQTT 3.1 differs in the name of the protocol and in a limit of identifiers: where the broker has
    // taken it, it is not what went wrong.
    const bad = sent(recording, 'CONNECT').find(
      ({ packet, connection }) =>
        packet.protocolVersion !== 4 &&
        !(
          packet.protocolVersion === 3 &&
          received(recording, 'CONNACK', { connection }).some(one => one.packet.returnCode === 0)
        ),
    );
    return bad
      ? {
          mistake: 'protocol-version',
          field: packetFields.protocolLevel,
          expected: 'CONNECT with protocol level 4: MQTT 3.1.1',
          seen: [bad],
          why: 'this course speaks MQTT 3.1.1; a broker that has only that refuses another level with return code 1 [3.1.1 MQTT-3.1.2-2]',
          try: 'leave the protocol version at its default',
          clauses: ['3.1.1 MQTT-3.1.2-2'],
        }
      : undefined;
  },
};
