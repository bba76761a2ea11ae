import { type CheckResult, RESULT_SCHEMA, type Verdict } from '../../checker/harness/result.js';

const base = {
  schema: RESULT_SCHEMA,
  lesson: '09-last-will',
  track: 'typescript',
  seed: '7f3a',
  broker: 'embedded',
  durationMs: 812,
  course: '0.1.0',
} as const;

const passed = (id: string, title: string): Verdict => ({
  id,
  title,
  status: 'passed',
  clauses: [],
  packets: [],
});

const will: Verdict = {
  id: 'T3',
  title: 'the will is stored for those who come later',
  status: 'failed',
  clauses: ['3.1.1 MQTT-3.1.2-17', '3.1.1 MQTT-3.3.1-5'],
  expected: 'after a crash, a new subscriber reads "away" on plant/press-3/status',
  seen: [
    '#1 CONNECT clientId=press-3 keepalive=10 clean=1 will=plant/press-3/status "away" qos=1 retain=0',
    '#9 PUBLISH plant/press-3/status "away" retain=0   (delivered once, not stored)',
  ].join('\n'),
  why: 'the will was published without RETAIN, so the stored value is still "here" [3.1.1 MQTT-3.1.2-17]; a dashboard that opens now shows a dead press as alive',
  try: 'look at the options of the will in your CONNECT, beside its topic and payload',
  packets: [1, 9],
  scenario: 'crash',
  mistake: 'will-not-retained',
};

/** One cause, one check that waits for it, and another failure of its own. */
export const failed: CheckResult = {
  ...base,
  status: 'failed',
  checks: [
    passed('T1', 'it connects under the name it was given'),
    passed('T2', 'it registers a will on its status topic'),
    will,
    {
      id: 'T4',
      title: 'a late subscriber learns that the press is gone',
      status: 'not-reached',
      clauses: [],
      packets: [],
      waitsFor: ['T3'],
    },
    {
      ...will,
      id: 'T5',
      title: 'it says goodbye',
      expected: 'DISCONNECT, then the end of the connection',
      seen: 'no DISCONNECT within 2 s; after PUBACK #7 nothing came; your program is still running',
      why: 'nothing ends the client when the input ends',
      try: 'end the client in onStop',
      clauses: [],
      scenario: 'stop',
    },
  ],
  program: {
    exitCode: 0,
    stdout: 'connected\npublishing "here"\n',
    stderr: '',
    stdoutBytes: 27,
    stderrBytes: 0,
  },
  trace: '.mqtt-course/last/09-last-will.json',
};

export const allPassed: CheckResult = {
  ...base,
  status: 'passed',
  checks: [
    passed('T1', 'it connects under the name it was given'),
    passed('T2', 'it registers a will'),
  ],
  trace: '.mqtt-course/last/09-last-will.json',
};

export const couldNotTell: CheckResult = {
  ...base,
  track: 'python',
  status: 'unknown',
  checks: [],
  notice:
    'The Python track needs paho-mqtt, and python3 (Python 3.11.2) does not have it. Install it: python3 -m pip install paho-mqtt',
};

const lines = Array.from({ length: 40 }, (_, i) => `reading ${i + 1} of the press`).join('\n');

/** Output that would draw on the terminal, much of it, some of it not kept; and a signal. */
export const wildOutput: CheckResult = {
  ...base,
  status: 'failed',
  checks: [{ ...will, seen: '#1 CONNECT clientId=\u001B]0;owned\u0007x' }],
  program: {
    exitCode: null,
    signal: 'SIGSEGV',
    stdout: `${lines}\n\u001B[31mred\u001B[0m and \u001B[2Jgone \u202Eback\n`,
    stderr: 'TypeError: cannot read\n\tat main.ts:3\n',
    stdoutBytes: 400_000,
    stderrBytes: 37,
  },
  trace: '.mqtt-course/last/09-last-will.json',
};

/** A file that does not parse: the excerpt keeps its shape. */
export const unreadable: CheckResult = {
  ...base,
  status: 'failed',
  checks: [
    {
      id: 'U0',
      title: 'the file is a program',
      status: 'failed',
      clauses: [],
      expected: 'a program that your language can read',
      seen: 'main.ts:3  Expected ")" but found ";"\n   3 | const client = mqtt.connect(env("MQTT_URL");\n     |                                            ^',
      why: 'the file does not parse, so not one line of it ran',
      try: 'mend the place under the caret; the slip is often one line earlier',
      packets: [],
    },
  ],
  program: { exitCode: 1, stdout: '', stderr: '', stdoutBytes: 0, stderrBytes: 0 },
};
