/**
 * Keeps V8's compiled code of the client library in a file, once for each version of Node. First it
 * is used a little: only functions that have run are in the code that is kept.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import mqtt, { cacheFile, script } from './mqtt.mjs';

/** Answers as a broker does, as far as is needed here: one packet comes in one piece. */
function answer(socket) {
  socket.on('error', () => undefined);
  socket.on('data', data => {
    for (let at = 0; at + 1 < data.length; at += 2 + data[at + 1]) {
      const type = data[at] >> 4;
      const id = type === 3 ? data.subarray(at + 5, at + 7) : data.subarray(at + 2, at + 4);
      if (type === 1) socket.write(Buffer.from([0x20, 2, 0, 0]));
      if (type === 3) socket.write(Buffer.from([0x40, 2, ...id]));
      if (type === 8) {
        socket.write(Buffer.from([0x90, 3, ...id, 1]));
        socket.write(Buffer.from([0x30, 4, 0, 1, 0x61, 0x62]));
      }
    }
  });
}

if (cacheFile) {
  const server = createServer(answer);
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const client = mqtt.connect(`mqtt://127.0.0.1:${server.address().port}`);
  const message = new Promise(resolve => client.once('message', resolve));
  const used = (async () => {
    await new Promise(resolve => client.once('connect', resolve));
    await client.subscribeAsync('a', { qos: 1 });
    await client.publishAsync('a', 'b', { qos: 1 });
    await message;
    await client.endAsync();
  })();
  // Where there is no loopback, the code of the loading alone has to do.
  await Promise.race([used.catch(() => undefined), new Promise(r => setTimeout(r, 2000).unref())]);
  client.end(true);
  server.close();
  const temporary = `${cacheFile}.${process.pid}`;
  writeFileSync(temporary, script.createCachedData());
  renameSync(temporary, cacheFile);
}
