/** The languages in which every exercise is offered. */
export const tracks = ['typescript', 'python'] as const;
export type Track = (typeof tracks)[number];

export function isTrack(text: unknown): text is Track {
  return tracks.some(track => track === text);
}

const entries: Record<Track, string> = { typescript: 'main.ts', python: 'main.py' };

/** The file of a track that is run: `main.ts`, `main.py`. */
export function entryFile(track: Track): string {
  return entries[track];
}

/** The name of a track as people write it. */
export function trackTitle(track: Track): string {
  return track === 'typescript' ? 'TypeScript' : 'Python';
}
