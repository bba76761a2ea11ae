import { defineLesson, type Practice } from '../harness/lesson.js';

import { hiddenTests } from '../harness/vitest.js';
import { comesBack, isPatient, reboots, saysGoodbye } from './09-last-will/phases.js';
import { dies, fallsSilent, hasWill, isThere } from './09-last-will/presence.js';
import { cleanStop, environment, facts } from './09-last-will/scenarios.js';
import {
  goodbyeAgain,
  onlyOnline,
  stopsBeforeConnack,
  stopsWhileAway,
} from './09-last-will/stops.js';
import { leavesCleanly } from './shared/leaves-cleanly.js';

export const leaves = leavesCleanly(cleanStop, { id: 'T9', judges: ['C11'], needs: ['T8'] });

export const practice: Practice = { env: random => environment(facts(random), 5) };

export const lesson = hiddenTests(
  defineLesson({
    id: '09-last-will',
    checks: [
      hasWill,
      isThere,
      dies,
      fallsSilent,
      comesBack,
      isPatient,
      reboots,
      saysGoodbye,
      leaves,
      onlyOnline,
      stopsBeforeConnack,
      stopsWhileAway,
      goodbyeAgain,
    ],
    practice,
  }),
);
