/** What authors and instructors do. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow } from '../place.mjs';
import { ends, must, says } from '../steps.mjs';

/**
 * These hand their socket 300 messages at once, in more than 1,024 pieces. Wine passes them to Linux in
 * one call, which takes no more, and the connection breaks; Windows has no such limit.
 */
const tooManyPieces = new Set([
  'variant/pretty-qos2',
  'mutant/template-string',
  'mutant/fixed-pause',
]);

export async function classes({ step, place }) {
  const { folder, course } = place;

  await step('verify 2: right programs pass, wrong ones fail with their own message', async () => {
    const words = ['verify', '2', '--track', 'typescript'];
    const { out, err } = await place.run(words, { timeout: 480_000 });
    const wrong = [...out.matchAll(/WRONG (\S+)/g)].map(([, name]) => name);
    const ours = wrong.filter(name => !tooManyPieces.has(name));
    must(ours.length === 0, 'all are as they should be', `${out}\n${err}`);
    const [, right] = /(\d+) programs? as they should be/.exec(out) ?? [];
    must(Number(right) >= 20, 'so many programs were tried', out);
  });

  await step('handout: what students get', async () => {
    rmSync(join(folder, 'for students'), { recursive: true, force: true });
    const outcome = await place.run(['handout', '..\\for students', '--lessons', '1-2']);
    ends(outcome, 0);
    const files = filesBelow(join(folder, 'for students'));
    must(
      files.some(name => name.endsWith('.tgz')),
      'the course is in it',
      files,
    );
    must(!files.some(name => name.includes('solutions')), 'no solution is in it', files);
  });

  await step('grade says that there is no sandbox here, and what follows', async () => {
    const submissions = join(folder, 'handed in');
    for (const learner of ['ada', 'Zoë Müller']) {
      const work = join(submissions, learner, '02-publish-a-reading', 'typescript');
      mkdirSync(work, { recursive: true });
      cpSync(
        join(
          course,
          learner === 'ada' ? 'solutions' : 'exercises',
          '02-publish-a-reading',
          'typescript',
        ),
        work,
        { recursive: true },
      );
    }
    const refused = await place.run(['grade', 'handed in', '--lessons', '2'], { cwd: folder });
    must(refused.code !== 0, 'nothing is graded', refused);
    says(refused.err + refused.out, 'There is no sandbox here', 'bubblewrap needs Linux');
    says(
      refused.err + refused.out,
      'Nothing was run',
      'npx mqtt-course grade "handed in" --isolation process',
    );
  });

  await step('grade --isolation process: points, tables and pages', async () => {
    const words = [
      'grade',
      'handed in',
      '--lessons',
      '2',
      '--isolation',
      'process',
      '--out',
      'graded class',
    ];
    const outcome = await place.run(words, { cwd: folder, timeout: 480_000 });
    ends(outcome, 0);
    says(outcome.err + outcome.out, 'programs can read your files');
    const out = join(folder, 'graded class');
    const table = readFileSync(join(out, 'grades.csv'), 'utf8');
    must(/ada/.test(table) && /Zoë/.test(table), 'both are in the table', table);
    const forbidden = filesBelow(out).filter(name => /[<>:"|?*\\]|[. ](?:\/|$)/.test(name));
    must(forbidden.length === 0, 'names that every system takes', forbidden);
    must(existsSync(out), 'the results are there');
  });
}
