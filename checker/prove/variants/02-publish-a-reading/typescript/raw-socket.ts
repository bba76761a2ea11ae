// No client library at all: a socket and hand-made packets at QoS 0.
import { once } from 'node:events';
import { connect } from 'node:net';
import { env, readings } from '#kit';

const text = (value: string) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
};
const packet = (header: number, ...parts: Buffer[]) => {
  const body = Buffer.concat(parts);
  const length: number[] = [];
  let left = body.length;
  do {
    const digit = left % 128;
    left = Math.floor(left / 128);
    length.push(left > 0 ? digit | 128 : digit);
  } while (left > 0);
  return Buffer.concat([Buffer.from([header, ...length]), body]);
};

const socket = connect(Number(env('MQTT_PORT')), env('MQTT_HOST'));
socket.write(packet(0x10, text('MQTT'), Buffer.from([4, 2, 0, 0]), text('raw')));
await once(socket, 'data');
let seq = 0;
for await (const reading of readings()) {
  seq += 1;
  const payload = Buffer.from(JSON.stringify({ ...reading, seq }));
  socket.write(packet(0x30, text(env('TOPIC')), payload));
}
socket.end(Buffer.from([0xe0, 0]));
