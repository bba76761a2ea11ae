import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments, parseDocument } from 'yaml';
import { packageRoot } from '../../course/index.js';
import { commandLine } from '../cli/command-line.js';
import { folder } from './lab.js';

/** The examples for other machines, as far as they can be tried without the services. */

const run = commandLine();
const examples = join(packageRoot(), 'examples', 'grading');
const read = (name: string) => readFileSync(join(examples, name), 'utf8');
const learners = Array.from({ length: 24 }, (_, at) => `learner${at + 1}`);

// Not a template of ours.
const notCancelled = '$' + '{{ !cancelled() }}';
const expression = '$' + '{{';

interface Call {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A folder as the examples expect it, and a stand-in on the PATH that writes down how it is called. */
function place() {
  const top = folder();
  const lesson = '02-publish-a-reading';
  for (const id of learners) {
    const to = join(top, 'submissions', id, 'exercises', lesson, 'typescript');
    mkdirSync(to, { recursive: true });
    cpSync(join(packageRoot(), 'solutions', lesson, 'typescript', 'main.ts'), join(to, 'main.ts'));
  }
  writeFileSync(join(top, 'class.csv'), `id\n${learners.join('\n')}\n`);
  writeFileSync(join(top, 'grading.yaml'), 'title: A class\n');
  const bin = join(top, 'bin');
  mkdirSync(bin);
  const log = join(top, 'calls.ndjson');
  for (const name of ['mqtt-course', 'npx']) {
    writeFileSync(
      join(bin, name),
      `#!${process.execPath}
const { appendFileSync, mkdirSync } = require('node:fs');
const args = process.argv.slice(2);
if (${name === 'npx'} && args.shift() !== 'mqtt-course') process.exit(127);
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => /^(JOB_|SHARD_COUNT|SLURM_)/.test(name)),
);
appendFileSync(${JSON.stringify(log)}, JSON.stringify({ args, env }) + '\\n');
mkdirSync(args[args.indexOf('--out') + 1], { recursive: true });
process.exit(Number(process.env.STAND_IN_CODE ?? 0));
`,
    );
    chmodSync(join(bin, name), 0o755);
  }
  const bash = (
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): { readonly code: number | null; readonly err: string } => {
    const PATH = `${bin}${delimiter}${process.env['PATH']}`;
    const { status, stderr } = spawnSync('bash', args, {
      cwd: top,
      env: { PATH, HOME: top, ...env },
      encoding: 'utf8',
      // A shell whose input is a socket takes itself for a remote login.
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { code: status, err: stderr };
  };
  const calls = (): Call[] =>
    existsSync(log)
      ? readFileSync(log, 'utf8')
          .trim()
          .split('\n')
          .map(line => JSON.parse(line) as Call)
      : [];
  return { top, bash, calls };
}

/** What the real command line makes of these calls: who is in which shard. */
async function shardsOf(cwd: string, calls: readonly Call[]): Promise<string[][]> {
  const shards: string[][] = [];
  for (const { args, env } of calls) {
    const done = await run([...args, '--list', '--json'], { cwd, env });
    expect(done.err).toBe('');
    expect(done.code).toBe(0);
    const lines = done.out.trim().split('\n').filter(Boolean);
    shards.push(lines.map(line => JSON.parse(line).learner.id as string));
  }
  return shards;
}

/** The shards are the class, and nobody is in two. */
function expectWhole(shards: readonly string[][]): void {
  expect(shards.flat().sort()).toEqual([...learners].sort());
  expect(shards.filter(one => one.length > 0).length).toBeGreaterThan(1);
}

const given = ({ args }: Call, option: string) => args[args.indexOf(option) + 1];

/** What `grade merge` says to such a call: that nothing is there, and not that the call is wrong. */
async function expectMerge(cwd: string, call: Call | undefined): Promise<void> {
  expect(call?.args.slice(0, 2)).toEqual(['grade', 'merge']);
  const { err, code } = await run(call?.args ?? [], { cwd });
  expect(err).toMatch(/holds no results|no run\.json|no results/);
  expect(code).toBe(2);
}

describe('Slurm', () => {
  const script = (name: string) => join(examples, name);

  test.each(['slurm.sh', 'slurm-merge.sh'])('%s is sound', name => {
    const { status, stderr } = spawnSync('bash', ['-n', script(name)], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const lines = read(name).split('\n');
    expect(lines[0]).toBe('#!/usr/bin/env bash');
    // Slurm reads these only before the first command.
    const first = lines.findIndex(line => line !== '' && !line.startsWith('#'));
    expect(lines.slice(first).filter(line => line.startsWith('#SBATCH'))).toEqual([]);
    expect(lines.some(line => /^#SBATCH --time=\d\d:\d\d:00$/.test(line))).toBe(true);
  });

  const shellcheck = spawnSync('shellcheck', ['--version']).status === 0;
  if (!shellcheck) console.warn('shellcheck is not here: the Slurm scripts are not linted by it');
  test.skipIf(!shellcheck)('shellcheck has nothing to say', () => {
    const files = ['slurm.sh', 'slurm-merge.sh'].map(script);
    const { stdout, status } = spawnSync('shellcheck', files, { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  test('its tasks grade the whole class, each with the same seed', async () => {
    const { top, bash, calls } = place();
    const [, from, to] = /^#SBATCH --array=(\d+)-(\d+)$/m.exec(read('slurm.sh')) ?? [];
    const tasks = Array.from({ length: Number(to) - Number(from) + 1 }, (_, at) => at + 1);
    expect(tasks.length).toBe(8);
    for (const task of tasks) {
      const done = bash([script('slurm.sh')], {
        SEED: 'abc',
        SLURM_SUBMIT_DIR: top,
        SLURM_CPUS_PER_TASK: '4',
        SLURM_ARRAY_TASK_ID: String(task),
        SLURM_ARRAY_TASK_MIN: from ?? '',
        SLURM_ARRAY_TASK_COUNT: String(tasks.length),
      });
      expect(done).toEqual({ code: 0, err: '' });
    }
    expect(new Set(calls().map(one => given(one, '--seed')))).toEqual(new Set(['abc']));
    expect(calls().map(one => given(one, '--out'))).toEqual(tasks.map(one => `shards/${one}`));
    expect(new Set(calls().map(one => given(one, '--jobs')))).toEqual(new Set(['4']));
    expectWhole(await shardsOf(top, calls()));

    expect(bash([script('slurm-merge.sh')], { SLURM_SUBMIT_DIR: top }).code).toBe(0);
    const merge = calls().at(-1);
    expect(merge?.args.slice(2, 2 + tasks.length)).toEqual(tasks.map(one => `shards/${one}`));
    await expectMerge(top, merge);
  });

  test('no seed: it says so, and starts nothing', () => {
    const { top, bash, calls } = place();
    const done = bash([script('slurm.sh')], { SLURM_SUBMIT_DIR: top, SLURM_ARRAY_TASK_ID: '1' });
    expect(done.code).not.toBe(0);
    expect(done.err).toMatch(/SEED: every shard needs the same seed/);
    expect(calls()).toEqual([]);
  });

  test.each([
    [3, 0],
    [2, 2],
    [143, 143],
  ])('exit code %i of a shard becomes %i; that of the merge stays', (code, seen) => {
    const { top, bash } = place();
    const env = { SEED: 'abc', SLURM_SUBMIT_DIR: top, STAND_IN_CODE: String(code) };
    expect(bash([script('slurm.sh')], { ...env, SLURM_ARRAY_TASK_ID: '1' }).code).toBe(seen);
    expect(bash([script('slurm-merge.sh')], env).code).toBe(code);
  });
});

interface Pod {
  readonly restartPolicy: string;
  readonly automountServiceAccountToken: boolean;
  readonly containers: readonly [
    {
      readonly image: string;
      readonly command: readonly string[];
      readonly args: readonly [string];
      readonly env?: readonly { readonly name: string; readonly value?: string }[];
      readonly workingDir: string;
      readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
    },
  ];
  readonly volumes: readonly {
    readonly name: string;
    readonly persistentVolumeClaim?: { readonly claimName: string };
  }[];
}

interface Job {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly completionMode?: string;
    readonly completions?: number;
    readonly parallelism?: number;
    readonly suspend?: boolean;
    readonly podSelector?: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly policyTypes?: readonly string[];
    readonly egress?: unknown;
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: Pod;
    };
  };
}

describe('Kubernetes', () => {
  const documents = parseAllDocuments(read('kubernetes.yaml'), { strict: true, uniqueKeys: true });
  const objects = documents.map(one => one.toJS() as Job);
  const named = (kind: string, name: string) => {
    const found = objects.find(one => one.kind === kind && one.metadata.name === name);
    if (!found) throw new Error(`there is no ${kind} ${name}`);
    return found;
  };
  const jobs = [named('Job', 'grade'), named('Job', 'grade-merge')] as const;
  const command = ({ spec }: Job) => {
    const [{ command, args }] = spec.template.spec.containers;
    expect(command).toEqual(['bash', '-euc']);
    return ['-euc', args[0]];
  };

  test('the file is sound', () => {
    expect(documents.flatMap(one => [...one.errors, ...one.warnings])).toEqual([]);
    const policy = named('NetworkPolicy', 'grade').spec;
    expect(policy.policyTypes).toContain('Egress');
    expect(policy.egress).toBeUndefined();
    for (const { apiVersion, spec } of jobs) {
      expect(apiVersion).toBe('batch/v1');
      const pod = spec.template.spec;
      expect(pod.restartPolicy).toBe('Never');
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(spec.template.metadata.labels).toMatchObject(policy.podSelector?.matchLabels ?? {});
      for (const { persistentVolumeClaim: claim } of pod.volumes) {
        if (claim) named('PersistentVolumeClaim', claim.claimName);
      }
      const [container] = pod.containers;
      const volumes = pod.volumes.map(one => one.name);
      for (const mount of container.volumeMounts) expect(volumes).toContain(mount.name);
      expect(container.volumeMounts.map(one => one.mountPath)).toContain(container.workingDir);
    }
    const [grade, merge] = jobs;
    const count = grade.spec.template.spec.containers[0].env?.find(it => it.name === 'SHARD_COUNT');
    expect(grade.spec.completionMode).toBe('Indexed');
    expect(Number(count?.value)).toBe(grade.spec.completions);
    expect(grade.spec.parallelism).toBe(grade.spec.completions);
    expect(merge.spec.suspend).toBe(true);
  });

  const kubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
  if (!kubectl) console.warn('kubectl is not here: kubernetes.yaml is not read by it');
  test.skipIf(!kubectl)('kubectl reads every object, without a cluster', () => {
    const args = ['set', 'env', '--local', '-o', 'name', '-f', join(examples, 'kubernetes.yaml')];
    const env = { PATH: process.env['PATH'] ?? '', KUBECONFIG: '/dev/null' };
    const { stdout, stderr } = spawnSync('kubectl', [...args, 'A=b'], { encoding: 'utf8', env });
    expect(stdout.trim().split('\n')).toEqual(['job.batch/grade', 'job.batch/grade-merge']);
    // What has no pods cannot get a variable, and nothing else is wrong.
    expect(stderr.match(/error: \S+/g)).toEqual([
      'error: networkpolicy.networking.k8s.io/grade',
      'error: persistentvolumeclaim/class',
    ]);
  });

  test('its pods grade the whole class; the merge takes what they made', async () => {
    const { top, bash, calls } = place();
    const [grade, merge] = jobs;
    const completions = grade.spec.completions ?? 0;
    for (let index = 0; index < completions; index++) {
      const env = {
        SEED: 'abc',
        SHARD_COUNT: String(completions),
        JOB_COMPLETION_INDEX: String(index),
      };
      expect(bash(command(grade), env)).toEqual({ code: 0, err: '' });
      expect(bash(command(grade), { ...env, STAND_IN_CODE: '3' }).code).toBe(0);
      expect(bash(command(grade), { ...env, STAND_IN_CODE: '2' }).code).not.toBe(0);
    }
    const firsts = calls().filter((_, at) => at % 3 === 0);
    expect(firsts.length).toBe(8);
    expectWhole(await shardsOf(top, firsts));
    expect(bash(command(merge), {}).code).toBe(0);
    expect(calls().at(-1)?.args[2]).toBe('shards/0');
    await expectMerge(top, calls().at(-1));
    expect(bash(command(merge), { STAND_IN_CODE: '3' }).code).toBe(3);
  });
});

interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string>>;
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly needs?: string;
        readonly if?: string;
        readonly 'runs-on': string;
        readonly 'timeout-minutes': number;
        readonly strategy?: {
          readonly 'fail-fast': boolean;
          readonly matrix: { readonly shard: readonly number[] };
        };
        readonly outputs?: Readonly<Record<string, string>>;
        readonly steps: readonly Step[];
      }
    >
  >;
}

describe('GitHub Actions', () => {
  const document = parseDocument(read('github-actions.yml'), { strict: true, uniqueKeys: true });
  const workflow = document.toJS() as Workflow;
  const job = (name: string) => {
    const found = workflow.jobs[name];
    if (!found) throw new Error(`there is no job ${name}`);
    return found;
  };
  const step = (name: string, title: string) => {
    const found = job(name).steps.find(one => one.name === title);
    if (found?.run === undefined) throw new Error(`${name} has no step ${title}`);
    return { ...found, run: found.run };
  };
  const shards = job('shard').strategy?.matrix.shard ?? [];
  /** The expressions that the example uses, for one machine. */
  const evaluate = (text: string, shard: number) =>
    text.replace(/\$\{\{ *([^}]+?) *\}\}/g, (_, named: string) => {
      const values: Record<string, string> = {
        'inputs.lessons': 'all',
        'needs.seed.outputs.seed': 'abc',
        'matrix.shard': String(shard),
        'strategy.job-total': String(shards.length),
      };
      const value = values[named];
      if (value === undefined) throw new Error(`nobody sets ${named}`);
      return value;
    });

  test('the workflow is sound', () => {
    expect([...document.errors, ...document.warnings]).toEqual([]);
    expect(workflow.permissions).toEqual({ contents: 'read' });
    for (const [name, one] of Object.entries(workflow.jobs)) {
      expect(one['timeout-minutes'], name).toBeGreaterThan(0);
      if (one.needs !== undefined) expect(Object.keys(workflow.jobs)).toContain(one.needs);
      for (const { run: script, uses } of one.steps) {
        // What somebody types in must not become a part of a script.
        if (script !== undefined) expect(script).not.toContain(expression);
        if (uses !== undefined) expect(uses).toMatch(/^actions\/[\w-]+@v\d+$/);
        if (script === undefined) continue;
        expect(spawnSync('bash', ['-n'], { input: script }).status).toBe(0);
      }
    }
    expect(shards).toEqual(shards.map((_, at) => at + 1));
    expect(job('shard').strategy?.['fail-fast']).toBe(false);
    expect(job('merge')).toMatchObject({ needs: 'shard', if: notCancelled });
    const upload = job('shard').steps.find(one => one.uses?.includes('upload-artifact'));
    expect(upload?.if).toBe(notCancelled);
    const names = shards.map(shard => evaluate(upload?.with?.['name'] ?? '', shard));
    expect(new Set(names).size).toBe(shards.length);
    const download = job('merge').steps.find(one => one.uses?.includes('download-artifact'));
    const pattern = download?.with?.['pattern']?.replace('*', '');
    for (const name of names) expect(name.startsWith(pattern ?? '?')).toBe(true);
    const [id, output] = Object.entries(job('seed').outputs ?? {})[0] ?? [];
    expect(output).toBe(`\${{ steps.${job('seed').steps[0]?.id}.outputs.${id} }}`);
  });

  test('its machines grade the whole class; the merge takes what they made', async () => {
    const { top, bash, calls } = place();
    const grade = step('shard', 'Grade');
    for (const shard of shards) {
      const env = Object.fromEntries(
        Object.entries(grade.env ?? {}).map(([name, text]) => [name, evaluate(text, shard)]),
      );
      // As the service runs a script.
      expect(bash(['-e', '-c', grade.run], env)).toEqual({ code: 0, err: '' });
      expect(bash(['-e', '-c', grade.run], { ...env, STAND_IN_CODE: '3' }).code).toBe(0);
      expect(bash(['-e', '-c', grade.run], { ...env, STAND_IN_CODE: '2' }).code).not.toBe(0);
    }
    const firsts = calls().filter((_, at) => at % 3 === 0);
    const upload = job('shard').steps.find(one => one.uses?.includes('upload-artifact'));
    expect(firsts.map(one => given(one, '--out'))).toEqual(
      shards.map(shard => evaluate(upload?.with?.['path'] ?? '', shard)),
    );
    expectWhole(await shardsOf(top, firsts));
    for (const shard of shards)
      mkdirSync(join(top, 'shards', `shard-${shard}`), { recursive: true });
    const merge = step('merge', 'Merge');
    expect(bash(['-e', '-c', merge.run], {}).code).toBe(0);
    await expectMerge(top, calls().at(-1));
    expect(bash(['-e', '-c', merge.run], { STAND_IN_CODE: '3' }).code).toBe(3);
  });

  test('the seed is new for each grading, and one that grade takes', () => {
    const { top, bash } = place();
    const { run: script = '' } = job('seed').steps[0] ?? {};
    const seeds = [1, 2].map(at => {
      const file = join(top, `output-${at}`);
      expect(bash(['-e', '-c', script], { GITHUB_OUTPUT: file }).code).toBe(0);
      return readFileSync(file, 'utf8');
    });
    for (const line of seeds) expect(line).toMatch(/^seed=[0-9a-f]{32}\n$/);
    expect(seeds[0]).not.toBe(seeds[1]);
  });
});

test('the README names every file and no other', () => {
  const text = read('README.md');
  const linked = [...text.matchAll(/\]\(([\w.-]+)\)/g)].map(([, name]) => name as string);
  for (const name of linked) expect(existsSync(join(examples, name)), name).toBe(true);
  expect(new Set(linked)).toEqual(
    new Set([
      'github-actions.yml',
      'kubernetes.yaml',
      'Containerfile',
      'slurm.sh',
      'slurm-merge.sh',
    ]),
  );
});
