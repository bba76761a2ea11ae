import { readObject } from '../../harness/matchers.js';
import { notes, type Recording, received, sent } from '../../harness/recording.js';
import {
  type Facts,
  type Happening,
  happenings,
  mode,
  neighbour,
  type Published,
  stateOf,
  text,
} from './scenarios.js';

/** What the watcher is to say of the nth happening. */
export interface ExpectedReport {
  readonly device: string;
  readonly source: Happening['source'];
  /** Undefined after an erasing: then the report needs none. */
  readonly mode: string | undefined;
  readonly text: string;
}

const happening = (nth: number): Happening => happenings[nth] as Happening;

export function expectedReport(here: Facts, nth: number): ExpectedReport {
  const one = happening(nth);
  const device = neighbour(here, one.neighbour);
  const its = one.mode === undefined ? undefined : mode(here, one.mode);
  const fields = { device, source: one.source, ...(its === undefined ? {} : { mode: its }) };
  return { device, source: one.source, mode: its, text: JSON.stringify(fields) };
}

/** The reports of the program, in order; a repetition at QoS 1 is the same one. */
export function latestReports(recording: Recording<Facts>): Published[] {
  return sent(recording, 'PUBLISH').filter(
    ({ packet }) => packet.topic === recording.facts.reportTopic && !packet.dup,
  );
}

/** The message of the nth happening as the program got it, and what the program reported on it. */
export function reportFor(
  recording: Recording<Facts>,
  nth: number,
): { readonly cause: Published | undefined; readonly report: Published | undefined } {
  const one = happening(nth);
  const again = notes(recording, 'started')[1]?.t ?? Number.POSITIVE_INFINITY;
  const inRun = (entry: Published) => entry.t >= again === (one.again ?? false);
  const topic = stateOf(recording.facts, one.neighbour);
  const its = one.mode === undefined ? undefined : mode(recording.facts, one.mode);
  const got = received(recording, 'PUBLISH').filter(inRun);
  const cause = got.find(
    entry =>
      entry.packet.topic === topic &&
      (its === undefined ? entry.packet.payload.bytes === 0 : text(entry.packet).includes(its)),
  );
  const reports = latestReports(recording).filter(inRun);
  // A report is known by its device and mode; by its place where it names neither.
  const device = neighbour(recording.facts, one.neighbour);
  const named = reports.filter(entry => text(entry.packet).includes(device));
  const report =
    its === undefined
      ? named.find(entry => cause && entry.n > cause.n)
      : (named.find(entry => text(entry.packet).includes(its)) ??
        (reports.length === got.length ? reports[got.indexOf(cause as Published)] : undefined));
  return { cause, report };
}

/** The source that a report names; undefined when it is not readable. */
export function sourceOf(report: Published): unknown {
  return readObject(report)?.['source'];
}
