/** A real Mosquitto for the tests that compare with it, where one is installed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { closing } from './lab.js';

const places = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];

export const mosquittoPath = places
  .map(place => `${place}/mosquitto`)
  .find(path => path !== '/mosquitto' && existsSync(path));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** Starts Mosquitto on a free loopback port; resolves with the port once it runs. */
export async function mosquitto(): Promise<number> {
  if (!mosquittoPath) throw new Error('Mosquitto is not installed');
  const port = await freePort();
  const child: ChildProcess = spawn(mosquittoPath, ['-p', String(port), '-v']);
  closing(child, () => child.kill('SIGKILL'));
  await new Promise<void>((resolve, reject) => {
    let log = '';
    child.stderr?.on('data', chunk => {
      log += String(chunk);
      if (/version \S+ running/.test(log)) resolve();
    });
    child.once('exit', () => reject(new Error(`Mosquitto ended: ${log}`)));
  });
  return port;
}
