import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { findRequire } from '../../checker/harness/detectors/require-call.js';
import { encodingNotice, wideEncoding } from '../../checker/program/source.js';
import { packageRoot } from '../../course/index.js';
import { commandLine } from '../cli/command-line.js';
import { flowing, learner, PUBLISH } from './lab.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const cli = commandLine();
const LOGIN = '13-login-and-public-brokers';
const { folder, file } = learner(PUBLISH, LOGIN);
const solution = (track: 'typescript' | 'python', name: string) =>
  readFileSync(join(packageRoot(), 'solutions', PUBLISH, track, name), 'utf8');
const utf16 = (text: string) =>
  Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
const check = async (lesson: string, track: string) => {
  const { code, out } = await cli(['check', lesson, '--track', track], { cwd: folder });
  return { code, said: flowing(out) };
};

describe('a file as an editor has saved it', () => {
  test.each(['typescript', 'python'] as const)('%s in UTF-16', async track => {
    const name = track === 'python' ? 'main.py' : 'main.ts';
    const text = solution(track, name);
    writeFileSync(file(PUBLISH, track), utf16(text));
    const { code, said } = await check(PUBLISH, track);
    expect(code).toBe(1);
    expect(said).toMatch(new RegExp(`Seen ${name} is saved as UTF-16.*ff fe.*Save with Encoding`));
    expect(said).not.toContain('parse');
    writeFileSync(file(PUBLISH, track), `\uFEFF${text}`);
    expect((await check(PUBLISH, track)).code).toBe(0);
  });

  test.each(['typescript', 'python'] as const)('%s in Latin-1', async track => {
    const name = track === 'python' ? 'main.py' : 'main.ts';
    const mark = track === 'python' ? '#' : '//';
    const wrong = track === 'python' ? 'raise ValueError(1)\n' : 'throw new Error();\n';
    writeFileSync(
      file(PUBLISH, track),
      Buffer.concat([
        Buffer.from(`${mark} a\n${mark} zehn Grad, caf`),
        Buffer.from([0xe9]),
        Buffer.from(`\n${wrong}`),
      ]),
    );
    const { code, said } = await check(PUBLISH, track);
    expect(code).toBe(1);
    expect(said).toContain(`${name}:2 is not UTF-8 (byte e9, in Windows-1252 "é")`);
  });

  test('what a lesson has beside a program: a mark that Mosquitto does not know', async () => {
    const passwd = join(folder, 'exercises', LOGIN, 'typescript', 'passwd');
    const text = readFileSync(passwd);
    writeFileSync(passwd, Buffer.concat([Buffer.from('\uFEFF'), text]));
    const { code, said } = await check(LOGIN, 'typescript');
    expect(code).toBe(1);
    expect(said).toContain('passwd begins with a byte order mark (BOM');
    writeFileSync(passwd, utf16(text.toString()));
    expect((await check(LOGIN, 'typescript')).said).toContain('passwd is saved as UTF-16');
    writeFileSync(passwd, text);
  });

  test('a file that is right, or says what it is, is not spoken of', () => {
    expect(encodingNotice(Buffer.from('# 21 °C 家 🌡\n'), 'main.py')).toBeUndefined();
    const cookie = Buffer.from(
      '#!/usr/bin/env python\n# -*- coding: latin-1 -*-\n# caf\xe9',
      'latin1',
    );
    expect(encodingNotice(cookie, 'main.py')).toBeUndefined();
    expect(encodingNotice(Buffer.from('\uFEFFprint(1)'), 'main.py')).toBeUndefined();
    expect(wideEncoding(Buffer.from('print(1)\n'))).toBeUndefined();
    expect(wideEncoding(Buffer.from('print(1)\n', 'utf16le'))).toMatch(/little-endian, without/);
    expect(wideEncoding(Buffer.from('x'))).toBeUndefined();
  });
});

describe('an import that leads nowhere', () => {
  test.each([
    ["import { x } from './Helper.js';\nx();", /each import leads.*Helper\.js.*capitals count/],
    ["import { shout } from '#kit';\nshout();", /#kit exports nothing of the name shout/],
    ["import x from 'not-there';\nx();", /package, library or file that it needs is not there/],
  ])('%s', async (source, said) => {
    writeFileSync(file(PUBLISH), source);
    const told = await check(PUBLISH, 'typescript');
    expect(told.code).toBe(1);
    expect(told.said).toMatch(said);
    expect(told.said).not.toMatch(/does not parse|just received/);
  });
});

describe('require in the TypeScript track', () => {
  test('is answered with the line to write', async () => {
    writeFileSync(
      file(PUBLISH),
      "import { env } from '#kit';\n\nconst mqtt = require('mqtt');\nmqtt.connect(env('MQTT_URL'));",
    );
    const { code, said } = await check(PUBLISH, 'typescript');
    expect(code).toBe(1);
    expect(said).toContain("Seen line 3: const mqtt = require('mqtt');");
    expect(said).toContain("write this instead: import mqtt from 'mqtt';");
    expect(said).not.toMatch(/look at main\.mjs|just received/);
  });

  test.each([
    ["const mqtt = require('mqtt')", "import mqtt from 'mqtt';"],
    ['var mqtt: any = require("mqtt");', "import mqtt from 'mqtt';"],
    ["import mqtt = require('mqtt');", "import mqtt from 'mqtt';"],
    [
      "const { connect: dial, Client } = require('mqtt');",
      "import { connect as dial, Client } from 'mqtt';",
    ],
    ["const connect = require('mqtt').connect;", "import { connect } from 'mqtt';"],
    ["const fs = require('fs');", "import fs from 'node:fs';"],
    ["const client = require('mqtt').connect(url)", "import mqtt from 'mqtt';"],
    ["require('./my-helper.js');", "import my_helper from './my-helper.js';"],
  ])('%s', (line, instead) => {
    expect(findRequire(`// require('no')\n${line}\n`)).toEqual({ line: 2, text: line, instead });
  });
});

test('a deprecated call inside the client library is not shown; one of the program is', () => {
  // Node 20 warns of it only when asked to; Node 24 and later do by themselves.
  const library = join(packageRoot(), 'dist', 'vendor', 'mqtt.mjs');
  const run = (source: string) =>
    spawnSync(process.execPath, ['--pending-deprecation', '--input-type=module', '-e', source], {
      encoding: 'utf8',
    }).stderr;
  const start = `import mqtt from ${JSON.stringify(library)};
    import { parse } from 'node:url';
    const client = mqtt.connect('mqtt://127.0.0.1:1');
    client.on('error', () => {});
    client.end(true);`;
  expect(run(start)).toBe('');
  expect(run(`${start} new Buffer(1);`)).toContain('DEP0005');
  expect(run(`${start} process.emitWarning('mine');`)).toContain('Warning: mine');
  expect(run(`import { parse } from 'node:url'; parse('x:y');`)).toContain('DEP0169');
});
