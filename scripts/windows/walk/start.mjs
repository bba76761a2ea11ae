/** From an empty folder to a red check: what a learner meets in the first ten minutes. */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow, withCrlf } from '../place.mjs';
import { ends, must, says, saysNot } from '../steps.mjs';

const HOME = 'C:\\users\\Zoë Müller\\my course';
/** What PowerShell has in its environment, and cmd has not. */
export const powershell = {
  PSModulePath:
    'C:\\users\\Zoë Müller\\Documents\\WindowsPowerShell\\Modules;C:\\Program Files\\WindowsPowerShell\\Modules',
};

export async function start({ step, place }) {
  const { folder, workspace } = place;

  await step('the tarball installs for Windows, with the tools of Windows', () => {
    const modules = join(folder, 'node_modules');
    must(existsSync(join(modules, '@esbuild', 'win32-x64', 'esbuild.exe')), 'esbuild.exe is there');
    must(!existsSync(join(modules, '@esbuild', 'linux-x64')), 'no esbuild of Linux is there');
  });

  await step('start without a terminal names the flag that answers it', async () => {
    const { code, out, err } = await place.run(['start'], { cwd: folder });
    ends({ code, out, err }, 2);
    says(err, `To make ${HOME}\\mqtt-course: npx mqtt-course start --yes`);
  });

  await step('start --yes makes the workspace, in paths of Windows', async () => {
    const outcome = await place.run(['start', '--yes'], { cwd: folder });
    ends(outcome, 0);
    says(outcome.out, 'Made .\\mqtt-course with the exercises of');
    says(outcome.out, `${HOME}\\mqtt-course\\exercises\\01-first-connection\\typescript\\main.ts`);
    saysNot(outcome.out, './mqtt-course', 'exercises/');
    const shim = readFileSync(join(workspace, 'node_modules', '.bin', 'mqtt-course.cmd'), 'utf8');
    must(shim.endsWith('%*\r\n'), 'the command of the workspace is a batch file', shim);
    const links = filesBelow(workspace).filter(name =>
      lstatSync(join(workspace, name)).isSymbolicLink(),
    );
    must(links.length === 0, 'no symbolic link is made', links);
  });

  await step('npm run, npx and the batch file of the workspace run the course', async () => {
    const listed = await place.npm(['run', '--silent', 'list']);
    ends(listed, 0);
    says(listed.out, '01-first-connection', /0 of \d+ lessons passed/);
    const below = await place.npm(['exec', '--offline', '--', 'mqtt-course', 'list'], {
      cwd: join(workspace, 'exercises', '03-subscribe-and-react'),
    });
    ends(below, 0);
    says(below.out, '01-first-connection');
  });

  await step('list, read, hint and doctor', async () => {
    const listed = await place.run(['list', '--plain']);
    ends(listed, 0);
    must(listed.out.includes('15-acl-lab'), 'all lessons are listed', listed.out);
    const read = await place.run(['read', '1']);
    ends(read, 0);
    says(read.out, 'A first connection', 'DISCONNECT');
    const hint = await place.run(['hint', '1']);
    ends(hint, 0);
    says(hint.out, 'hint 1 of 3');
    const doctor = await place.run(['doctor']);
    ends(doctor, 0);
    says(doctor.out, 'py -m pip install paho-mqtt', 'winget install EclipseFoundation.Mosquitto');
    says(doctor.out, 'set VISUAL=code', `${HOME}\\mqtt-course, writable`);
    saysNot(doctor.out, 'apt install', 'export VISUAL', 'python3');
    const other = await place.run(['doctor'], { env: powershell });
    says(other.out, "$env:VISUAL = 'code'");
  });

  await step(
    'in a folder of an exercise, in any case of letters, that exercise is meant',
    async () => {
      const hint = await place.run(['hint'], {
        cwd: join(workspace, 'exercises', '05-wildcards', 'typescript'),
      });
      ends(hint, 0);
      says(hint.out, '05-wildcards · typescript');
    },
  );

  await step('a stub with the line ends of Windows is still a stub', async () => {
    withCrlf(join(workspace, 'exercises'));
    const opened = await place.run(['start'], { cwd: workspace });
    ends(opened, 0);
    must(opened.err === '', 'nothing is said to have changed', opened.err);
    const reset = await place.run(['reset', '4']);
    ends(reset, 0);
    says(reset.out, 'there is nothing to reset');
    const beside = filesBelow(join(workspace, 'exercises')).filter(name => name.includes('.new.'));
    must(beside.length === 0, 'no newer stub is put beside one', beside);
  });

  await step('names that Windows forbids are refused, and none is made', async () => {
    const device = await place.run(['certs', '--dir', 'forbidden', '--client', 'aux']);
    ends(device, 2);
    says(device.err, 'aux');
    must(!existsSync(join(workspace, 'forbidden', 'aux.key')), 'no aux.key is made');
    const names = filesBelow(folder).flatMap(name => name.split('/'));
    const forbidden = names.filter(name =>
      /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)|[<>:"|?*]|[. ]$/i.test(name),
    );
    must(forbidden.length === 0, 'no file has such a name', forbidden);
    must(readdirSync(workspace).includes('exercises'), 'the workspace is there');
  });
}
