/** docs/topology.md is that of the templates; `npm run docs:architecture` writes it anew. */
import { describe, expect, test } from 'vitest';
import { grantlineStacks } from '../../lib/grantline-stacks.ts';
import { readAssembly } from '../../local/template/assembly.ts';
import { resolveAssembly } from '../../local/template/resolve.ts';
import { machineDiagram } from './machine-diagram.ts';
import { makeConfig, unbundledApp } from './synthesised.ts';
import { topologyPage } from './topology-page.ts';

const PAGE = '../../docs/topology.md';

/** Nothing listens: only names and ARNs are looked at. */
const ENDPOINTS = {
  sqsUrl: 'http://sqs',
  httpApiUrls: new Map<string, string>(),
  database: { host: 'database', port: 3306 },
  cache: { host: 'cache', port: 6379 },
};

async function page(): Promise<string> {
  const app = unbundledApp();
  grantlineStacks(app, makeConfig({ stage: 'prod' }));
  return topologyPage(resolveAssembly(await readAssembly(app.synth().directory), ENDPOINTS), 'prod');
}

test('the page is up to date', async () => {
  await expect(await page()).toMatchFileSnapshot(PAGE);
}, 120_000);

test('it shows how a grant travels', async () => {
  const text = await page();

  for (const arrow of [
    'schedule_made_by_reconcile_campaigns -->|"starts"| machine_campaign_run',
    'machine_campaign_run -->|"invokes"| function_publish_partition',
    'function_publish_partition -->|"sends"| queue_grants_fifo',
    'queue_grants_fifo -->|"at most 4 at once"| function_grant_rewards',
    'queue_grants_fifo -.->|"after 1000 receives"| queue_grants_dead_letter_fifo',
    'queue_grants_dead_letter_fifo -->|"at most 2 at once"| function_collect_dead_letters',
    'topic_alerts --> queue_alerts',
  ]) {
    expect(text).toContain(`  ${arrow}\n`);
  }
}, 120_000);

describe('a machine', () => {
  test('is drawn with its choices, what it catches, and what is within a Map', () => {
    const text = machineDiagram({
      StartAt: 'Pay',
      States: {
        Pay: {
          Type: 'Map',
          MaxConcurrency: 8,
          Next: 'Done?',
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Failed' }],
          ItemProcessor: {
            ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
            StartAt: 'Publish',
            States: { Publish: { Type: 'Task', End: true } },
          },
        },
        'Done?': {
          Type: 'Choice',
          Choices: [{ Variable: '$.result.done', BooleanEquals: false, Next: 'Pay' }],
          Default: 'Ended',
        },
        Ended: { Type: 'Succeed' },
        Failed: { Type: 'Fail' },
      },
    });

    expect(text.split('\n')).toEqual([
      'flowchart TD',
      '  subgraph s_Pay["Pay: distributed Map, 8 at once"]',
      '    s_Publish["Publish"]',
      '  end',
      '  s_Done_{"Done?"}',
      '  s_Ended(["Ended"])',
      '  s_Failed(["Failed"])',
      '  start((" ")) --> s_Pay',
      '  s_Pay --> s_Done_',
      '  s_Pay -.->|"States.ALL"| s_Failed',
      '  s_Done_ -->|"done = false"| s_Pay',
      '  s_Done_ -->|otherwise| s_Ended',
    ]);
  });

  test('is refused when it is no definition', () => {
    expect(() => machineDiagram({ StartAt: 'Pay', States: { Pay: { Type: 'Dance' } } })).toThrow('Type');
  });
});
