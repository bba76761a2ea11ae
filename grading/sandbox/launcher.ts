import { appendFileSync, chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Launched, Launcher, LaunchRequest, OpenLauncher } from '../../checker/index.js';
import type { BoundSocket } from '../../wire/index.js';
import { boxArgs, dropArgs } from './argv.js';
import { copyPlain } from './copy.js';
import { endingOf, OUTPUT_BYTES, prlimitArgs } from './limits.js';
import { letIn, type MountedStart, mountFiles, takeResults } from './mounts.js';
import { type Network, takeNetwork } from './network.js';
import {
  type Alarm,
  alarmsFile,
  type LimitHit,
  limitHitsFile,
  type SandboxOptions,
} from './options.js';
import { emptyNetworks, innermost, killTree, killUser, processesIn } from './processes.js';
import { claimUser } from './users.js';
import { type Excess, watch } from './watch.js';

/** How often is looked for the results of a program that runs. */
const TAKE_MS = 50;

/** How long the last of a program may take to be gone after its end, and after it was killed. */
const GONE_MS = 1000;
const KILLED_MS = 5000;

/** A start that has not ended. */
interface Start {
  pid?: number;
  /** Why we ended it. */
  because?: Excess;
}

/** Starts the programs of one scenario in the sandbox. Imported by whoever runs the hidden tests. */
export const openLauncher: OpenLauncher = async (raw, tell): Promise<Launcher> => {
  const given = raw as SandboxOptions;
  const { tier, limits, tmp } = given;
  // Where processes are not apart, a user of its own tells whose they are.
  const claim =
    tier === 'container' && given.uid !== undefined ? claimUser(tmp, given.uid) : undefined;
  const options = claim ? { ...given, uid: claim.uid } : given;
  const here = mkdtempSync(join(tmp, 'scene-'));
  const files = join(here, 'submission');
  letIn(here, options);
  if (claim) {
    // Other programs are other users: none of them gets in here.
    chownSync(here, claim.uid, claim.uid);
    chmodSync(here, 0o700);
  }
  const starts = new Set<Start>();
  let count = 0;
  let network: Network | undefined;
  try {
    if (tier !== 'process') copyPlain(options.submission.folder, files, claim?.uid);
    if (tier === 'bwrap') network = await takeNetwork(options, files);
  } catch (error) {
    claim?.release();
    rmSync(here, { recursive: true, force: true });
    throw error;
  }

  function onLimit(program: string, text: string): void {
    const hit: LimitHit = {
      folder: options.submission.folder,
      program,
      text: `the program ${text}`,
    };
    appendFileSync(limitHitsFile(tmp), `${JSON.stringify(hit)}\n`);
    tell(program, hit.text);
  }

  function end(start: Start, program: string, because: Excess): void {
    if (start.because !== undefined) return;
    start.because = because;
    onLimit(program, because.signal ? because.text : `${because.text}, and was ended`);
    if (start.pid !== undefined) killTree(start.pid);
  }

  function launch(request: LaunchRequest): Launched {
    const own = join(here, String(count++));
    mkdirSync(own);
    letIn(own, options);
    const mounted = mountFiles(options, files, own, request);
    const [command = '', ...args] = commandLine(options, mounted, network?.pid);
    const start: Start = {};
    starts.add(start);
    let stopWatching = () => {};
    return {
      command,
      args,
      cwd: tier === 'bwrap' ? '/' : mounted.cwd,
      env: mounted.env,
      outputBytes: OUTPUT_BYTES,
      contained: tier === 'bwrap',
      started(pid) {
        start.pid = pid;
        const { outbox } = mounted;
        const watching = watch(pid, limits, outbox?.folder, why => end(start, request.name, why));
        // A scenario may read the results of a program that has not ended.
        const taking = outbox && setInterval(() => takeResults(outbox), TAKE_MS).unref();
        stopWatching = () => {
          watching.end();
          clearInterval(taking);
        };
      },
      flooded: () =>
        end(start, request.name, { text: `wrote more than ${OUTPUT_BYTES >> 20} MiB of output` }),
      kill(pid) {
        start.because ??= { text: 'was killed' };
        killTree(pid);
      },
      programPid: innermost,
      ended(code, signal, status) {
        stopWatching();
        starts.delete(start);
        const seen = tier === 'bwrap' ? endingOf(code, signal) : endingOf(code, signal, false);
        const ending = start.because?.signal ? endingOf(null, start.because.signal) : seen;
        if (start.because === undefined && ending.signal === 'SIGXCPU') {
          onLimit(request.name, `used more than ${limits.cpuSeconds} s of processor time`);
        }
        if (claim && starts.size === 0) killUser(claim.uid);
        try {
          takeResults(mounted.outbox);
          rmSync(own, { recursive: true, force: true });
        } catch {
          // The scene is removed as a whole later, and nobody waits for these results any more.
        }
        if (tier !== 'bwrap') return ending;
        const reached = status.includes('"exit-code"') || start.because !== undefined || signal;
        return reached ? ending : { ...ending, startError: 'the sandbox could not start it' };
      },
    };
  }

  /** What a program leaves in its network would be the next one's trouble, were it given out again. */
  async function verifyEmpty({ name, pid }: Network): Promise<boolean> {
    for (const one of starts) if (one.pid !== undefined) killTree(one.pid);
    const networks = new Set(name === undefined ? [] : [name]);
    const others = () => processesIn(networks).filter(one => one !== pid);
    const until = performance.now() + GONE_MS;
    while (others().length > 0 && performance.now() < until) {
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    const outlived = others();
    if (outlived.length === 0 && name !== undefined) return true;
    const left = await emptyNetworks(networks, pid, KILLED_MS);
    const what =
      name === undefined
        ? 'the network of a program could not be looked at'
        : `${outlived.length} processes outlived their program, and ${left.length} of them being killed`;
    const alarm: Alarm = { folder: options.submission.folder, text: what };
    appendFileSync(alarmsFile(tmp), `${JSON.stringify(alarm)}\n`);
    return false;
  }

  /** A port that a program took while the broker was away is taken back. */
  async function bindPort(from: Network, port: number): Promise<BoundSocket> {
    for (let left = 40; ; left--) {
      try {
        return await from.bind(port);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || left === 0) throw error;
        for (const one of starts)
          end(one, 'program', { text: "took the broker's port while it was away" });
        await new Promise(resolve => setTimeout(resolve, 25));
      }
    }
  }

  return {
    launch,
    ...(network ? { bind: bindPort.bind(undefined, network) } : {}),
    ...(network ? { socketTable: `/proc/${network.pid}/net/tcp` } : {}),
    async close() {
      network?.close(await verifyEmpty(network));
      claim?.release();
      rmSync(here, { recursive: true, force: true });
    },
  };
};

function commandLine(options: SandboxOptions, mounted: MountedStart, networkPid = 0): string[] {
  const command = [mounted.command, ...mounted.args];
  if (options.tier === 'bwrap') {
    const { cwd, binds, outbox } = mounted;
    const writable = outbox ? ([[outbox.folder, outbox.target]] as const) : [];
    return boxArgs(options, { networkPid, command, cwd, binds, writable });
  }
  const { limits, submission, nodeMajor, tools, tier } = options;
  const ownUser = tier !== 'process';
  const { prlimit } = tools;
  const limited = prlimit
    ? [prlimit, ...prlimitArgs(limits, submission.track, nodeMajor, { ownUser }), '--']
    : [];
  return [...dropArgs(options), ...limited, ...command];
}
