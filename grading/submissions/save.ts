import { open } from 'node:fs/promises';
import { bytesText, UnreadableSubmission } from './limits.js';

/** Writes a stream to a new file of ours. @throws UnreadableSubmission beyond `maxBytes` */
export async function saveStream(
  stream: AsyncIterable<Uint8Array>,
  to: string,
  maxBytes: number,
): Promise<void> {
  const file = await open(to, 'wx', 0o600);
  try {
    let size = 0;
    for await (const chunk of stream) {
      size += chunk.length;
      if (size > maxBytes) {
        throw new UnreadableSubmission(`the archive inside is larger than ${bytesText(maxBytes)}`);
      }
      await file.write(chunk);
    }
  } finally {
    await file.close();
  }
}
