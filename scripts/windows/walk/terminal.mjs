/** The course in a terminal: Wine's console, as cmd has it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, says, saysNot, until } from '../steps.mjs';
import { openTerminal } from '../terminal.mjs';

export async function terminals({ step, place, wine }) {
  const gone = () =>
    until(
      () => wine.running().length === 0,
      'nothing is left',
      () => wine.running(),
      15_000,
    );
  const open = (args, options = {}) =>
    openTerminal(wine, place.line(args), { cwd: place.workspace, ...options });

  await step('list in cmd: colours, and signs that its fonts have', async () => {
    place.solve('01-first-connection');
    const terminal = open(['list']);
    try {
      await terminal.shows(/of \d+ lessons passed/);
      says(terminal.screen(), '√ passed 03-subscribe-and-react');
      saysNot(terminal.screen(), '✓', '▶');
      must(terminal.coloured().includes('\u001B[32m'), 'in colour', terminal.coloured());
    } finally {
      terminal.close();
    }
  });

  await step('list in Windows Terminal: the signs of everywhere', async () => {
    const terminal = open(['list'], { env: { WT_SESSION: '1' } });
    try {
      await terminal.shows(/of \d+ lessons passed/);
      says(terminal.screen(), '✓ passed 03-subscribe-and-react');
    } finally {
      terminal.close();
    }
  });

  await step('watch in a terminal: a save, a key, the end', async () => {
    const file = join(place.exercise('01-first-connection'), 'main.ts');
    const right = readFileSync(file, 'utf8');
    const terminal = open(['watch', '1', '--track', 'typescript']);
    try {
      await terminal.shows(/√ passed\s+T8/);
      writeFileSync(file, right.replace(/clientId: [^,\r\n]+/, "clientId: 'mine'"));
      await terminal.shows(/× failed\s+T1/);
      writeFileSync(file, right);
      await terminal.shows(/√ passed\s+T8/);
      terminal.keys('q');
      must((await terminal.ended()) === 0, 'it ends with 0', terminal.screen());
    } finally {
      writeFileSync(file, right);
      terminal.close();
    }
    await gone();
  });

  await step('Ctrl-C in watch leaves no program', async () => {
    const terminal = open(['watch', '1']);
    try {
      await terminal.shows(/checking|running|passed/);
      terminal.keys('C-c');
      await terminal.ended();
    } finally {
      terminal.close();
    }
    await gone();
  });

  await step('run in a terminal: the wire as a drawing, a fault by its name', async () => {
    place.solve('03-subscribe-and-react');
    const terminal = open(['run', '3']);
    try {
      await terminal.shows('SUBACK');
      terminal.keys('c', 'u', 't', 'Enter');
      await terminal.shows(/cut/);
      terminal.keys('C-c');
      await terminal.ended();
    } finally {
      terminal.close();
    }
    await gone();
  });

  await step('start in a terminal: the home, its menu by arrows', async () => {
    const terminal = open(['start']);
    try {
      await terminal.shows('Check');
      terminal.keys('Down');
      terminal.keys('C-c');
      await terminal.ended();
    } finally {
      terminal.close();
    }
    await gone();
  });
}
