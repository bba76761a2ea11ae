/**
 * Deadlines that count only the time in which the machine let things happen. A deadline that
 * passes because two processors served twenty programs would be a verdict about the machine.
 */

export interface Stall {
  readonly from: number;
  readonly to: number;
}

const TICK_MS = 50;
/** Delays up to this are ordinary scheduling. */
const NOTICEABLE_MS = 150;

export interface StallWatch {
  readonly stalls: readonly Stall[];
  /** Milliseconds lost to stalls since `t`. */
  lostSince(t: number): number;
  stop(): void;
}

/**
 * Watches this process's event loop and, through `starvedMs`, how long the programs waited for a
 * processor. `now` is the trace's clock.
 */
export function watchStalls(now: () => number, starvedMs: () => number): StallWatch {
  const stalls: { from: number; to: number }[] = [];
  let last = now();
  let starved = starvedMs();
  const timer = setInterval(() => {
    const t = now();
    const starvedNow = starvedMs();
    const late = t - last - TICK_MS;
    const waited = Math.max(0, starvedNow - starved);
    if (late > NOTICEABLE_MS || waited > NOTICEABLE_MS) stalls.push({ from: last, to: t });
    else if (waited > TICK_MS) stalls.push({ from: t - Math.min(waited, t - last), to: t });
    last = t;
    starved = starvedNow;
  }, TICK_MS);
  timer.unref();
  return {
    stalls,
    lostSince: from =>
      stalls.reduce((sum, stall) => sum + Math.max(0, stall.to - Math.max(from, stall.from)), 0),
    stop: () => clearInterval(timer),
  };
}

/**
 * Resolves with true when `event` comes first, false when `ms` of usable time have passed.
 * Time lost to stalls is given back, up to four times the deadline.
 */
export function within(
  ms: number,
  event: Promise<unknown>,
  now: () => number,
  stallWatch: Pick<StallWatch, 'lostSince'>,
): Promise<boolean> {
  const start = now();
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout;
    const look = () => {
      const allowed = ms + Math.min(stallWatch.lostSince(start), ms * 3);
      const left = start + allowed - now();
      if (left <= 0) resolve(false);
      else timer = setTimeout(look, left);
    };
    timer = setTimeout(look, ms);
    event.then(
      () => {
        clearTimeout(timer);
        resolve(true);
      },
      error => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
