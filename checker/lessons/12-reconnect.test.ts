import type { Diagnosis } from '../harness/check.js';
import { defineLesson, type Practice } from '../harness/lesson.js';

import { hiddenTests } from '../harness/vitest.js';
import {
  asItIs,
  oddQuestions,
  refusalIsWeather,
  sameOptions,
  waitsForAck,
  waitsForConnack,
  waitsForLine,
} from './12-reconnect/always.js';
import { answers, lively, speaks } from './12-reconnect/basics.js';
import { back, oneAnswer, oneTimer } from './12-reconnect/drops.js';
import {
  noLies,
  noneLost,
  notices,
  patient,
  steady,
  subscribesAgain,
  weather,
} from './12-reconnect/outages.js';
import { environment, practiceFacts, threeDrops } from './12-reconnect/scenarios.js';
import { leavesCleanly } from './shared/leaves-cleanly.js';

export const leaves = leavesCleanly(threeDrops, { id: 'T14', judges: ['C23'], needs: ['T4'] });

export const everythingInConnect: Diagnosis = {
  leads: 'T5',
  covers: ['T6'],
  applies: pattern =>
    pattern.mistake('T5') === 'handlers-multiply' && pattern.mistake('T6') === 'timers-multiply',
  failure: () => ({
    mistake: 'everything-in-connect',
    why: 'answers and heartbeats both multiply with each reconnect: your whole program stands in the connect event, and runs once more each time',
    try: 'leave only the subscription in the connect event; handler and timer belong outside',
  }),
};

export const practice: Practice = {
  env: random => ({ ...environment(practiceFacts(random)), HEARTBEAT_MS: '2000' }),
  events: (random, env) =>
    practiceFacts(random).readings.flatMap((reading, at) => [
      { input: reading },
      {
        topic: env['ASK_TOPIC'] ?? '',
        payload: JSON.stringify({ ask: `q-${at + 1}` }),
        qos: 1 as const,
      },
    ]),
};

export const lesson = hiddenTests(
  defineLesson({
    id: '12-reconnect',
    checks: [
      answers,
      speaks,
      lively,
      back,
      oneAnswer,
      oneTimer,
      subscribesAgain,
      weather,
      noneLost,
      steady,
      noLies,
      notices,
      refusalIsWeather,
      patient,
      leaves,
      oddQuestions,
      asItIs,
      waitsForConnack,
      waitsForLine,
      waitsForAck,
      sameOptions,
    ],
    diagnoses: [everythingInConnect],
    practice,
  }),
);
