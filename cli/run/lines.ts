import { StringDecoder } from 'node:string_decoder';

type OutputStream = 'stdout' | 'stderr';

/** Bytes of a line without an end, after which it counts as one. */
const LONGEST = 64 * 1024;

export interface Lines {
  add(stream: OutputStream, text: string): void;
  /** What came without an end of line, as lines. */
  flush(): void;
}

/** Makes lines of text that comes in pieces. */
export function createLines(onLine: (stream: OutputStream, line: string) => void): Lines {
  const rests: Record<OutputStream, string> = { stdout: '', stderr: '' };
  return {
    add(stream, text) {
      const lines = `${rests[stream]}${text}`.split('\n');
      rests[stream] = lines.pop() ?? '';
      if (rests[stream].length > LONGEST) lines.push(rests[stream].slice(0, LONGEST));
      if (rests[stream].length > LONGEST) rests[stream] = rests[stream].slice(LONGEST);
      for (const line of lines) onLine(stream, line.replace(/\r$/, ''));
    },
    flush() {
      for (const stream of ['stdout', 'stderr'] as const) {
        if (rests[stream] !== '') onLine(stream, rests[stream]);
        rests[stream] = '';
      }
    },
  };
}

/** Reads lines from a stream of bytes. Returns the function that ends it. */
export function readLines(
  stream: NodeJS.ReadableStream,
  onLine: (line: string) => void,
  onEnd: () => void,
): () => void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const data = (chunk: Buffer | string) => {
    const lines = `${rest}${typeof chunk === 'string' ? chunk : decoder.write(chunk)}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
  const end = () => {
    if (rest !== '') onLine(rest);
    rest = '';
    onEnd();
  };
  stream.on('data', data);
  stream.once('end', end);
  stream.once('error', end);
  return () => {
    stream.off('data', data);
    stream.off('end', end);
    stream.pause();
  };
}
