/** Steps with a name, each of which can fail; and what they look at. */

/** What went wrong in a step, with what was seen. */
class Wrong extends Error {}

/** @param {boolean} right @param {string} what @param {unknown} [seen] */
export function must(right, what, seen) {
  if (right) return;
  const shown = typeof seen === 'string' ? seen : JSON.stringify(seen, null, 2);
  throw new Wrong(seen === undefined ? what : `${what}; seen:\n${shown}`);
}

/** @param {import('./wine.mjs').Outcome} outcome @param {number} code */
export function ends(outcome, code) {
  must(
    outcome.code === code,
    `exit code ${code}, not ${outcome.code}`,
    `${outcome.out}\n${outcome.err}`,
  );
}

/** Words of a text, whatever way its lines are broken. */
const flat = text => text.replace(/\s+/g, ' ');

/** @param {string} text @param {...(string | RegExp)} parts */
export function says(text, ...parts) {
  for (const part of parts) {
    const found = typeof part === 'string' ? flat(text).includes(part) : part.test(text);
    must(found, `says ${part}`, text);
  }
}

/** @param {string} text @param {...(string | RegExp)} parts */
export function saysNot(text, ...parts) {
  for (const part of parts) {
    const found = typeof part === 'string' ? flat(text).includes(part) : part.test(text);
    must(!found, `does not say ${part}`, text);
  }
}

/** Waits until something is so. @param {() => boolean} so */
export async function until(so, what, seen, ms = 30_000) {
  const deadline = Date.now() + ms;
  while (!so()) {
    if (Date.now() > deadline) must(false, what, seen?.());
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

/** Runs steps one after another, and says how each went. */
export function stepper({ only, after }) {
  let passed = 0;
  let failed = 0;
  return {
    async step(name, work) {
      if (only && !name.includes(only)) return;
      const started = performance.now();
      let trouble;
      try {
        await work();
      } catch (error) {
        trouble = error instanceof Wrong ? error.message : (error?.stack ?? String(error));
      }
      const time = `${((performance.now() - started) / 1000).toFixed(1)} s`;
      if (trouble === undefined) passed += 1;
      else failed += 1;
      console.log(`${trouble === undefined ? 'ok    ' : 'FAILED'} ${name} (${time})`);
      if (trouble !== undefined) console.log(trouble.replace(/^/gm, '       '));
      await after();
    },
    sum: () => ({ passed, failed }),
  };
}
