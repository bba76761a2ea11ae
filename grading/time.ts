import { Temporal } from 'temporal-polyfill';

/** A moment with the place whose clock it was read from, so that a day later is a day on that clock. */
export interface Moment {
  /** ISO 8601 with offset: `2026-10-01T23:59:59+02:00`. */
  readonly iso: string;
  /** IANA name; undefined when only an offset was given. */
  readonly zone?: string;
}

export class TimeError extends Error {
  override readonly name = 'TimeError';
}

const shape =
  /^(\d{4}-\d{2}-\d{2})(?:[T ]\s*(\d{1,2}:\d{2})(?::(\d{2})(?:[.,](\d+))?)?)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?\s*(?:\[?([A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*)\]?)?$/;

const example = '2026-10-01 23:59 Europe/Berlin';

/**
 * Reads a time as people and platforms write it: `2026-10-01 23:59 Europe/Berlin`,
 * `2026-10-01T23:59:00+02:00`, `2026-10-01 21:59:00 UTC`.
 * @param options.zone for a time that names none
 * @param options.end a time without seconds lasts to the end of its minute, a date to the end of its day
 * @throws TimeError: the end of a sentence, with a right example
 */
export function parseMoment(
  text: string,
  options: { readonly zone?: string | undefined; readonly end?: boolean } = {},
): Moment {
  const match = shape.exec(text.trim());
  if (!match) throw new TimeError(`is not a time that can be read; write it as ${example}`);
  const [, date, clock, second, fraction, offset, named] = match;
  if (clock === undefined && !options.end) {
    throw new TimeError(`names no time of day; write it as ${example}`);
  }
  const seconds = second ?? (options.end ? '59' : '00');
  const hours = clock ?? '23:59';
  const local = `${date}T${hours.padStart(5, '0')}:${seconds}${fraction ? `.${fraction.slice(0, 9)}` : ''}`;
  let plain: Temporal.PlainDateTime;
  try {
    plain = Temporal.PlainDateTime.from(local, { overflow: 'reject' });
  } catch {
    throw new TimeError(`is not a day and time of the calendar; write it as ${example}`);
  }
  if (offset !== undefined && named === undefined) return fixed(plain, offset);
  const zone = named ?? options.zone;
  if (zone === undefined) {
    throw new TimeError(`names no time zone; add one, as in ${example}, or an offset, +02:00`);
  }
  return inZone(plain, zone, offset);
}

/** @throws TimeError when there is no such zone */
export function checkZone(zone: string): string {
  if (/^[A-Z]{2,5}$/.test(zone) && zone !== 'UTC' && zone !== 'GMT') {
    throw new TimeError(
      `${zone} is an abbreviation that may mean several zones; write Europe/Berlin, or an offset, +02:00`,
    );
  }
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    throw new TimeError(`${zone} is not a time zone; write Europe/Berlin, or an offset, +02:00`);
  }
}

function fixed(plain: Temporal.PlainDateTime, offset: string): Moment {
  return { iso: isoOf(plain.toZonedDateTime(offsetText(offset))) };
}

function offsetText(offset: string): string {
  if (/^[A-Z]/.test(offset)) return '+00:00';
  const digits = offset.slice(1).replace(':', '').padEnd(4, '0');
  return `${offset[0]}${digits.slice(0, 2)}:${digits.slice(2)}`;
}

function inZone(plain: Temporal.PlainDateTime, name: string, offset?: string): Moment {
  checkZone(name);
  // The name as it was written: the canonical one may be older than what people know.
  const zone = name;
  if (offset !== undefined) {
    const there = plain.toZonedDateTime(offsetText(offset)).withTimeZone(zone);
    if (!there.toPlainDateTime().equals(plain)) {
      throw new TimeError(`has the offset ${offset}, but ${zone} has ${there.offset} then`);
    }
    return { iso: isoOf(there), zone };
  }
  const earlier = plain.toZonedDateTime(zone, { disambiguation: 'earlier' });
  const later = plain.toZonedDateTime(zone, { disambiguation: 'later' });
  if (earlier.equals(later)) return { iso: isoOf(earlier), zone };
  const skipped = !later.toPlainDateTime().equals(plain);
  throw new TimeError(
    skipped
      ? `does not exist in ${zone}: the clocks go forward then`
      : `comes twice in ${zone}, when the clocks go back; add the offset, ${earlier.offset} or ${later.offset}`,
  );
}

function isoOf(time: Temporal.ZonedDateTime): string {
  return time.toString({ timeZoneName: 'never', smallestUnit: 'second' });
}

/** Whole seconds from one time to another; negative when the other is before. */
export function secondsBetween(from: string, to: string): number {
  const ms =
    Temporal.Instant.from(to).epochMilliseconds - Temporal.Instant.from(from).epochMilliseconds;
  return Math.floor(ms / 1000);
}

/** A moment some days later on its own clock: at the same time of day, also when summer time ends. */
export function plusDays(moment: Moment, days: number): Moment {
  const time = zoned(moment).add({ days });
  return { ...moment, iso: isoOf(time) };
}

/** The later of two moments. */
export function laterOf(a: Moment, b: Moment): Moment {
  return secondsBetween(a.iso, b.iso) > 0 ? b : a;
}

function zoned(moment: Moment): Temporal.ZonedDateTime {
  const instant = Temporal.Instant.from(moment.iso);
  const offset = /([+-]\d{2}:\d{2})$/.exec(moment.iso)?.[1] ?? '+00:00';
  return instant.toZonedDateTimeISO(moment.zone ?? offset);
}

/**
 * `Thursday, 1 October 2026, 11:58 PM`, as Moodle writes times; also in other languages of its site:
 * `Donnerstag, 1. Oktober 2026, 23:58`, `jueves, 1 de octubre de 2026, 23:58`.
 * @returns undefined when it is not that, or the language is not known
 */
export function parseMoodleTime(text: string, zone: string): Moment | undefined {
  const match =
    /^[\p{L}\p{M}.-]+,? (\d{1,2})\.? (?:de |d')?([\p{L}\p{M}.]+) (?:de )?(\d{4}),? (?:\p{L}+ )?(\d{1,2})[:.](\d{2})(?:\s*([AP])\.?\s?M\.?)?$/iu.exec(
      text.trim(),
    );
  if (!match) return undefined;
  const [, day = '', monthName = '', year = '', hour = '', minute = '', half] = match;
  const month = monthOf(monthName);
  if (month === undefined) return undefined;
  const hours = half ? (Number(hour) % 12) + (half.toUpperCase() === 'P' ? 12 : 0) : Number(hour);
  const two = (value: string | number) => String(value).padStart(2, '0');
  try {
    const local = `${year}-${two(month)}-${two(day)}T${two(hours)}:${minute}:00`;
    // When it comes twice, the earlier is the one in favour of the learner.
    const time = Temporal.PlainDateTime.from(local).toZonedDateTime(zone, {
      disambiguation: 'earlier',
    });
    return { iso: isoOf(time), zone };
  } catch {
    return undefined;
  }
}

/** Languages of Moodle sites whose names of months are known. */
const LANGUAGES = [
  ...['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl', 'cs', 'sk', 'sv', 'da', 'nb', 'fi', 'hu'],
  ...['ro', 'tr', 'ca', 'hr', 'sl', 'et', 'lv', 'lt', 'ru', 'uk', 'el', 'bg'],
];
let months: ReadonlyMap<string, number> | undefined;

/** The number of a month by its name in one of the languages, alone or in a date. */
function monthOf(name: string): number | undefined {
  months ??= new Map(
    LANGUAGES.flatMap(language =>
      Array.from({ length: 12 }, (_, at) => {
        const date = new Date(Date.UTC(2026, at, 15));
        const form = (options: Intl.DateTimeFormatOptions) =>
          new Intl.DateTimeFormat(language, { ...options, timeZone: 'UTC' })
            .formatToParts(date)
            .find(part => part.type === 'month')?.value ?? '';
        return [form({ month: 'long' }), form({ month: 'long', day: 'numeric' })].map(
          (one): [string, number] => [one.toLowerCase(), at + 1],
        );
      }).flat(),
    ),
  );
  return months.get(name.toLowerCase());
}
