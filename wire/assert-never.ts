import { inspect } from 'node:util';

/**
 * The end of a switch that knows every case: a case added later does not compile here, and one that
 * comes all the same (from a file, from JavaScript) is an error that says so, not silence.
 * @param what what the value should have been: `fault`, `packet`
 * @throws TypeError always
 */
export function assertNever(value: never, what: string): never {
  throw new TypeError(`not a known ${what}: ${inspect(value, { depth: 1, breakLength: 120 })}`);
}
