import type { ProgramRecord, Recording } from '../../checker/harness/recording.js';
import {
  type PacketEntry,
  TRACE_SCHEMA,
  type TraceEntry,
  type WirePacket,
} from '../../wire/index.js';

/** Recordings made by hand: checks and detectors are pure, so no socket is needed to test them. */
export function recording(
  entries: readonly TraceEntry[],
  program: Partial<ProgramRecord> = {},
): Recording {
  return {
    scenario: 's',
    facts: {},
    trace: { schema: TRACE_SCHEMA, startedAt: '2026-01-01T00:00:00.000Z', entries },
    programs: [
      {
        name: 'program',
        startedAt: 0,
        exitCode: null,
        stdout: '',
        stderr: '',
        stdoutBytes: 0,
        stderrBytes: 0,
        ...program,
      },
    ],
    stalls: [],
  };
}

export function sentPacket(
  n: number,
  packet: WirePacket,
  more: Partial<PacketEntry> = {},
): PacketEntry {
  return {
    kind: 'packet',
    n,
    t: n * 10,
    connection: 1,
    who: 'program',
    direction: 'to-broker',
    packet,
    hex: '',
    fate: 'forwarded',
    ...more,
  };
}

export function connected(clientId = 'a'): TraceEntry[] {
  return [
    { kind: 'connection', t: 5, connection: 1, who: 'program', event: 'opened' },
    sentPacket(1, {
      type: 'CONNECT',
      protocolName: 'MQTT',
      protocolVersion: 4,
      clientId,
      clean: true,
      keepalive: 1,
    }),
    sentPacket(
      2,
      { type: 'CONNACK', sessionPresent: false, returnCode: 0 },
      { direction: 'to-client' },
    ),
  ];
}

export const crashedProgram: Partial<ProgramRecord> = {
  exitCode: 1,
  exitedAt: 40,
  stderr: `/home/x/exercises/03/typescript/main.ts:7
  return JSON.parse(text);
              ^

SyntaxError: Unexpected end of JSON input
    at JSON.parse (<anonymous>)
    at handle (/home/x/exercises/03/typescript/main.ts:7:15)
    at MqttClient.<anonymous> (/home/x/exercises/03/typescript/main.ts:3:3)
    at MqttClient.emit (node:events:517:28)
    at Object.handlePublish (/pkg/node_modules/mqtt/src/lib/handlers/publish.ts:100:1)

Node.js v20.20.2
`,
};
