import { check, fail } from '../harness/check.js';
import { packetFields } from '../harness/fields.js';
import { defineLesson, type Practice } from '../harness/lesson.js';
import { insteadOf } from '../harness/matchers.js';
import { sent } from '../harness/recording.js';
import { hiddenTests } from '../harness/vitest.js';
import { type Facts, makeTopic, oneMessage } from './NN-topic/scenarios.js';
import { leavesCleanly } from './shared/leaves-cleanly.js';

export const saysSomething = check<Facts>({
  id: 'T1',
  judges: ['C1'],
  title: 'it publishes a message on its topic',
  clauses: ['3.1.1 MQTT-3.3.2-1'],
  on: oneMessage,
  verify: recording => {
    const { topic } = recording.facts;
    const out = sent(recording, 'PUBLISH');
    if (out.some(entry => entry.packet.topic === topic)) return;
    const [elsewhere] = out;
    const expected = `a PUBLISH on ${topic}`;
    if (elsewhere) {
      fail({
        mistake: 'other-topic',
        field: packetFields.topicName,
        expected,
        seen: [elsewhere],
        why: 'whoever subscribed to the agreed topic name receives nothing',
        try: 'read the topic name from the environment variable TOPIC',
      });
    }
    fail({
      mistake: 'no-publish',
      expected,
      seen: insteadOf(recording, 'PUBLISH'),
      why: 'the message never left your program',
      try: 'publish when the program has begun; look for TODO 1',
    });
  },
});

export const leaves = leavesCleanly(oneMessage, { id: 'T2', judges: ['C2'], needs: ['T1'] });

export const practice: Practice = {
  env: random => ({ TOPIC: makeTopic(random) }),
};

export const lesson = hiddenTests(
  defineLesson({ id: 'NN-topic', checks: [saysSomething, leaves], practice }),
);
