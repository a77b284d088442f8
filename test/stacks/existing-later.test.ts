/**
 * A stage that changes to a Redis or a database that others run takes exports away, and CloudFormation refuses that while
 * another stack imports them: in which order it works, as docs/runbook.md says it.
 */
import { readFileSync } from 'node:fs';
import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DEFAULT_STAGES } from '../../config/default-stages.ts';
import { makeConfig, synthesise } from './synthesised.ts';
import type { Templates } from './synthesised.ts';

const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');

const { prod } = DEFAULT_STAGES;
const before = synthesise(makeConfig({ stage: 'prod' }));
const changes = {
  redis: { redis: { ...prod.redis, existing: { url: 'rediss://redis.internal' } } },
  database: {
    database: {
      ...prod.database,
      existing: {
        clusterArn: 'arn:aws:rds:ap-northeast-2:111122223333:cluster:shared',
        secret: { arn: 'arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:shared-AbCdEf' },
      },
    },
  },
};

/** In the order in which they are updated. */
const ORDER = {
  redis: [['campaignGrant', 'pointSync'], ['data'], 'the rest'],
  database: [
    ['alerts', 'campaignGrant', 'jobs', 'pointSync', 'couponStats', 'adminApi'],
    ['data'],
    'the rest',
  ],
} as const;

const exported = z.looseObject({ Outputs: z.record(z.string(), z.unknown()).default({}) });

function exportsOf(template: Template): string[] {
  return Object.keys(exported.parse(template.toJSON()).Outputs).filter((name) => name.startsWith('Exports'));
}

function imports(template: Template, name: string): boolean {
  return JSON.stringify(template.toJSON()).includes(`:${name}"`);
}

/** Which stacks' update would be refused, as CloudFormation does it. */
function refused(deployed: Map<string, Template>, next: ReadonlyMap<string, Template>): string[] {
  return [...next].flatMap(([stack, template]) => {
    const old = deployed.get(stack);
    const gone =
      old === undefined ? [] : exportsOf(old).filter((name) => !exportsOf(template).includes(name));
    const users = [...deployed].filter(
      ([user, other]) => user !== stack && gone.some((name) => imports(other, name)),
    );
    deployed.set(stack, template);
    return users.map(([user]) => `${stack}, for ${user}`);
  });
}

const only = (templates: Templates, stacks: readonly string[]) =>
  new Map(Object.entries(templates).filter(([name]) => stacks.includes(name)));

describe.each(['redis', 'database'] as const)('a change to a %s that others run', (what) => {
  const after = synthesise(makeConfig({ stage: 'prod', ...changes[what] }));

  test('is refused where everything is deployed in its usual order', () => {
    const found = refused(new Map(Object.entries(before)), new Map(Object.entries(after)));

    expect(found).toContain('data, for campaignGrant');
  });

  test('goes through in the order of the runbook', () => {
    const deployed = new Map(Object.entries(before));
    const steps = ORDER[what].map((stacks) => (stacks === 'the rest' ? Object.keys(after) : stacks));

    expect(steps.map((stacks) => refused(deployed, only(after, stacks)))).toEqual([[], [], []]);
    for (const stacks of ORDER[what]) {
      const names = stacks === 'the rest' ? [] : stacks;
      const written = names.map(
        (name) => `Grantline-prod-${name.replace(/^./, (first) => first.toUpperCase())}`,
      );
      const exclusively = names.length > 0 ? ` --exclusively ${written.join(' ')}` : '';
      expect(runbook).toContain(`npm run deploy -- --stage prod${exclusively}\n`);
    }
  });

  test('and back is a deployment like any other', () => {
    const found = refused(new Map(Object.entries(after)), new Map(Object.entries(before)));

    expect(found).toEqual([]);
  });
});
