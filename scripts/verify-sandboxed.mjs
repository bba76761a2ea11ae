/**
 * Proves the lessons' checks with every program in the sandbox of `grade`: what passes at home must
 * pass there, and what fails must fail with the same mistake.
 *
 *     node scripts/verify-sandboxed.mjs [--tier bwrap|container|process] [--only TEXT] [--roles solution,variant] [lesson…]
 */
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { verifyLessons } from '../dist/checker/index.js';
import { lessonIds } from '../dist/course/index.js';
import { defaultLimits, openSandbox, probeIsolation } from '../dist/grading/sandbox/index.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tier: { type: 'string' },
    only: { type: 'string' },
    roles: { type: 'string' },
    track: { type: 'string' },
    seed: { type: 'string' },
  },
});
const wanted = new Set(positionals.map(Number));
const lessons = lessonIds().filter(id => wanted.size === 0 || wanted.has(Number.parseInt(id, 10)));
const probe = await probeIsolation();
if (probe.reason) console.log(probe.reason);
const sandbox = await openSandbox({
  tier: values.tier ?? probe.tier,
  limits: defaultLimits,
  tmp: tmpdir(),
});
try {
  const { proofs, broken, skipped, durationMs, seed } = await verifyLessons({
    lessons,
    tracks: values.track ? [values.track] : ['typescript', 'python'],
    launcher: stage => sandbox.launcher(stage),
    ...(values.only ? { only: values.only } : {}),
    ...(values.roles ? { roles: values.roles.split(',') } : {}),
    ...(values.seed ? { seed: values.seed } : {}),
  });
  for (const { track, reason } of skipped) console.log(`${track} skipped: ${reason}`);
  for (const one of broken) {
    console.log(`broken    ${one.lesson} ${one.track} ${one.name}: ${one.where}: ${one.text}`);
  }
  for (const { program, problem, unsteady } of proofs) {
    if (problem)
      console.log(`wrong     ${program.lesson} ${program.track} ${program.name}: ${problem}`);
    if (unsteady)
      console.log(`unsteady  ${program.lesson} ${program.track} ${program.name}: ${unsteady}`);
  }
  for (const hit of sandbox.limitHits()) console.log(`limit     ${hit}`);
  const wrong = proofs.filter(one => one.problem).length + broken.length;
  const seconds = (durationMs / 1000).toFixed(0);
  console.log(
    `${proofs.length} programs in ${sandbox.tier}, ${wrong} wrong, ${seconds} s, seed ${seed}`,
  );
  process.exitCode = wrong > 0 || proofs.length === 0 ? 1 : 0;
} finally {
  await sandbox.close();
}
