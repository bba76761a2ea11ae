/**
 * Walks through the course on Windows, as a user would: in a rig of Wine (see `rig.mjs`), with the
 * tarball that npm would publish. What Wine cannot show is in docs/platforms.md.
 *
 *     node scripts/windows/run.mjs [--only TEXT] [--again] [--rig DIR]
 *
 * `--again`: with the course that the last walk installed. `--only`: the steps with this in their name;
 * most need what the steps before them made.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { filesBelow, installCourse, openPlace, root } from './place.mjs';
import { makeRig } from './rig.mjs';
import { must, stepper } from './steps.mjs';
import { check, python } from './walk/check.mjs';
import { classes } from './walk/class.mjs';
import { live } from './walk/live.mjs';
import { start } from './walk/start.mjs';
import { terminals } from './walk/terminal.mjs';
import { tools } from './walk/tools.mjs';
import { openWine } from './wine.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    again: { type: 'boolean' },
    rig: { type: 'string' },
  },
});

const began = performance.now();
const seconds = () => `${Math.round((performance.now() - began) / 1000)} s`;
const rig = makeRig(values.rig ?? join(root, '.tmp', 'windows'));
console.log(`Wine is ready (${seconds()})`);
const wine = openWine(rig);
if (!values.again) installCourse(wine);
const place = openPlace(wine);
console.log(`the course is installed (${seconds()})`);

const { step, sum } = stepper({
  only: values.only,
  after: () => wine.endAll(),
});
const context = { step, place, wine };
try {
  for (const walk of [start, check, live, tools, terminals, classes, python]) await walk(context);
  await step('no file of the course is left in the temporary folder', () => {
    const temporary = join(rig.home, 'Temp');
    const left = filesBelow(temporary).filter(name => name.includes('mqtt-course'));
    must(left.length === 0, 'none is there', left);
  });
} finally {
  wine.close();
}
const { passed, failed } = sum();
console.log(`\non Windows, by Wine, in ${seconds()}:\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
