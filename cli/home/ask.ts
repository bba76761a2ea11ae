import { createInterface } from 'node:readline/promises';
import type { Style } from '../render/style.js';

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly label: string;
  readonly hint?: string;
}

/** Questions on a terminal. Each answers undefined when the person leaves with Ctrl-C or ESC. */
export interface Ask {
  choose<Value extends string>(
    question: string,
    choices: readonly Choice<Value>[],
    initial?: Value,
  ): Promise<Value | undefined>;
  confirm(question: string): Promise<boolean | undefined>;
}

/** Prompts with arrows; in `--plain` a numbered list and a line to type. */
export async function makeAsk(style: Style): Promise<Ask> {
  return style.plain ? typed() : arrows();
}

async function arrows(): Promise<Ask> {
  const { confirm, isCancel, select } = await import('@clack/prompts');
  return {
    choose: async (question, choices, initial) => {
      const options = choices.map(({ value, label, hint }) => ({
        value: value as string,
        label,
        ...(hint ? { hint } : {}),
      }));
      const answer = await select<string>({
        message: question,
        options,
        ...(initial ? { initialValue: initial } : {}),
      });
      return isCancel(answer) ? undefined : choices.find(one => one.value === answer)?.value;
    },
    confirm: async question => {
      const answer = await confirm({ message: question });
      return isCancel(answer) ? undefined : answer;
    },
  };
}

function typed(): Ask {
  const line = async (question: string): Promise<string | undefined> => {
    const input = createInterface({ input: process.stdin, output: process.stdout });
    const left = new AbortController();
    input.once('SIGINT', () => left.abort());
    input.once('close', () => left.abort());
    try {
      return (await input.question(question, { signal: left.signal })).trim();
    } catch {
      process.stdout.write('\n');
      return undefined;
    } finally {
      input.removeAllListeners('close');
      input.close();
    }
  };
  return {
    choose: async (question, choices, initial) => {
      const list = choices.map((one, index) => {
        const hint = one.hint ? ` (${one.hint})` : '';
        return `  ${index + 1} ${one.label}${hint}\n`;
      });
      const standard =
        Math.max(
          0,
          choices.findIndex(one => one.value === initial),
        ) + 1;
      for (;;) {
        const text = await line(`${question}\n${list.join('')}Number, or Enter for ${standard}: `);
        if (text === undefined || text === 'q') return undefined;
        const chosen = choices[(text === '' ? standard : Number(text)) - 1];
        if (chosen) return chosen.value;
      }
    },
    confirm: async question => {
      const text = await line(`${question} (y or n) `);
      return text === undefined ? undefined : /^y/i.test(text);
    },
  };
}
