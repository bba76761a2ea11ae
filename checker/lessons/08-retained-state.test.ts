import { defineLesson, type Practice } from '../harness/lesson.js';

import { hiddenTests } from '../harness/vitest.js';
import {
  erases,
  outlives,
  passesReadings,
  saysState,
  storesState,
} from './08-retained-state/device.js';
import { inAHurry, oneMessageEach, oneReportEach } from './08-retained-state/every.js';
import { changes, environment, facts } from './08-retained-state/scenarios.js';
import {
  comesBack,
  reportsErased,
  reportsLive,
  reportsStored,
} from './08-retained-state/watcher.js';
import { leavesCleanly } from './shared/leaves-cleanly.js';

export const leaves = leavesCleanly(changes, { id: 'T10', judges: ['C17'], needs: ['T1'] });

export const practice: Practice = {
  env: random => environment(facts(random)),
  events: (random, env) => {
    const topic = (device: string) => (env['WATCH_FILTER'] ?? '').replace('+', device);
    const state = (one: string) => JSON.stringify({ mode: one });
    return [
      { input: { mode: 'eco' } },
      { input: { temp: random.decimal(-30, 45, 1) } },
      { topic: topic('pump-1'), payload: state('night'), qos: 1, retain: true },
      { input: { mode: 'boost' } },
      { topic: topic('pump-1'), payload: state('away'), qos: 1 },
      { topic: topic('pump-1'), payload: '', qos: 1, retain: true },
      { input: { decommission: true } },
    ];
  },
};

export const lesson = hiddenTests(
  defineLesson({
    id: '08-retained-state',
    checks: [
      saysState,
      storesState,
      passesReadings,
      outlives,
      erases,
      reportsStored,
      reportsLive,
      reportsErased,
      comesBack,
      leaves,
      oneReportEach,
      oneMessageEach,
      inAHurry,
    ],
    practice,
  }),
);
