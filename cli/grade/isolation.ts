import { UsageError } from '../../course/index.js';
import { quoteFor, shellInUse } from '../../course/system/index.js';
import type { Isolation } from '../../grading/index.js';

export interface IsolationOptions {
  readonly isolation?: string;
  readonly requireSandbox?: boolean;
}

/** From what keeps most apart to what keeps least. */
const tiers: readonly Isolation[] = ['bwrap', 'container', 'process'];

/** @throws UsageError */
export function parseIsolation(options: IsolationOptions): Isolation | undefined {
  const { isolation, requireSandbox } = options;
  if (isolation === undefined) return undefined;
  const tier = tiers.find(one => one === isolation);
  if (!tier) {
    throw new UsageError(`--isolation ${isolation} is not known; choose ${tiers.join(', ')}.`);
  }
  if (tier === 'process' && requireSandbox) {
    throw new UsageError(
      '--isolation process is no sandbox, and --require-sandbox asks for one. Leave one of them out.',
    );
  }
  return tier;
}

export interface Tier {
  readonly isolation: Isolation;
  readonly notices: readonly string[];
  /** Why nothing is graded. */
  readonly refused?: string;
}

/**
 * What programs are kept apart with. Never less than asked for, and never without a sandbox unless
 * that is asked for.
 */
export async function chooseTier(
  asked: Isolation | undefined,
  { requireSandbox }: IsolationOptions,
  folder: string,
  probe: () => Promise<{ readonly tier: Isolation; readonly reason?: string }>,
): Promise<Tier> {
  if (asked === 'process') {
    const warning =
      'isolation process: programs can read your files and reach your network. For programs you trust.';
    return { isolation: 'process', notices: [warning] };
  }
  const { tier, reason = '' } = await probe();
  const good =
    asked === undefined ? tier !== 'process' : tiers.indexOf(tier) <= tiers.indexOf(asked);
  if (good) {
    const isolation = asked ?? tier;
    const notice = `isolation container: this container is all that keeps programs in. ${reason}`;
    return { isolation, notices: isolation === 'container' ? [notice.trim()] : [] };
  }
  const way = requireSandbox
    ? 'Nothing was run.'
    : `Nothing was run. Without a sandbox, programs can read your files and reach your network; for programs you trust: npx mqtt-course grade ${quoteFor(shellInUse(), folder)} --isolation process`;
  const why = reason === '' ? '' : ` ${reason.replace(/\.?$/, '.')}`;
  return {
    isolation: tier,
    notices: [],
    refused: `There is no ${asked ?? 'sandbox'} here:${why} ${way}`,
  };
}

/** Why the isolation `container` is none here. */
export function notSealed(paths: readonly string[]): string {
  return `Nothing was run: in this container a program could read ${paths.join(', ')}. Give these to root with mode 700 (chown root, chmod 700), or grade where bubblewrap works.`;
}
