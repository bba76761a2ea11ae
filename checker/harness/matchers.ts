import { type PacketEntry, payloadText } from '../../wire/index.js';
import { fail } from './check.js';
import { endingWords } from './ending.js';
import { packetFields } from './fields.js';
import { type PacketOf, packets, type Recording } from './recording.js';

/** Describes an absence by what came instead: "no SUBSCRIBE within 2 s; after #2 CONNACK nothing came; …". */
export function insteadOf(recording: Recording, what: string): (string | PacketEntry)[] {
  const waited = recording.gaveUp
    ? ` within ${(recording.gaveUp.afterMs / 1000).toFixed(1)} s`
    : '';
  const last = packets(recording).at(-1);
  const one = recording.programs[0];
  const state = recording.gaveUp?.atRest
    ? 'your program is asleep and no timer of it is due: nothing more will come'
    : one === undefined ||
        one.exitedAt === undefined ||
        (one.killedAt !== undefined && one.stopAskedAt === undefined)
      ? 'your program was still running'
      : one.killedAt !== undefined
        ? 'your program did not end when it was asked to stop'
        : `your program had ended ${endingWords(one)}`;
  return last
    ? [`no ${what}${waited}; the last packet was`, last, state]
    : [`no ${what}${waited}; no packet came at all; ${state}`];
}

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The payload as a JSON object.
 * @throws CheckFailure that names how the payload missed being one
 */
export function jsonObject(entry: PacketOf<'PUBLISH'>): JsonObject {
  const text = payloadText(entry.packet.payload);
  const not = (mistake: string, why: string, next: string): never =>
    fail({
      mistake,
      field: packetFields.payload,
      expected: 'the payload is one JSON object',
      seen: [entry],
      why,
      try: next,
    });
  if (text === undefined) {
    return not(
      'not-text',
      'the bytes are not UTF-8 text, so they cannot be JSON',
      'encode the text of the JSON, not the object in memory',
    );
  }
  if (text === '') {
    return not(
      'empty-payload',
      'an undefined or null payload leaves as an empty message',
      'print what you hand to publish',
    );
  }
  if (text.includes('[object Object]')) {
    return not(
      'printed-object',
      '"[object Object]" is how JavaScript prints an object, not JSON',
      'turn the object into JSON once, with JSON.stringify',
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return /^\{\s*'/.test(text)
      ? not(
          'printed-object',
          "{'…': …} with single quotes is how Python prints a dict, not JSON",
          'turn the dict into JSON once, with json.dumps',
        )
      : not(
          'not-json',
          'a consumer cannot parse this text as JSON',
          'compare the text, character by character, with the example in the lesson',
        );
  }
  if (typeof value === 'string') {
    return not(
      'double-json',
      'the payload is a JSON string that has JSON inside: it was encoded twice',
      'encode once: hand over the object, not its JSON',
    );
  }
  if (Array.isArray(value)) {
    return not(
      'json-list',
      'the payload is a list; whoever reads live data waits for the whole batch',
      'publish one message for each reading',
    );
  }
  if (typeof value !== 'object' || value === null) {
    return not(
      'json-not-object',
      'this is valid JSON, but a single value has no fields',
      'put the value into an object with the field names of the contract',
    );
  }
  return value as JsonObject;
}

/** The payload as a JSON object, without judging it: undefined when it is none. */
export function readObject(entry: PacketOf<'PUBLISH'>): JsonObject | undefined {
  try {
    return jsonObject(entry);
  } catch {
    return undefined;
  }
}

/** Numbers as a consumer compares them. */
export function sameNumber(a: unknown, b: number): boolean {
  return typeof a === 'number' && Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));
}

/** Whether the source looks as if an option had a form that the library ignores: a hint only. */
export function misreadOption(source: string): string | undefined {
  if (
    /\b(?:publish|publishAsync|subscribe|subscribeAsync)\((?:[^()]|\([^()]*\))*,\s*[012]\s*[,)]/.test(
      source,
    ) &&
    !/paho|mqttkit/.test(source)
  ) {
    return 'options are an object, { qos: 1 }; a bare number is ignored';
  }
  if (/\bQo?S\s*:/.test(source.replace(/\bqos\s*:/g, '')))
    return 'the option is called qos, in lower case; another spelling is ignored';
  return undefined;
}
