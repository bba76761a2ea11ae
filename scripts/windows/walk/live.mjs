/** What goes on: watch and run, their faults and their end; and the packets afterwards. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ends, must, says, saysNot, until } from '../steps.mjs';

export async function live({ step, place, wine }) {
  const { workspace } = place;
  const file = () => join(place.exercise('01-first-connection'), 'main.ts');
  const lines = text =>
    text
      .split('\n')
      .filter(line => line.startsWith('{'))
      .map(line => JSON.parse(line));
  const gone = () =>
    until(
      () => wine.running().length === 0,
      'nothing is left',
      () => wine.running(),
      15_000,
    );

  await step(
    'watch: every save is checked, told or looked for; it ends with its input',
    async () => {
      for (const flags of [[], ['--poll']]) {
        place.solve('01-first-connection');
        const watching = place.begin(['watch', '1', '--track', 'typescript', '--json', ...flags], {
          open: true,
        });
        const results = () => lines(watching.out());
        const seen = () => `${watching.out()}\n${watching.err()}`;
        await until(() => results().length >= 1, 'a first result', seen, 40_000);
        must(results()[0].status === 'passed', 'the first is green', results());
        const right = readFileSync(file(), 'utf8');
        writeFileSync(file(), right.replace(/clientId: [^,\r\n]+/, "clientId: 'mine'"));
        await until(() => results().length >= 2, 'a result after a save', seen, 40_000);
        must(results()[1].status === 'failed', 'the second is red', results()[1]);
        writeFileSync(file(), right);
        await until(() => results().length >= 3, 'a result after the next', seen, 40_000);
        watching.endInput();
        const outcome = await watching.ended;
        ends(outcome, 0);
        must(results().at(-1).status === 'passed', 'the last is green', results().at(-1));
        await gone();
      }
    },
  );

  await step('watch starts again where it was ended, and says which files it watches', async () => {
    const watching = place.begin(['watch', '1'], { open: true });
    const seen = () => `${watching.out()}\n${watching.err()}`;
    await until(() => /8 passed/.test(watching.out()), 'it is green', seen, 40_000);
    watching.endInput();
    ends(await watching.ended, 0);
    says(watching.err(), 'Watching exercises\\01-first-connection\\typescript');
    await gone();
  });

  await step(
    'run with faults: cut, withhold, restart; all programs are gone afterwards',
    async () => {
      place.solve('03-subscribe-and-react');
      const commands = [
        'wait SUBACK',
        'pub home/kitchen/set 21',
        'delay PUBLISH 100',
        'withhold PUBACK',
        'restart',
        'cut',
        'nonsense',
        'quit',
      ];
      const outcome = await place.run(['run', '3', '--seed', 'windows'], {
        input: `${commands.join('\r\n')}\r\n`,
      });
      says(outcome.out, 'running exercises\\03-subscribe-and-react\\typescript\\main.ts');
      says(outcome.out, 'SUBSCRIBE', 'SUBACK', /mosquitto_sub .* -t "#" -v/);
      says(outcome.out, 'connection 1 closed', 'nonsense');
      must(outcome.code === 2 || outcome.code === 0, 'it ends', outcome);
      await gone();
      const stored = await place.run(['trace', '3', '--run', '--plain']);
      ends(stored, 0);
      says(stored.out, 'CONNECT');
    },
  );

  await step('run --observe and demo', async () => {
    const demo = await place.run(['demo']);
    ends(demo, 0);
    says(demo.out, 'SUBSCRIBE demo-', 'DISCONNECT');
    const observed = await place.run(['run', '2', '--observe'], { input: 'quit\r\n' });
    says(observed.out, 'CONNECT');
    await gone();
  });

  await step('trace in all its forms', async () => {
    ends(await place.run(['check', '2', '--seed', 'windows']), 0);
    const forms = {
      '': '#3',
      '--plain': 'CONNECT',
      '--diagram': '│─ CONNECT',
      '--mermaid': 'sequenceDiagram',
      '--json': '"mqtt-course/trace/1"',
      '--explain 1': 'protocol name',
      '--packet 1': 'CONNECT',
      '--compare': 'No difference in',
      '--output': '',
    };
    for (const [form, words] of Object.entries(forms)) {
      const outcome = await place.run(['trace', '2', ...form.split(' ').filter(Boolean)]);
      ends(outcome, 0);
      says(outcome.out, words);
    }
    const svg = await place.run(['trace', '2', '--svg']);
    says(svg.out, 'wrote .mqtt-course\\last\\02-publish-a-reading.svg');
    must(
      readFileSync(
        join(workspace, '.mqtt-course', 'last', '02-publish-a-reading.svg'),
        'utf8',
      ).startsWith('<svg'),
      'a picture is there',
    );
    const pcap = await place.run(['trace', '2', '--pcap', '.\\exchange of 2.pcap']);
    ends(pcap, 0);
    must(existsSync(join(workspace, 'exchange of 2.pcap')), 'the capture is there');
    const replayed = await place.run([
      'check',
      '--replay',
      '.mqtt-course\\last\\02-publish-a-reading.json',
    ]);
    ends(replayed, 0);
    saysNot(replayed.out, 'C:\\users');
  });

  await step(
    "solution and reset, with the line ends of Windows in the learner's file",
    async () => {
      const path = join(place.exercise('02-publish-a-reading'), 'main.ts');
      const right = readFileSync(path, 'utf8').replace(/\r?\n/g, '\r\n');
      writeFileSync(path, right);
      const same = await place.run(['solution', '2']);
      ends(same, 0);
      says(same.out, 'exercises\\02-publish-a-reading\\typescript\\main.ts: yours is the same');
      const reset = await place.run(['reset', '2', '--yes']);
      ends(reset, 0);
      says(reset.out, 'exercises\\02-publish-a-reading\\typescript\\main.ts is as the course');
      const [, saved] = /saved in (\S+)/.exec(reset.out) ?? [];
      must(
        saved?.startsWith('.mqtt-course\\backups\\') ?? false,
        'the backup is named as Windows does',
        reset.out,
      );
      const backup = join(
        workspace,
        saved.replaceAll('\\', '/'),
        'exercises',
        '02-publish-a-reading',
        'typescript',
        'main.ts',
      );
      must(readFileSync(backup, 'utf8') === right, "the backup is the learner's text");
    },
  );
}
