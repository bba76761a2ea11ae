/** What a submission may be at most. All are far above an honest one, also with its node_modules. */
export interface IntakeLimits {
  /** Files, folders and links, those that are left aside included. */
  readonly entries: number;
  /** Bytes of an archive as it was handed in. */
  readonly archiveBytes: number;
  /** Bytes that may come out of an archive. */
  readonly unpackedBytes: number;
  /** How many times larger than the archive that may be, once it is more than a mebibyte. */
  readonly ratio: number;
  /** Bytes of one file that counts. */
  readonly fileBytes: number;
  /** Characters of a path inside a submission. */
  readonly pathLength: number;
  /** Folders in folders. */
  readonly depth: number;
}

export const intakeLimits: IntakeLimits = {
  entries: 50_000,
  archiveBytes: 256 * 1024 * 1024,
  unpackedBytes: 512 * 1024 * 1024,
  ratio: 200,
  fileBytes: 256 * 1024,
  pathLength: 1024,
  depth: 32,
};

/** Below this, a high ratio is no bomb: a few kilobytes of spaces pack well. */
export const RATIO_FROM_BYTES = 1024 * 1024;

/** A submission that cannot be read at all. The message is a reason for the instructor to read. */
export class UnreadableSubmission extends Error {
  override readonly name = 'UnreadableSubmission';
}

/** `256 KiB`, `512 MiB`. */
export function bytesText(bytes: number): string {
  const mebi = 1024 * 1024;
  if (bytes >= mebi) return `${Math.round(bytes / mebi)} MiB`;
  return bytes >= 1024 ? `${Math.round(bytes / 1024)} KiB` : `${bytes} bytes`;
}
