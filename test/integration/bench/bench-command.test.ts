import { execFile } from 'node:child_process';
import { describe, expect, it } from 'vitest';

function bench(
  ...args: string[]
): Promise<{ exitCode: number | string | null | undefined; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['bench/main.ts', ...args], (error, stdout, stderr) =>
      resolve({ exitCode: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

describe('npm run bench', () => {
  it.each([
    [['--tps', '0'], /'0' is invalid.* It must be a whole number from 10 to 50000\./],
    [['--tps', '-5'], /It must be a whole number from 10 to 50000\./],
    [['--tps', '60000'], /It must be a whole number from 10 to 50000\./],
    [['--workload', 'W9'], /It must be of W1, W2, W3, W4, W5, W6, P1, P2, C1, C2\./],
    [['--peer', 'celery'], /Allowed choices are bullmq, loop\./],
    [['--workload', 'W6', '--peer', 'bullmq'], /bench: W6 has no peer bullmq: leave out --peer, or W6/],
    [['--workload', 'P1', '--peer', 'bullmq'], /bench: P1 has no peer bullmq: leave out --peer, or P1/],
    [['--workload', 'P1,W2', '--peer', 'loop'], /bench: W2 has no peer loop: leave out --peer, or W2/],
    [['--workload', 'C1', '--peer', 'bullmq'], /bench: C1 has no peer bullmq: leave out --peer, or C1/],
    [['--workload', 'P1,C2', '--peer', 'loop'], /bench: C2 has no peer loop: leave out --peer, or C2/],
    [['--workload', 'C3'], /It must be of W1, .*, C1, C2\./],
    [['--workload', 'C1', '--targets', '0'], /It must be a whole number from 1 to 10000000\./],
    [['--targets', 'many'], /It must be a whole number from 1 to 10000000\./],
  ])('%s is refused in one line that says the bound', async (args, says) => {
    const { exitCode, stdout, stderr } = await bench(...args);

    expect(exitCode).toBe(1);
    expect(stderr.split('\n')[0]).toMatch(says);
    expect(stdout).toBe('');
  });

  it('says what it measures, with an example', async () => {
    const { exitCode, stdout } = await bench('--help');

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/W2 {2}30,000 targets/);
    expect(stdout).toMatch(/P1 {2}1,000,000 users/);
    expect(stdout).toMatch(/C1 {2}5,000,000 histories/);
    expect(stdout).toMatch(/C2 {2}100,000 members/);
    expect(stdout).toMatch(/Examples:\n {2}npm run bench -- /);
  });
});
