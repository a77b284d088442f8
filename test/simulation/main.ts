/** npm run simulate */
import { BUGS } from './bugs/all.ts';
import { hunt } from './bug-hunt.ts';
import type { Hunted } from './bug-hunt.ts';
import { formatTraceLine } from './engine/trace.ts';
import { simulateCommand } from './options.ts';
import type { SimulateOptions } from './options.ts';
import { runSeed } from './run-seed.ts';
import { ThreadPool } from './thread-pool.ts';
import type { FoundViolation } from './worker.ts';

const MOST_VIOLATIONS_SHOWN = 20;

async function simulate(options: SimulateOptions): Promise<void> {
  // With --json, standard output carries the result and nothing else.
  const out = options.json ? process.stderr : process.stdout;
  const say = (line: string) => out.write(`${line}\n`);
  if (options.seed !== undefined) await showSeed(options, options.seed, say);
  else if (options.bugs) await huntBugs(options, say);
  else await runSeeds(options, say);
}

async function showSeed(options: SimulateOptions, seed: number, say: (line: string) => void): Promise<void> {
  const { violation, plan, trace, virtualSeconds, calls } = await runSeed({
    seed,
    targetCount: options.targets,
    faults: new Set(options.faults),
    bug: options.bug,
    traced: true,
  });
  const shownPlan = { ...plan, rates: Object.fromEntries(plan.rates) };
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ seed, violation, virtualSeconds, calls, plan: shownPlan, trace })}\n`,
    );
  } else {
    for (const line of trace) say(formatTraceLine(line));
    say(`\nplan of seed ${seed}: ${JSON.stringify(shownPlan)}`);
    say(`${calls} Money calls in ${virtualSeconds.toFixed(0)} virtual seconds`);
    say(
      violation === undefined
        ? 'every invariant holds'
        : `invariant ${violation.invariant} is violated: ${violation.what}`,
    );
  }
  process.exitCode = violation === undefined ? 0 : 1;
}

async function runSeeds(options: SimulateOptions, say: (line: string) => void): Promise<void> {
  const begun = performance.now();
  const secondsSoFar = () => (performance.now() - begun) / 1000;
  const showProgress = progressLine(secondsSoFar, options.seeds);
  const pool = new ThreadPool(options.workers);
  const { ran, calls, virtualSeconds, violations } = await pool
    .run(rangeOf(options), showProgress)
    .finally(() => pool.close());
  const seconds = secondsSoFar();

  if (process.stderr.isTTY) process.stderr.write('\n');
  const hours = Math.round(virtualSeconds / 3600);
  say(
    `${ran} seeds in ${seconds.toFixed(1)} s: ${(ran / seconds).toFixed(0)} seeds/s, ${calls} Money calls, ${hours} virtual hours`,
  );
  for (const { seed, invariant, what } of violations.slice(0, MOST_VIOLATIONS_SHOWN)) {
    say(`seed ${seed}: invariant ${invariant}: ${what}`);
  }
  const [first] = violations;
  if (first === undefined) say('every invariant holds');
  else {
    say(`${violations.length} seeds with a violation`);
    await showTraceEnd(options, first, say);
  }
  if (options.json) {
    process.stdout.write(
      `${JSON.stringify({ seeds: ran, seconds, seedsPerSecond: ran / seconds, calls, violations })}\n`,
    );
  }
  process.exitCode = first === undefined ? 0 : 1;
}

const TRACE_END = 40;

async function showTraceEnd(
  options: SimulateOptions,
  { seed, invariant, what }: FoundViolation,
  say: (line: string) => void,
): Promise<void> {
  const { trace } = await runSeed({
    seed,
    targetCount: options.targets,
    faults: new Set(options.faults),
    bug: options.bug,
    traced: true,
  });
  say(`\nthe last ${TRACE_END} lines of seed ${seed} (all of them: --seed ${seed}):`);
  for (const line of trace.slice(-TRACE_END)) say(formatTraceLine(line));
  say(`invariant ${invariant} is violated: ${what}`);
}

async function huntBugs(options: SimulateOptions, say: (line: string) => void): Promise<void> {
  const pool = new ThreadPool(options.workers);
  const found: Hunted[] = [];
  say(`${'bug'.padEnd(34)} ${'invariant'.padEnd(10)} ${'seed'.padEnd(6)} ${'tried'.padEnd(6)} what was seen`);
  try {
    for (const bug of BUGS) {
      const hunted = await hunt(pool, bug, {
        seeds: options.seeds,
        from: options.from,
        targets: options.targets,
      });
      found.push(hunted);
      const { name, seed, invariant, tried, what } = hunted;
      const columns = [
        String(invariant ?? '-').padEnd(10),
        String(seed ?? '-').padEnd(6),
        String(tried).padEnd(6),
      ];
      say(`${name.padEnd(34)} ${columns.join(' ')} ${what ?? 'NOT FOUND'}`);
    }
  } finally {
    await pool.close();
  }
  const missed = found.filter(({ seed }) => seed === undefined);
  say(`${found.length - missed.length} of ${found.length} planted bugs found`);
  if (options.json) process.stdout.write(`${JSON.stringify(found)}\n`);
  process.exitCode = missed.length === 0 ? 0 : 1;
}

function rangeOf({ from, seeds, faults, bug, targets }: SimulateOptions) {
  return {
    from,
    count: seeds,
    faults: faults.length === 0 ? ['none'] : [...faults],
    bug: bug?.name ?? null,
    targets,
    until: [],
  };
}

/** On a terminal one line that is written over; elsewhere nothing. */
function progressLine(seconds: () => number, seeds: number): (ran: number) => void {
  return (ran) => {
    if (!process.stderr.isTTY) return;
    process.stderr.write(`\r${ran} of ${seeds} seeds, ${(ran / seconds()).toFixed(0)} seeds/s `);
  };
}

await simulateCommand(simulate).parseAsync();
