// attack: sends a PUBLISH of 250 MB and never finishes it
// lesson: 1
// outcome: failed
// says: packet of more than 1 MiB
import { connect } from 'node:net';

const hello = Buffer.from('101000044d5154540402003c000463686561', 'hex');
const socket = connect(Number(process.env['MQTT_PORT']), '127.0.0.1');
socket.on('error', () => undefined);
socket.write(hello);
socket.once('data', () => {
  socket.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1, 0x61]));
  const more = () => {
    while (!socket.destroyed && socket.write(Buffer.alloc(1 << 16)));
  };
  socket.on('drain', more);
  more();
});
setInterval(() => undefined, 1000);
