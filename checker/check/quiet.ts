/*
 * To be loaded first in a worker thread. What is written to the standard streams of a thread goes to
 * the main thread as a message, and waits there for a reader; a reader would keep the process
 * running. Nothing that is written here is for anybody (a warning of Node, a library that debugs),
 * so nothing is.
 */
function discard(_chunk: unknown, encoding?: unknown, done: unknown = encoding): boolean {
  if (typeof done === 'function') process.nextTick(done as () => void);
  return true;
}

for (const stream of [process.stdout, process.stderr]) stream.write = discard;

export {};
