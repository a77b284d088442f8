import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { leaveUnpaid } from '../../../bench/leave-unpaid.ts';
import { ProcessProbe } from '../../../bench/probes/processes.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bench-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A process that uses half a second of CPU whenever it is told to. */
async function startBusy(file: string, env: NodeJS.ProcessEnv) {
  const path = join(directory, file);
  writeFileSync(
    path,
    `process.on('message', () => {
       const from = process.cpuUsage();
       const used = () => { const { user, system } = process.cpuUsage(from); return user + system; };
       while (used() < 500_000);
       process.send('done');
     });
     process.send('ready');`,
  );
  const child = fork(path, { env: { ...process.env, ...env } });
  await once(child, 'message');
  const work = async () => {
    child.send('go');
    await once(child, 'message');
  };
  return { child, work };
}

describe('the probe of processes', () => {
  it('sees what each used since it began, a function by its name and others by their entry', async () => {
    const fn = await startBusy('host.ts', { AWS_LAMBDA_FUNCTION_NAME: 'grantline-dev-work' });
    const service = await startBusy('main.ts', {});
    await fn.work();

    const probe = new ProcessProbe();
    await service.work();
    await fn.work();
    await fn.work();
    const usage = probe.stop();
    fn.child.kill();
    service.child.kill();

    const ofService = usage.get(`${directory.split('/').at(-1) ?? ''}/main.ts`);
    // Hundredths of a second, and what a process does besides.
    expect(usage.get('grantline-dev-work')?.cpuSeconds).toBeCloseTo(1, 0);
    expect(usage.get('grantline-dev-work')?.cpuSeconds).toBeGreaterThan(0.9);
    expect(ofService?.cpuSeconds).toBeGreaterThan(0.45);
    expect(ofService?.cpuSeconds).toBeLessThan(0.9);
    expect(usage.get('all')?.peakRssBytes).toBeGreaterThan(2 * 10_000_000);
  });
});

describe('an assembly that is left unpaid', () => {
  it('has no mapping that takes messages out, and a publisher that waits for nobody', async () => {
    const file = join(directory, 'campaigns.template.json');
    const variables = { BACKLOG_LIMIT: '60000', MONEY_TPS: '1000', OTHER: 'kept' };
    const Resources = {
      Mapping: { Type: 'AWS::Lambda::EventSourceMapping', Properties: { BatchSize: 10 } },
      Publish: { Type: 'AWS::Lambda::Function', Properties: { Environment: { Variables: variables } } },
      Pay: {
        Type: 'AWS::Lambda::Function',
        Properties: { Environment: { Variables: { MONEY_TPS: '1000' } } },
      },
      Topic: { Type: 'AWS::SNS::Topic' },
    };
    writeFileSync(file, JSON.stringify({ Resources }));

    await leaveUnpaid(directory);

    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      Resources: {
        Mapping: { Type: 'AWS::Lambda::EventSourceMapping', Properties: { BatchSize: 10, Enabled: false } },
        Publish: {
          Type: 'AWS::Lambda::Function',
          Properties: {
            Environment: {
              Variables: { BACKLOG_LIMIT: '1000000000', MONEY_TPS: '1000000', OTHER: 'kept' },
            },
          },
        },
        Pay: Resources.Pay,
        Topic: Resources.Topic,
      },
    });
  });
});
