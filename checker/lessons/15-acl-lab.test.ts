import type { Diagnosis } from '../harness/check.js';
import { defineLesson, type Practice } from '../harness/lesson.js';
import { hiddenTests } from '../harness/vitest.js';
import {
  downPart,
  findsDeafDashboard,
  findsListeningSensor,
  findsMuteSensor,
  findsSpeakingDashboard,
  judgesHangingUp,
  judgesWithholding,
  lockedPart,
  mutePart,
  ownLab,
} from './15-acl-lab/claims.js';
import { documents } from './15-acl-lab/document.js';
import { goodBroker } from './15-acl-lab/probe.js';
import {
  dashboardPublishesNothing,
  dashboardReceives,
  dashboardReceivesNothingElse,
  sensorPublishes,
  sensorPublishesNowhereElse,
  sensorReceivesNothing,
} from './15-acl-lab/rules.js';
import { admits, inForce, starts } from './15-acl-lab/start.js';

const found = ['T13', 'T14', 'T15', 'T16'];

export const alwaysTrue: Diagnosis = {
  leads: 'T13',
  covers: ['T14', 'T15', 'T16'],
  applies: one =>
    found.every(id => one.failed(id)) && !found.some(id => one.mistake(id) === 'exit-code'),
  failure: () => ({
    mistake: 'always-true',
    expected: 'of four broken brokers, the probe finds in each the one claim that is violated',
    why: 'the probe says the same of every broker: a test that cannot fail tests nothing',
    try: 'for each claim, ask: what would I see if it did not hold? Wait for that',
  }),
};

export const exitCode: Diagnosis = {
  leads: 'T13',
  covers: ['T14', 'T15', 'T16'],
  applies: one => found.every(id => one.mistake(id) === 'exit-code'),
  failure: () => ({ mistake: 'exit-code' }),
};

export const beforeUser: Diagnosis = {
  // Both users without rights, and both for the same reason.
  leads: 'T4',
  covers: ['T5'],
  applies: one => one.mistake('T4') === 'before-user' && one.mistake('T5') === 'before-user',
  failure: () => ({
    mistake: 'before-user',
    expected: 'sensor publishes below home/sensors, and dashboard receives everything below home',
    why: 'topic lines above the first "user" line are for clients without a name only. sensor and dashboard have names, so these lines give them nothing',
    try: 'put "user sensor" and "user dashboard" above the lines that are meant for them',
  }),
};

export const practice: Practice = {
  env: random => ({
    SENSOR_PASSWORD: random.token(12),
    DASHBOARD_PASSWORD: random.token(12),
    TESTER_PASSWORD: random.token(12),
    RESULT_FILE: 'result.json',
  }),
  broker: env =>
    goodBroker({
      sensor: env['SENSOR_PASSWORD'] ?? '',
      dashboard: env['DASHBOARD_PASSWORD'] ?? '',
      tester: env['TESTER_PASSWORD'] ?? '',
    }),
};

export const lesson = hiddenTests(
  defineLesson({
    id: '15-acl-lab',
    checks: [
      starts,
      admits,
      inForce,
      sensorPublishes,
      dashboardReceives,
      sensorPublishesNowhereElse,
      sensorReceivesNothing,
      dashboardPublishesNothing,
      dashboardReceivesNothingElse,
      documents,
      judgesWithholding,
      judgesHangingUp,
      findsMuteSensor,
      findsListeningSensor,
      findsDeafDashboard,
      findsSpeakingDashboard,
      mutePart,
      downPart,
      ownLab,
      lockedPart,
    ],
    diagnoses: [alwaysTrue, exitCode, beforeUser],
    practice,
  }),
);
