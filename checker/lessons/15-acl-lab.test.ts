import { defineLesson } from '../harness/lesson.js';
import { hiddenTests } from '../harness/vitest.js';
import { claimChecks } from './15-acl-lab/claims.js';
import { documents } from './15-acl-lab/document.js';
import { ruleChecks } from './15-acl-lab/rules.js';
import { startChecks } from './15-acl-lab/start.js';

export const lesson = hiddenTests(
  defineLesson({
    id: '15-acl-lab',
    checks: [...startChecks, ...ruleChecks, documents, ...claimChecks],
    diagnoses: [
      {
        // Both users without rights, and both for the same reason.
        leads: 'T4',
        covers: ['T5'],
        applies: one => one.mistake('T4') === 'before-user' && one.mistake('T5') === 'before-user',
        failure: () => ({
          mistake: 'before-user',
          expected:
            'sensor publishes below home/sensors, and dashboard receives everything below home',
          why: 'topic lines above the first "user" line are for clients without a name only. sensor and dashboard have names, so these lines give them nothing',
          try: 'put "user sensor" and "user dashboard" above the lines that are meant for them',
        }),
      },
    ],
    practice: {
      env: random => ({
        SENSOR_PASSWORD: random.token(12),
        DASHBOARD_PASSWORD: random.token(12),
        TESTER_PASSWORD: random.token(12),
        RESULT_FILE: 'result.json',
      }),
    },
  }),
);
