import { check, fail } from '../../harness/check.js';
import type { Recording } from '../../harness/recording.js';
import { configuration, type Facts, findingsOf } from './configuration.js';
import { CONF, DOCUMENT } from './files.js';
import { isKnown, judgePart, type Opinion, type Part, parts } from './meaning.js';

/** T10: SECURITY.md tells of every setting what it does, why, and what breaks without it. */

const labels: readonly { readonly part: Part; readonly label: RegExp }[] = [
  // "What breaks without it" begins with "what" as well, so it is asked for first.
  { part: 'without', label: /^\W*(?:what (?:breaks|fails|happens)|without|breaks?|if missing)\b/i },
  { part: 'why', label: /^\W*(?:why|reason)\b/i },
  { part: 'what', label: /^\W*what\b/i },
];

const partOf = (text: string) => labels.find(one => one.label.test(text));

/**
 * What a document says of a setting: under a heading that names it, in paragraphs that begin with
 * What, Why and Without; or in a table, in the cells below these words, else in the three behind its
 * name. Undefined when the document has no such place.
 */
export function partsFor(document: string, setting: string): ReadonlyMap<Part, string> | undefined {
  const named = new RegExp(`(?<![\\w-])${setting.replace(/[^\w]/g, '\\$&')}(?![\\w-])`);
  const lines = document
    .replace(/<!--[\s\S]*?-->/g, '')
    .split('\n')
    .map(line => line.trimEnd());
  const row = lines.findIndex(line => line.startsWith('|') && named.test(cells(line)[0] ?? ''));
  if (row >= 0) return inTable(lines, row);
  const heading = lines.findIndex(line => /^#{1,6} /.test(line) && named.test(line));
  if (heading < 0) return undefined;
  const end = lines.findIndex((line, at) => at > heading && /^#{1,6} /.test(line));
  return labelled(lines.slice(heading + 1, end < 0 ? undefined : end));
}

const cells = (line: string) =>
  line
    .split('|')
    .slice(1, -1)
    .map(cell => cell.trim());

function inTable(lines: readonly string[], row: number): Map<Part, string> {
  let first = row;
  while (first > 0 && lines[first - 1]?.startsWith('|')) first--;
  const heads = cells(lines[first] ?? '').map(head => partOf(head)?.part);
  const own = cells(lines[row] ?? '');
  const headed = parts.every(part => heads.includes(part));
  const last = own.slice(1).slice(-3);
  return new Map(
    parts.flatMap((part, at): [Part, string][] => {
      const text = headed ? own[heads.indexOf(part)] : last[at];
      return text ? [[part, text]] : [];
    }),
  );
}

function labelled(lines: readonly string[]): Map<Part, string> {
  const texts = new Map<Part, string>();
  let current: Part | undefined;
  for (const line of lines) {
    const found = partOf(line);
    if (found) current = found.part;
    if (!current) continue;
    const text = found ? line.replace(found.label, '') : line;
    texts.set(current, `${texts.get(current) ?? ''} ${text}`.trim());
  }
  return texts;
}

const inWords: Readonly<Record<Part, string>> = {
  what: 'what it does',
  why: 'why you set it',
  without: 'what breaks without it',
};

/** A text that stands in so many places speaks of none of them. */
const REPEATED = 3;

interface Judged {
  readonly key: string;
  readonly at: string;
  readonly part: Part;
  readonly text: string;
  readonly opinion: Opinion;
}

/** What is to be thought of each part of each setting that the document speaks of. */
export function judgeDocument(
  document: string,
  settings: readonly { readonly key: string; readonly at: string }[],
): Judged[] {
  const all = settings.flatMap(({ key, at }) => {
    const texts = partsFor(document, key);
    return texts ? parts.map(part => ({ key, at, part, text: texts.get(part) ?? '' })) : [];
  });
  const plain = (text: string) => (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).join(' ');
  const times = (text: string) => all.filter(one => plain(one.text) === plain(text)).length;
  const judged = all.map(one => {
    const opinion = judgePart(one.key, one.part, one.text);
    const again = opinion.is === 'true' || opinion.is === 'unknown' ? times(one.text) : 0;
    return { ...one, opinion: again >= REPEATED ? ({ is: 'filler' } as const) : opinion };
  });
  // Three texts of which none has a word of the setting's own do not speak of it.
  return judged.map(one => {
    const others = judged.filter(other => other.key === one.key);
    const strange = isKnown(one.key) && others.every(({ opinion }) => opinion.is === 'unknown');
    return strange ? { ...one, opinion: { is: 'filler' } as const } : one;
  });
}

const excerpt = (text: string) => (text.length > 120 ? `${text.slice(0, 119)}…` : text);

export const documents = check<Facts>({
  id: 'T10',
  judges: ['C11', 'C12', 'C13'],
  title: 'SECURITY.md explains every setting in mosquitto.conf',
  clauses: [],
  on: configuration,
  needs: ['T1'],
  remark: recording => {
    const { document = '', settings } = findingsOf(recording as Recording<Facts>);
    const open = judgeDocument(document, settings).filter(one => one.opinion.is === 'unknown');
    if (open.length === 0) return undefined;
    const places = open.map(({ key, part }) => `${key} (${inWords[part]})`).join(', ');
    return `for your instructor to read: no program can tell whether this is so: ${places}`;
  },
  verify: recording => {
    const { document, settings } = findingsOf(recording);
    const expected = `${DOCUMENT} has a section for each setting: what it does, why, and what breaks without it`;
    const why =
      'who takes over this broker in two years sees a line and does not know whether it may go. What nobody can explain is deleted, or never touched again';
    if (document === undefined) {
      return fail({
        mistake: 'no-document',
        expected,
        seen: `there is no file ${DOCUMENT} beside your program`,
        why,
        try: `make it: a heading for each setting in ${CONF}`,
      });
    }
    const absent = settings.filter(({ key }) => partsFor(document, key) === undefined);
    const judged = judgeDocument(document, settings);
    const empty = judged.filter(one => one.opinion.is === 'empty');
    if (absent.length > 0 || empty.length > 0) {
      const keys = [...new Set(empty.map(one => one.key))];
      return fail({
        mistake: absent.length > 0 ? 'setting-not-documented' : 'part-not-documented',
        expected,
        seen: [
          ...absent.map(
            ({ key, at }) => `${at}: ${key}: ${DOCUMENT} has no heading and no table row for it`,
          ),
          ...keys.map(key => {
            const lacking = empty.filter(one => one.key === key);
            const told = lacking.map(one => inWords[one.part]).join(', nor ');
            return `${lacking[0]?.at}: ${key}: ${DOCUMENT} does not say ${told}`;
          }),
        ].join('\n'),
        why,
        try:
          absent.length > 0
            ? `write "## ${absent[0]?.key}", and below it three paragraphs that begin with What, Why and Without`
            : `write a sentence of your own behind the label, under "${keys[0]}"`,
      });
    }
    const untrue = judged.find(one => one.opinion.is === 'untrue');
    if (untrue?.opinion.is === 'untrue') {
      return fail({
        mistake: 'not-true',
        expected: `${DOCUMENT} says of each setting what is so`,
        seen: `${untrue.at}: ${untrue.key}, ${inWords[untrue.part]}: "${excerpt(untrue.text)}"`,
        why: `"${untrue.opinion.words}" is not so: ${untrue.opinion.truth}. Who believes it decides wrongly about this line`,
        try: 'try it: change the line, start the broker, and see what a client gets',
      });
    }
    const filler = judged.filter(one => one.opinion.is === 'filler');
    const [first] = filler;
    if (first) {
      fail({
        mistake: 'says-nothing',
        expected,
        seen: filler
          .slice(0, 4)
          .map(one => `${one.at}: ${one.key}, ${inWords[one.part]}: "${excerpt(one.text)}"`)
          .join('\n'),
        why: 'this could stand under any setting: it does not say what this one changes',
        try: `say of ${first.key} who gets or loses what: a port, a name, a password, a topic`,
      });
    }
  },
});
