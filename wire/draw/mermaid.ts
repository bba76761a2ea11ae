/** The exchange as text for Mermaid: `sequenceDiagram`, as Markdown pages show it. */
import { assertNever } from '../assert-never.js';
import { safeName, safeText } from '../safe.js';
import type { Trace } from '../trace.js';
import { shortLabel } from './label.js';
import {
  type Cited,
  connectionText,
  folded,
  foldWords,
  noteText,
  type SceneRow,
  sceneOf,
} from './scene.js';

export interface MermaidOptions {
  readonly cited?: Cited;
  /** False: runs of alike packets are written one by one. */
  readonly fold?: boolean;
  /** Rows at most; Mermaid refuses long texts. Default 500; what is left out is said. */
  readonly most?: number;
}

const LABEL = 60;

/**
 * Text that means nothing to Mermaid: all but letters, digits and harmless signs as `#code;`. That
 * covers the end of a statement (`;`), comments (`%%`), directives (`%%{`), entities (`#`), HTML.
 */
function plain(text: string): string {
  const marked = text.replace(/[^\p{L}\p{N} ._/=,()'-]/gu, one => `#${one.codePointAt(0)};`);
  // Mermaid refuses a line that ends behind its colon.
  return marked.trim() || '#45;';
}

/**
 * The exchange as a Mermaid sequence diagram. A lost packet's arrow ends in a cross (`-x`), a
 * packet of the tap's own is dashed, and every fault is named in words.
 */
export function drawMermaid(trace: Trace, options: MermaidOptions = {}): string {
  const scene = sceneOf(trace, options.cited);
  const all = options.fold === false ? scene.rows : folded(scene.rows);
  const most = options.most ?? 500;
  // Names of our own: a client could be called `end`, which is a keyword.
  const ids = new Map([...scene.left, ...scene.right].map((name, at) => [name, `C${at + 1}`]));
  const declare = (name: string) =>
    `  participant ${ids.get(name)} as ${plain(safeName(name, { limit: 40 }))}`;
  const lines = [
    'sequenceDiagram',
    ...scene.left.map(declare),
    '  participant B as broker',
    ...scene.right.map(declare),
    ...all.slice(0, most).map(row => `  ${statement(row, ids)}`),
  ];
  if (all.length > most) {
    lines.push(`  Note over B: cut here, ${all.length - most} more lines are not shown`);
  }
  return `${lines.join('\n')}\n`;
}

function statement(row: SceneRow, ids: ReadonlyMap<string, string>): string {
  const over = (who: string | undefined, text: string) =>
    `Note over ${(who === undefined ? undefined : ids.get(who)) ?? 'B'}: ${plain(text)}`;
  switch (row.kind) {
    case 'packet': {
      const { entry, stopped, special, cited } = row;
      const id = ids.get(entry.who) ?? 'B';
      const [from, to] = entry.direction === 'to-broker' ? [id, 'B'] : ['B', id];
      const words = [
        `#${entry.n}`,
        ...(cited.length > 0 ? [`(cited by ${cited.join(', ')})`] : []),
        ...(special ? [`(${special.word})`] : []),
        ...(stopped ? [`(${stopped.word})`] : []),
        shortLabel(entry.packet, LABEL),
      ];
      const arrow = stopped ? '-x' : entry.madeByTap ? '-->>' : '->>';
      return `${from}${arrow}${to}: ${plain(words.join(' '))}`;
    }
    case 'release': {
      const id = ids.get(row.entry.who) ?? 'B';
      const [from, to] = row.entry.direction === 'to-broker' ? [id, 'B'] : ['B', id];
      const label = shortLabel(row.entry.packet, LABEL);
      return `${from}-->>${to}: ${plain(`#${row.entry.n} passed on: ${label}`)}`;
    }
    case 'connection':
      return over(row.entry.who, connectionText(row.entry));
    case 'fault':
      return over(row.who, `fault: ${safeText(row.text)}`);
    case 'note':
      return over(row.entry.who, noteText(row.entry, {}));
    case 'fold':
      return over(undefined, foldWords(row));
    default:
      return assertNever(row, 'row of a drawing');
  }
}
