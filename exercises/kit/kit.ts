/**
 * Small helpers for the exercises: environment, input, stop. They hide nothing of MQTT.
 */
import { createInterface } from 'node:readline';

/** The value of an environment variable of the exercise. */
export function env(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(`${name} is not set. Start the program with: npm run check, or: npm run run`);
  }
  return value;
}

let stopped = false;
const stopCallbacks: (() => void)[] = [];
const lines: string[] = [];
let wake: (() => void) | undefined;
let listening = false;

function listen(): void {
  if (listening) return;
  listening = true;
  const input = createInterface({ input: process.stdin });
  input.on('line', line => {
    if (line.trim() !== '') lines.push(line);
    wake?.();
  });
  input.on('close', stop);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      input.close();
      process.stdin.destroy();
    });
  }
}

function stop(): void {
  if (stopped) return;
  stopped = true;
  wake?.();
  for (const callback of stopCallbacks) callback();
}

/** Calls you once when the program shall stop: at the end of its input, or at Ctrl-C. */
export function onStop(callback: () => void): void {
  listen();
  if (stopped) queueMicrotask(callback);
  else stopCallbacks.push(callback);
}

/** The input, one JSON value a line, as it comes. Ends when the program shall stop. */
export async function* readings<T = Record<string, unknown>>(): AsyncGenerator<T> {
  listen();
  for (;;) {
    const line = lines.shift();
    if (line !== undefined) yield JSON.parse(line) as T;
    else if (stopped) return;
    else {
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  }
}
