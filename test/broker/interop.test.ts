import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { startBroker } from '../../broker/index.js';
import { finished } from './command.js';
import { owned } from './targets.js';

const tools = spawnSync('mosquitto_sub', ['--help']).error === undefined;
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
const paho = spawnSync(python, ['-c', 'import paho.mqtt.client']).status === 0;
if (!tools) process.stderr.write('NOTICE: no mosquitto_pub/mosquitto_sub here; not tried.\n');
if (!paho) process.stderr.write('NOTICE: no paho-mqtt for Python here; not tried.\n');

describe('other people’s clients', () => {
  it.skipIf(!tools).each([0, 1, 2])('mosquitto_pub and mosquitto_sub, QoS %i', async qos => {
    const broker = owned(await startBroker());
    const at = ['-h', '127.0.0.1', '-p', String(broker.port), '-q', String(qos)];
    const subscribed = new Promise<void>(resolve => {
      broker.onLog(({ level }) => level === 'subscribe' && resolve());
    });
    const result = finished(spawn('mosquitto_sub', [...at, '-t', 'home/#', '-C', '3', '-v']));
    await subscribed;
    const pub = spawn('mosquitto_pub', [...at, '-t', 'home/x', '-l']);
    pub.stdin.end('one\ntwo\nthree\n');
    const { code, out } = await result;
    expect(code).toBe(0);
    expect(out.match(/^home\/x .*$/gm)).toEqual(['home/x one', 'home/x two', 'home/x three']);
  });

  it.skipIf(!paho)('paho-mqtt for Python: QoS, retained, will, session', async () => {
    const broker = owned(await startBroker());
    const script = `
import sys, threading, paho.mqtt.client as mqtt
port = int(sys.argv[1])
def make(cid, clean=True):
    v2 = getattr(mqtt, 'CallbackAPIVersion', None)
    return mqtt.Client(v2.VERSION1, cid, clean) if v2 else mqtt.Client(cid, clean)
got, ready, all_ = [], threading.Event(), threading.Event()
def on_message(c, u, m):
    got.append((m.topic, m.payload.decode(), m.qos, bool(m.retain)))
    if len(got) == 4: all_.set()
p = make('pub'); p.connect('127.0.0.1', port); p.loop_start()
p.publish('a/retained', 'r', 1, True).wait_for_publish()
w = make('dying'); w.will_set('a/will', 'w', 1); w.connect('127.0.0.1', port); w.loop_start()
s = make('sub', False)
s.on_message = on_message; s.on_subscribe = lambda *a: ready.set()
s.connect('127.0.0.1', port); s.subscribe('a/#', 2); s.loop_start()
assert ready.wait(10)
p.publish('a/one', '1', 1).wait_for_publish()
p.publish('a/two', '2', 2).wait_for_publish()
w.loop_stop(); w._sock_close()
assert all_.wait(10), got
print(sorted(got))
s.disconnect(); s.loop_stop()
p.publish('a/away', 'q', 1).wait_for_publish()
b, again = make('sub', False), threading.Event()
b.on_message = lambda c, u, m: (print(m.topic, m.qos), again.set())
b.on_connect = lambda c, u, f, rc: print('present', bool(f['session present']))
b.connect('127.0.0.1', port); b.loop_start()
assert again.wait(10)
`;
    const { out, err } = await finished(
      spawn(python, ['-W', 'ignore', '-c', script, String(broker.port)]),
    );
    expect(err).toBe('');
    expect(out.split('\n')).toEqual([
      "[('a/one', '1', 1, False), ('a/retained', 'r', 1, True), ('a/two', '2', 2, False), ('a/will', 'w', 1, False)]",
      'present True',
      'a/away 1',
      '',
    ]);
  });
});
