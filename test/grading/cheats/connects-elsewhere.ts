// attack: dials the machine, the internet and abstract sockets
// lesson: 1
// with: solution
// outcome: passed
import { connect, type NetConnectOpts } from 'node:net';

for (const options of [
  { host: '127.0.0.1', port: Number('__CANARY_PORT__') },
  { host: '192.0.2.1', port: 80 },
  { host: '169.254.169.254', port: 80 },
  { path: '\0__CANARY_SOCKET__' },
] as NetConnectOpts[]) {
  const socket = connect(options, () => console.log(`LEAK reached ${JSON.stringify(options)}`));
  socket.on('error', () => undefined);
  socket.unref();
}
