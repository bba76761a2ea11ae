// attack: patches assert, JSON, events and what looks like a test framework
// lesson: 1
// outcome: failed
// says: no connection came
import assert from 'node:assert';
import { EventEmitter } from 'node:events';
import Module, { syncBuiltinESMExports } from 'node:module';

const always = new Proxy(() => always, { get: () => always, apply: () => always });
Object.assign(assert, { equal: always, deepEqual: always, strictEqual: always, ok: always });
Object.assign(Module, { _load: always });
Object.assign(globalThis, {
  expect: always,
  test: always,
  describe: always,
  __vitest_worker__: always,
});
EventEmitter.prototype.emit = () => true;
syncBuiltinESMExports();
JSON.stringify = () => '{"status":"passed"}';
setTimeout(() => process.exit(0), 300);
