import { execFileSync } from 'node:child_process';
import { getPriority } from 'node:os';
import { describe, expect, it } from 'vitest';

const PRIORITY = new URL('../../../local/process/priority.ts', import.meta.url).href;

/** In a process of its own, which cannot get its priority back. */
function run(code: string): string {
  const script = `import { getPriority } from 'node:os'; import { giveWay, goFirst } from '${PRIORITY}'; ${code}`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).trim();
}

describe('the priority', () => {
  it('of what gives way is lower, also for what it starts, and not raised again by giving way twice', () => {
    const child =
      "import('node:child_process').then(({ execFileSync }) => console.log(execFileSync('nice', { encoding: 'utf8' })))";

    expect(Number(run('giveWay(); console.log(getPriority());'))).toBe(Math.max(getPriority(), 10));
    expect(Number(run(`giveWay(); giveWay(); ${child};`))).toBe(Math.max(getPriority(), 10));
  });

  it('of what goes first is higher where that is allowed, and elsewhere as it was', () => {
    const after = Number(run('goFirst(process.pid); console.log(getPriority());'));

    expect([-10, getPriority()]).toContain(after);
  });

  it('of a process that has ended is nobody’s concern', () => {
    expect(run("goFirst(2 ** 22 - 1); console.log('on');")).toBe('on');
  });
});
