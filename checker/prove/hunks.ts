import { diffArrays } from 'diff';
import type { Hunk, HunkLine } from './edits.js';

/** A place that cannot be changed, and why. */
export class Misfit extends Error {
  constructor(
    /** Line in the file of edits. */
    readonly line: number,
    text: string,
  ) {
    super(text);
  }
}

/** The lines of a text, each with its line end; the last one may have none. */
export function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/**
 * A text with its places changed. Each place is found by its text, which must stand there once.
 * @param name of the text, for what is said when a place is not there
 * @throws Misfit when a place is not there, is there twice, or overlaps another one
 */
export function applyHunks(base: string, hunks: readonly Hunk[], name: string): string {
  const lines = linesOf(base);
  const found = hunks
    .map(hunk => ({ hunk, start: placeOf(lines, hunk, name) }))
    .sort((a, b) => a.start - b.start);
  const made: string[] = [];
  let at = 0;
  for (const { hunk, start } of found) {
    if (start < at) {
      throw new Misfit(
        hunk.line,
        `line ${start + 1} of ${name} is in two places that change: make them one`,
      );
    }
    made.push(...lines.slice(at, start), ...side(hunk.lines, '+'));
    at = start + side(hunk.lines, '-').length;
  }
  return [...made, ...lines.slice(at)].join('');
}

/** The lines of a place before (`-`) or after (`+`) the change. */
function side(lines: readonly HunkLine[], sign: '-' | '+'): string[] {
  return lines.filter(one => one.sign === ' ' || one.sign === sign).map(one => one.text);
}

/** The line at which a place begins, from 0. */
function placeOf(lines: readonly string[], hunk: Hunk, name: string): number {
  const sought = side(hunk.lines, '-');
  if (sought.length === 0 && lines.length > 0) {
    throw new Misfit(
      hunk.line,
      `it adds lines to ${name}, and does not say where: begin with a line that is there`,
    );
  }
  const places = placesOf(lines, sought);
  const [place, other] = places;
  if (place === undefined) throw new Misfit(hunk.line, notThere(lines, sought, name));
  if (other !== undefined) {
    const all = places.map(at => at + 1).join(' and ');
    throw new Misfit(
      hunk.line,
      `${name} has these lines ${places.length} times, at line ${all}; add the line before or behind them:\n${quoted(sought)}`,
    );
  }
  return place;
}

function placesOf(lines: readonly string[], sought: readonly string[]): number[] {
  const places: number[] = [];
  for (let at = 0; at + sought.length <= lines.length; at++) {
    if (sought.every((line, turn) => lines[at + turn] === line)) places.push(at);
  }
  return places;
}

const quoted = (lines: readonly string[]) =>
  lines.map(line => `  | ${line.replace(/\r?\n$/, '')}`).join('\n');

/** What is looked for, and the line that comes nearest to the first one that is not there. */
function notThere(lines: readonly string[], sought: readonly string[], name: string): string {
  const agreeing = lines.map((_, at) =>
    sought.findIndex((line, turn) => lines[at + turn] !== line),
  );
  const most = Math.max(0, ...agreeing);
  const wanted = sought[most] ?? '';
  const near = most > 0 ? agreeing.indexOf(most) + most : nearestLine(lines, wanted);
  const line = lines[near];
  const told = `${name} has no such lines:\n${quoted(sought)}`;
  if (line === undefined) return told;
  const first =
    most > 0 ? `\nThe first ${most === 1 ? 'line is' : `${most} lines are`} there.` : '';
  const blank = line.trim() === wanted.trim() ? ', with other white space' : '';
  return `${told}${first}\nNearest is line ${near + 1}${blank}:\n${quoted([line])}`;
}

function nearestLine(lines: readonly string[], wanted: string): number {
  const likeness = lines.map(line => alike(line.trim(), wanted.trim()));
  return likeness.indexOf(Math.max(...likeness));
}

/** How much two lines have in common, by pairs of letters: from 0 to 1. */
function alike(left: string, right: string): number {
  const pairs = (text: string) => Array.from(text.slice(1), (letter, at) => text[at] + letter);
  const rest = pairs(right);
  const total = rest.length + Math.max(0, left.length - 1);
  let common = 0;
  for (const pair of pairs(left)) {
    const at = rest.indexOf(pair);
    if (at < 0) continue;
    rest.splice(at, 1);
    common += 1;
  }
  return total === 0 ? 0 : (2 * common) / total;
}

/** Lines of the base that go, from 0 and with the end behind the last one, and what comes in their place. */
interface Replaced {
  readonly start: number;
  readonly end: number;
  readonly added: readonly string[];
}

/** A place: lines of the base, and what is replaced among them. */
interface Place {
  readonly start: number;
  readonly end: number;
  readonly replaced: readonly Replaced[];
}

/** The places that make one text of another, each with as many lines around it as make it unique. */
export function makeHunks(base: string, edited: string): Hunk[] {
  const lines = linesOf(base);
  const replaced = inOnePiece(lines, replacements(lines, linesOf(edited)));
  const places = replaced.map(one => ({ ...one, replaced: [one] }));
  // A line between two places costs no more than the line that would begin another one.
  const near = joined(places, 1);
  const wide = joined(
    near.map(place => ({ ...place, ...uniqueRange(lines, place) })),
    -1,
  );
  return wide.map(place => ({ line: 0, lines: hunkLines(lines, place) }));
}

function replacements(before: string[], after: string[]): Replaced[] {
  const made: Replaced[] = [];
  let at = 0;
  let open: Replaced | undefined;
  for (const { added, removed, value } of diffArrays(before, after)) {
    if (!added && !removed) {
      if (open) made.push(open);
      open = undefined;
    } else {
      open ??= { start: at, end: at, added: [] };
      open = added
        ? { ...open, added: [...open.added, ...value] }
        : { ...open, end: open.end + value.length };
    }
    if (!added) at += value.length;
  }
  return open ? [...made, open] : made;
}

/** Reads better: what has nothing but empty lines in common with its neighbour becomes one with it. */
function inOnePiece(lines: readonly string[], all: readonly Replaced[]): Replaced[] {
  const made: Replaced[] = [];
  for (const one of all) {
    const last = made.at(-1);
    const between = last && lines.slice(last.end, one.start);
    if (!last || !between?.every(line => line.trim() === '')) made.push(one);
    else {
      const added = [...last.added, ...between, ...one.added];
      made[made.length - 1] = trimmed(lines, { start: last.start, end: one.end, added });
    }
  }
  return made;
}

/** Without the lines at its end that are the same before and after. */
function trimmed(lines: readonly string[], { start, end, added }: Replaced): Replaced {
  let same = 0;
  while (
    same < Math.min(end - start, added.length) &&
    lines[end - 1 - same] === added.at(-1 - same)
  )
    same++;
  return { start, end: end - same, added: added.slice(0, added.length - same) };
}

/** Makes one of neighbours with no more than so many lines between them; below 0: that overlap. */
function joined(places: readonly Place[], gap: number): Place[] {
  const made: Place[] = [];
  for (const place of places) {
    let one = place;
    // A wide place may reach over several of those before it.
    for (let last = made.at(-1); last && one.start - last.end <= gap; last = made.at(-1)) {
      made.pop();
      one = {
        start: Math.min(last.start, one.start),
        end: Math.max(last.end, one.end),
        replaced: [...last.replaced, ...one.replaced],
      };
    }
    made.push(one);
  }
  return made;
}

/** The lines around a place whose text is found once: as few as possible, rather before it. */
function uniqueRange(lines: readonly string[], place: Place): { start: number; end: number } {
  let second: { start: number; end: number } | undefined;
  for (let count = place.start === place.end ? 1 : 0; count <= lines.length; count++) {
    for (let up = count; up >= 0; up--) {
      const start = place.start - up;
      const end = place.end + count - up;
      if (start < 0 || end > lines.length) continue;
      if (placesOf(lines, lines.slice(start, end)).length !== 1) continue;
      const range = { start, end };
      const airy =
        (start < place.start && lines[start]?.trim() === '') ||
        (end > place.end && lines[end - 1]?.trim() === '');
      if (!airy) return range;
      // An empty line at the edge says little: one line more may end at one that does.
      second ??= range;
    }
    if (second && count > second.end - second.start - (place.end - place.start)) return second;
  }
  return second ?? place;
}

function hunkLines(lines: readonly string[], { start, end, replaced }: Place): HunkLine[] {
  const made: HunkLine[] = [];
  const add = (sign: HunkLine['sign'], texts: readonly string[]) =>
    made.push(...texts.map(text => ({ sign, text })));
  let at = start;
  for (const one of replaced) {
    add(' ', lines.slice(at, one.start));
    add('-', lines.slice(one.start, one.end));
    add('+', one.added);
    at = one.end;
  }
  add(' ', lines.slice(at, end));
  return made;
}
