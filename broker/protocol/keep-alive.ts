/** Watches for a client that has gone silent. */
export interface KeepAlive {
  /** A packet came. */
  heard(): void;
  /** From now on the client has this many milliseconds between two packets; 0: for ever. */
  expectWithin(milliseconds: number): void;
  stop(): void;
}

/** Calls `onSilence` once, when nothing was heard for so long. A packet costs no timer: the one that
 * runs looks, when it ends, how much of the time is left. */
export function keepAlive(milliseconds: number, onSilence: () => void): KeepAlive {
  let allowed = milliseconds;
  let lastHeard = performance.now();
  let timer = setTimeout(look, allowed);

  function look(): void {
    const left = allowed - (performance.now() - lastHeard);
    if (left > 0) timer = setTimeout(look, left);
    else onSilence();
  }

  return {
    heard() {
      lastHeard = performance.now();
    },
    expectWithin(next) {
      clearTimeout(timer);
      allowed = next;
      if (allowed > 0) timer = setTimeout(look, allowed);
    },
    stop: () => clearTimeout(timer),
  };
}
