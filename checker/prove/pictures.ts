import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../course/package-root.js';
import { describePacket, type PacketEntry, type WirePacket } from '../../wire/index.js';
import { loadLesson } from '../check/test-host.js';
import { lessonScenarios } from '../harness/lesson.js';
import { perform } from '../harness/perform.js';
import { prepareProgram } from '../program/prepare.js';

/**
 * The pictures in the lessons: numbered packet lists, drawn from a real run. A block
 *
 *     ```packets program=solution scenario="one by one" seed=cold [who="program, sensor"] [from=3] [to=9]
 *
 * names the run; what stands in it must be what came of that run.
 */
export interface Picture {
  readonly lesson: string;
  /** The opening line of the block. */
  readonly header: string;
  readonly written: string;
}

const block = /^```packets (.*)\n([\s\S]*?)^```$/gm;

export function lessonFile(lesson: string): string {
  return join(packageRoot(), 'lessons', `${lesson}.md`);
}

export function picturesOf(lesson: string): Picture[] {
  const text = readFileSync(lessonFile(lesson), 'utf8');
  return [...text.matchAll(block)].map(([, header = '', written = '']) => ({
    lesson,
    header,
    written,
  }));
}

/** Puts newly drawn pictures into a lesson's text. */
export function replacePictures(text: string, drawn: ReadonlyMap<string, string>): string {
  return text.replace(block, (whole, header: string) => {
    const lines = drawn.get(header);
    return lines === undefined ? whole : `\`\`\`packets ${header}\n${lines}\`\`\``;
  });
}

/** Runs the exchange that a picture shows and draws it. @throws Error when the block names no scenario */
export async function drawPicture({ lesson, header }: Picture): Promise<string> {
  const fields: Readonly<Record<string, string>> = Object.fromEntries(
    [...header.matchAll(/([\w-]+)=(?:"([^"]*)"|(\S+))/g)].map(([, key, quoted, bare]) => [
      key,
      quoted ?? bare ?? '',
    ]),
  );
  const definition = lessonScenarios(await loadLesson(lesson)).find(
    one => one.name === fields['scenario'],
  );
  if (!definition)
    throw new Error(`${lesson}: there is no scenario "${fields['scenario']}" to draw`);
  const folder =
    fields['program'] === 'solution'
      ? ['solutions', lesson, 'typescript']
      : ['exercises', lesson, 'observe'];
  const prepared = await prepareProgram({
    id: 'picture',
    lesson,
    track: 'typescript',
    program: { kind: 'file', path: join(packageRoot(), ...folder, 'main.ts') },
    seed: fields['seed'] ?? 'picture',
  });
  try {
    const recording = await perform(definition, prepared.spec, { plainPeers: true });
    if (recording.fault || recording.gaveUp) {
      throw new Error(
        `${lesson}, ${definition.name}: ${recording.fault ?? `gave up waiting for ${recording.gaveUp?.waitedFor}`}`,
      );
    }
    const who = (fields['who'] ?? 'program').split(',').map(one => one.trim());
    const all = recording.trace.entries.filter(
      (entry): entry is PacketEntry => entry.kind === 'packet' && who.includes(entry.who),
    );
    return draw(all.slice(Number(fields['from'] ?? 1) - 1, Number(fields['to'] ?? all.length)));
  } finally {
    await prepared.dispose();
  }
}

/** Without what differs at every run: times, packet identifiers that the library starts at random. */
function draw(entries: readonly PacketEntry[]): string {
  const ids = new Map<string, number>();
  const width = String(entries.length).length;
  const lane = Math.max(...entries.map(entry => entry.who.length));
  const lines = entries.map((entry, at) => {
    const number = `#${at + 1}`.padEnd(width + 1);
    const arrow = entry.direction === 'to-broker' ? '→' : '←';
    return `${number}  ${entry.who.padEnd(lane)} ${arrow} broker  ${describePacket(plain(entry, ids))}${fateText(entry)}`;
  });
  return `${lines.join('\n')}\n`;
}

function fateText(entry: PacketEntry): string {
  if (entry.madeByTap) return '   (made by the tap)';
  if (entry.fate === 'forwarded' || entry.releasedAt !== undefined) return '';
  return `   (${entry.fate})`;
}

function plain(entry: PacketEntry, ids: Map<string, number>): WirePacket {
  const { packet } = entry;
  if (packet.type === 'CONNECT') {
    return { ...packet, clientId: packet.clientId.replace(/^mqttjs_.*/, 'mqttjs_…') };
  }
  if (!('id' in packet) || packet.id === undefined) return packet;
  // Each side counts for itself: an acknowledgement has the identifier of the packet it answers.
  const answers = /^(PUBACK|PUBREC|PUBCOMP|SUBACK|UNSUBACK)$/.test(packet.type);
  const owner = answers === (entry.direction === 'to-broker') ? 'broker' : 'client';
  // Across connections as well: a message that comes again keeps its identifier.
  const key = `${entry.who}/${owner}/${packet.id}`;
  const known =
    ids.get(key) ??
    [...ids.keys()].filter(one => one.startsWith(key.slice(0, key.lastIndexOf('/') + 1))).length +
      1;
  ids.set(key, known);
  return { ...packet, id: known } as WirePacket;
}
