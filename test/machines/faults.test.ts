import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { packageRoot } from '../../course/index.js';
import { machineReason, machineReasonIn } from '../../course/machine.js';
import { builtCommandLine } from '../cli/command-line.js';
import { flowing, learner, namespaces, PUBLISH, shell, TLS } from './lab.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { bin, run: cli } = builtCommandLine();
const { folder } = learner(PUBLISH, TLS);
const course = `'${process.execPath}' '${bin}'`;

/** Exit code 3, the reason, what to do, and not a word that blames the program. */
function expectMachine(
  { code, out, err }: { code: number | null; out: string; err: string },
  reason: RegExp,
): void {
  const said = flowing(`${out}${err}`);
  expect(said).toMatch(reason);
  expect(said).toContain('What to do: ');
  expect(said).not.toMatch(/failed|Details:|\bat file:/);
  expect(code).toBe(3);
}

/** `doctor` finds it, too, and says what to do. */
async function expectDoctor(findings: string, id: string): Promise<void> {
  const found = (JSON.parse(findings) as { id: string; ok: boolean; todo?: string }[]).find(
    one => one.id === id,
  );
  expect(found).toMatchObject({ ok: false });
  expect(found?.todo).toBeTruthy();
}

describe('the folder for temporary files', () => {
  const aFile = join(folder, 'a-file');
  writeFileSync(aFile, '');
  test.each([
    ['is missing', join(tmpdir(), 'nowhere'), /does not exist/],
    ['is a file', aFile, /is a file/],
  ])('%s', async (_, TMPDIR, reason) => {
    for (const track of ['typescript', 'python']) {
      const args = ['check', PUBLISH, '--track', track];
      expectMachine(await cli(args, { cwd: folder, env: { TMPDIR } }), reason);
    }
    const json = await cli(['check', PUBLISH, '--json'], { cwd: folder, env: { TMPDIR } });
    expect(JSON.parse(json.out)).toMatchObject({ status: 'unknown', checks: [] });
    const doctor = await cli(['doctor', '--json'], { cwd: folder, env: { TMPDIR } });
    await expectDoctor(doctor.out, 'temporary');
  });

  const mounts = namespaces('-m');
  test.skipIf(!mounts)('is full: also in the middle of a check', async () => {
    const place = join(tmpdir(), 'small');
    mkdirSync(place, { recursive: true });
    const script = (blocks: number, command: string) =>
      `${mounts} bash -c "mount -t tmpfs -o size=64k tmpfs '${place}' && dd if=/dev/zero of='${place}/fill' bs=1k count=${blocks} 2>/dev/null; TMPDIR='${place}' ${command}"`;
    const full = await shell(script(64, `${course} check ${PUBLISH} --track typescript`), {
      cwd: folder,
    });
    expectMachine(full, /is full \(ENOSPC\)/);
    // Room for the program, not for the certificates of the lesson.
    const later = await shell(script(40, `${course} check ${TLS} --track typescript`), {
      cwd: folder,
    });
    expectMachine(later, /is full \(ENOSPC\)/);
    const doctor = await shell(script(64, `${course} doctor --json`), { cwd: folder });
    await expectDoctor(doctor.out, 'temporary');
  });
});

describe('the network inside this machine', () => {
  const network = namespaces('-n');
  test.skipIf(!network)('no loopback', async () => {
    const down = await shell(`${network} ${course} check ${PUBLISH}`, { cwd: folder });
    expectMachine(down, /nothing can connect to 127\.0\.0\.1/);
    const doctor = await shell(`${network} ${course} doctor --json`, { cwd: folder });
    await expectDoctor(doctor.out, 'loopback');
  });

  const mounts = namespaces('-m');
  const withHosts = (lines: string, command: string) => {
    const file = join(folder, 'hosts');
    writeFileSync(file, lines);
    return shell(`${mounts} bash -c "mount --bind '${file}' /etc/hosts && ${command}"`, {
      cwd: folder,
    });
  };
  test.skipIf(!mounts).each([
    ['IPv6 only', '::1 localhost\n'],
    ['IPv4 only', '127.0.0.1 localhost\n'],
    ['IPv6 first', '::1 localhost\n127.0.0.1 localhost\n'],
  ])('localhost by %s is answered, in both tracks', async (_, lines) => {
    for (const track of ['typescript', 'python']) {
      const { code, out } = await withHosts(lines, `${course} check ${TLS} --track ${track}`);
      expect(out).toMatch(/ \d+ passed$/m);
      expect(code).toBe(0);
    }
  });

  test.skipIf(!mounts).each([
    ['is unknown', '\n', /is not known/],
    ['leads elsewhere', '10.1.2.3 localhost\n', /leads to 10\.1\.2\.3/],
  ])('localhost %s: could not tell, where it is needed', async (_, lines, reason) => {
    expectMachine(await withHosts(lines, `${course} check ${TLS}`), reason);
    const { code } = await withHosts(lines, `${course} check ${PUBLISH}`);
    expect(code).toBe(0);
    const doctor = await withHosts(lines, `${course} doctor --json`);
    await expectDoctor(doctor.out, 'localhost');
  });
});

describe('limits', () => {
  test('no file handles: whatever could not be opened, the reason is said', async () => {
    for (const limit of [60, 80]) {
      const ended = await shell(`ulimit -n ${limit}; ${course} check ${PUBLISH}`, { cwd: folder });
      // With a little luck it is enough; it is never the program's fault.
      if (ended.code !== 0) expectMachine(ended, /EMFILE|ENFILE/);
    }
    // As it is published: what the tests build of the sources opens twice as many files to begin.
    const built = `'${process.execPath}' '${join(packageRoot(), 'bin', 'mqtt-course.js')}'`;
    // So few that the course itself cannot be read.
    expectMachine(
      await shell(`ulimit -n 24; ${built} check ${PUBLISH}`, { cwd: folder }),
      /EMFILE/,
    );
    const doctor = await shell(`ulimit -n 100; ${built} doctor --json`, { cwd: folder });
    await expectDoctor(doctor.out, 'handles');
  });

  test('what the codes of the system say', () => {
    expect(machineReasonIn('spawn EAGAIN')).toMatch(/no further program.*What to do/);
    expect(machineReasonIn('spawn ./mine ENOENT')).toBeUndefined();
    expect(machineReasonIn('spawn ./mine EACCES')).toBeUndefined();
    const full = Object.assign(new Error(), { code: 'ENOSPC', path: '/d/f' });
    expect(machineReason(full)).toMatch(/no room left at \/d\/f/);
    expect(machineReason(new TypeError('x'))).toBeUndefined();
  });
});

describe('the learner’s file', () => {
  const root = process.getuid?.() === 0;
  test('cannot be read: who may read it, not where it does not parse', async () => {
    const own = learner(PUBLISH);
    chmodSync(own.file(PUBLISH), 0o000);
    const uid = root ? 65_534 : undefined;
    if (root) {
      // root reads everything, so somebody else has to try.
      await shell(`chown -R 65534 '${own.folder}/..' && chmod 755 '${own.folder}/..'`, {
        cwd: own.folder,
      });
      chownSync(own.file(PUBLISH), 0, 0);
    }
    const options = { cwd: own.folder, ...(uid === undefined ? {} : { uid }) };
    expectMachine(await cli(['check', PUBLISH], options), /does not let it be read \(EACCES\)/);
    const doctor = await cli(['doctor', '--json'], options);
    await expectDoctor(doctor.out, 'files');
  });

  test('is a folder, or is not there', async () => {
    const own = learner();
    rmSync(own.file(PUBLISH));
    const missing = await cli(['check', PUBLISH], { cwd: own.folder });
    expect({ code: missing.code, parse: /parse/.test(missing.out) }).toEqual({
      code: 2,
      parse: false,
    });
    mkdirSync(own.file(PUBLISH));
    const { code, out } = await cli(['check', PUBLISH], { cwd: own.folder });
    expect(code).toBe(1);
    expect(flowing(out)).toMatch(/main\.ts is a folder.*reset/);
    expect(out).not.toContain('parse');
  });
});

describe('Python', () => {
  const python = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return { MQTT_COURSE_PYTHON: path };
  };
  test.each([
    ['does not start', 'echo "Fatal Python error: no encodings" >&2; exit 1', /no encodings/],
    ['says nothing', 'exit 4', /exit code 4/],
    ['cannot load paho-mqtt', 'echo "3.11.2  ImportError: bad magic number"', /bad magic number/],
  ])('%s', async (name, text, reason) => {
    const env = python(name.replaceAll(' ', '-'), text);
    const args = ['check', PUBLISH, '--track', 'python'];
    expectMachine(await cli(args, { cwd: folder, env }), reason);
    const doctor = await cli(['doctor', '--json'], { cwd: folder, env });
    await expectDoctor(doctor.out, 'python');
    expect(flowing(doctor.out)).toMatch(reason);
  });

  test('is named and not there', async () => {
    const env = { MQTT_COURSE_PYTHON: '/nowhere/python3' };
    const args = ['check', PUBLISH, '--track', 'python'];
    expectMachine(await cli(args, { cwd: folder, env }), /MQTT_COURSE_PYTHON names \/nowhere/);
  });

  test('whose settings in this terminal are wrong: no program gets them', async () => {
    const env = { PYTHONHOME: '/nowhere', PYTHONPATH: '/nowhere', PYTHONSTARTUP: '/nowhere' };
    const args = ['check', PUBLISH, '--track', 'python'];
    expect((await cli(args, { cwd: folder, env })).code).toBe(0);
  });
});
