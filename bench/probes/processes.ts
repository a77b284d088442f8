/** CPU and memory of this process's descendants, by what they do: read from /proc, so on Linux only. */
import { readFileSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';

/** Kernels report CPU time in hundredths of a second to user space, whatever their own tick is. */
const TICKS_PER_SECOND = 100;
const SAMPLE_EVERY_MS = 500;

export interface Usage {
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
}

interface Seen {
  readonly role: string;
  readonly firstTicks: number;
  lastTicks: number;
}

/** Watches from its construction until `stop`. A process that ends in between counts with its last sample. */
export class ProcessProbe {
  readonly #seen = new Map<string, Seen>();
  readonly #peaks = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #isFirst = true;
  #peakOfAll = 0;

  constructor() {
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_EVERY_MS);
  }

  /** By role; 'all' is the sum, with the peak of the sum. */
  stop(): ReadonlyMap<string, Usage> {
    clearInterval(this.#timer);
    this.#sample();
    const ticks = new Map<string, number>();
    for (const { role, firstTicks, lastTicks } of this.#seen.values()) {
      ticks.set(role, (ticks.get(role) ?? 0) + lastTicks - firstTicks);
    }
    const usages = [...ticks].map(([role, count]): [string, Usage] => [
      role,
      { cpuSeconds: count / TICKS_PER_SECOND, peakRssBytes: this.#peaks.get(role) ?? 0 },
    ]);
    const cpuSeconds = usages.reduce((sum, [, usage]) => sum + usage.cpuSeconds, 0);
    return new Map([...usages, ['all', { cpuSeconds, peakRssBytes: this.#peakOfAll }]]);
  }

  #sample(): void {
    const rss = new Map<string, number>();
    for (const { pid, ticks, rssBytes } of descendants()) {
      let seen = this.#seen.get(pid);
      if (seen === undefined) {
        // One that started meanwhile has used all of its CPU meanwhile.
        seen = { role: roleOf(pid), firstTicks: this.#isFirst ? ticks : 0, lastTicks: ticks };
        this.#seen.set(pid, seen);
      }
      seen.lastTicks = ticks;
      rss.set(seen.role, (rss.get(seen.role) ?? 0) + rssBytes);
    }
    for (const [role, bytes] of rss) this.#peaks.set(role, Math.max(this.#peaks.get(role) ?? 0, bytes));
    this.#peakOfAll = Math.max(
      this.#peakOfAll,
      [...rss.values()].reduce((sum, bytes) => sum + bytes, 0),
    );
    this.#isFirst = false;
  }
}

interface ProcessSample {
  readonly pid: string;
  readonly ticks: number;
  readonly rssBytes: number;
}

/** This process's descendants, without itself. */
function descendants(): ProcessSample[] {
  const samples = new Map<string, ProcessSample>();
  const children = new Map<string, string[]>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = readProc(pid, 'stat');
    // The command may contain spaces and brackets; what follows its last bracket does not.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [parent, userTicks, systemTicks, rssPages] = [fields[1], fields[11], fields[12], fields[21]];
    if (parent === undefined) continue;
    samples.set(pid, {
      pid,
      ticks: Number(userTicks) + Number(systemTicks),
      rssBytes: Number(rssPages) * 4096,
    });
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found: ProcessSample[] = [];
  const visit = (pid: string) => {
    for (const child of children.get(pid) ?? []) {
      const sample = samples.get(child);
      if (sample !== undefined) found.push(sample);
      visit(child);
    }
  };
  visit(String(process.pid));
  return found;
}

/** A function by its name, a server by its program, a service of the runtime by its entry file. */
function roleOf(pid: string): string {
  const environment = readProc(pid, 'environ').split('\0');
  const fn = environment.find((variable) => variable.startsWith('AWS_LAMBDA_FUNCTION_NAME='));
  if (fn !== undefined) return fn.slice(fn.indexOf('=') + 1);
  const args = readProc(pid, 'cmdline').split('\0').filter(Boolean);
  const entry = args.find((arg) => arg.endsWith('.ts'));
  if (entry !== undefined) return entry.split('/').slice(-2).join('/');
  return basename(args[0] ?? 'unknown');
}

/** Empty when the process has ended meanwhile. */
function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
