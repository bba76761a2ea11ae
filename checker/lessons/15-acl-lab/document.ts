import { check, fail } from '../../harness/check.js';
import { configuration, type Facts, findingsOf } from './configuration.js';
import { CONF, DOCUMENT } from './files.js';

/** T10: SECURITY.md tells of every setting what it does, why, and what breaks without it. */

export type Part = 'what' | 'why' | 'without';

const labels: readonly { readonly part: Part; readonly label: RegExp }[] = [
  // "What breaks without it" begins with "what" as well, so it is asked for first.
  { part: 'without', label: /^\W*(?:what (?:breaks|fails|happens)|without|breaks?|if missing)\b/i },
  { part: 'why', label: /^\W*(?:why|reason)\b/i },
  { part: 'what', label: /^\W*what\b/i },
];

const FEW_WORDS = 3;

/** Whether a text says something: more than a heading, and no TODO. */
function says(text: string): boolean {
  return (
    !/\bTODO\b|…\s*$/.test(text) && (text.match(/[\p{L}\p{N}_]{2,}/gu) ?? []).length >= FEW_WORDS
  );
}

/**
 * What a document says of a setting: under a heading that names it, in paragraphs that begin with
 * What, Why and Without; or in a table, in the three cells behind its name. Undefined when the
 * document has no such place.
 */
export function partsFor(document: string, setting: string): ReadonlySet<Part> | undefined {
  const named = new RegExp(`(?<![\\w-])${setting.replace(/[^\w]/g, '\\$&')}(?![\\w-])`);
  const lines = document.split('\n').map(line => line.trimEnd());
  const row = lines.find(line => line.startsWith('|') && named.test(cells(line)[0] ?? ''));
  if (row) {
    const [, ...rest] = cells(row);
    const filled = rest.map(says);
    const order: readonly Part[] = ['what', 'why', 'without'];
    return new Set(order.filter((_, at) => filled.slice(-3)[at] ?? false));
  }
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

function labelled(lines: readonly string[]): Set<Part> {
  const texts = new Map<Part, string>();
  let current: Part | undefined;
  for (const line of lines) {
    const found = labels.find(one => one.label.test(line));
    if (found) current = found.part;
    if (!current) continue;
    const text = found ? line.replace(found.label, '') : line;
    texts.set(current, `${texts.get(current) ?? ''} ${text}`);
  }
  return new Set([...texts].filter(([, text]) => says(text)).map(([part]) => part));
}

const inWords: Readonly<Record<Part, string>> = {
  what: 'what it does',
  why: 'why you set it',
  without: 'what breaks without it',
};

export const documents = check<Facts>({
  id: 'T10',
  title: 'SECURITY.md explains every setting in mosquitto.conf',
  clauses: [],
  on: configuration,
  needs: ['T1'],
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
    const gaps = settings.flatMap(({ key, at }) => {
      const parts = partsFor(document, key);
      const lacking = (['what', 'why', 'without'] as const).filter(part => !parts?.has(part));
      return lacking.length > 0 ? [{ key, at, lacking, known: parts !== undefined }] : [];
    });
    const [first] = gaps;
    if (!first) return;
    const absent = gaps.filter(one => !one.known);
    fail({
      mistake: absent.length > 0 ? 'setting-not-documented' : 'part-not-documented',
      expected,
      seen: gaps
        .map(({ key, at, lacking, known }) =>
          known
            ? `${at}: ${key}: ${DOCUMENT} does not say ${lacking.map(part => inWords[part]).join(', nor ')}`
            : `${at}: ${key}: ${DOCUMENT} has no heading and no table row for it`,
        )
        .join('\n'),
      why,
      try:
        absent.length > 0
          ? `write "## ${absent[0]?.key}", and below it three paragraphs that begin with What, Why and Without`
          : `write a sentence of your own behind the label, under "${first.key}"`,
    });
  },
});
