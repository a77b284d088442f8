/** Secrets that are there already, under a key of the customer's: who reads them gets the right to decrypt, and no further. */
import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { DEFAULT_STAGES } from '../../config/default-stages.ts';
import { addChecks } from '../../lib/checks.ts';
import { grantlineStacks } from '../../lib/grantline-stacks.ts';
import { functionsOf, rightsOfRole } from './stack-functions.ts';
import type { Right } from './stack-functions.ts';
import { makeConfig, synthesise, unbundledApp } from './synthesised.ts';

const key = (name: string) => `arn:aws:kms:ap-northeast-2:111122223333:key/${name}`;
const secret = (name: string) => ({ name: `shared/${name}`, kmsKeyArn: key(name) });

const { dev } = DEFAULT_STAGES;
const config = makeConfig({
  money: { ...dev.money, apiKeySecret: secret('money') },
  coupons: { ...dev.coupons, systemTokenSecret: secret('token') },
  alerts: { ...dev.alerts, slackWebhookSecret: secret('slack') },
  redis: { ...dev.redis, existing: { url: 'rediss://redis.internal', authTokenSecret: secret('redis') } },
  database: {
    ...dev.database,
    existing: {
      clusterArn: 'arn:aws:rds:ap-northeast-2:111122223333:cluster:shared',
      secret: {
        arn: 'arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:shared-AbCdEf',
        kmsKeyArn: key('database'),
      },
    },
  },
});
const templates = Object.values(synthesise(config));

const THROUGH_SECRETS_MANAGER = {
  StringEquals: {
    'kms:ViaService': {
      'Fn::Join': ['', ['secretsmanager.', { Ref: 'AWS::Region' }, '.amazonaws.com']],
    },
  },
};

function rightsOf(template: Template): { readonly step: string; readonly right: Right }[] {
  return [...functionsOf(template)].flatMap(([step, { Role }]) =>
    rightsOfRole(template, Role['Fn::GetAtt'][0]).map((right) => ({ step, right })),
  );
}

const rights = templates.flatMap(rightsOf);

function readersOf(text: string): string[] {
  const reading = rights.filter(
    ({ right: { action, resource } }) =>
      action === 'secretsmanager:GetSecretValue' && resource.includes(`:secret:${text}-`),
  );
  return reading.map(({ step }) => step).toSorted();
}

describe('a secret under a key of the customer', () => {
  test.each([
    ['money', 'shared/money', ['grant-rewards']],
    ['token', 'shared/token', ['learn-districts', 'send-pushes']],
    ['slack', 'shared/slack', ['notify-slack']],
    ['redis', 'shared/redis', undefined],
    ['database', 'shared', undefined],
  ])('of %s is decrypted by who reads it, through Secrets Manager alone', (name, secretName, expected) => {
    const decrypting = rights.filter(({ right: { resource } }) => resource.includes(key(name)));

    expect(decrypting.length).toBeGreaterThan(0);
    for (const { right } of decrypting) {
      expect(right).toMatchObject({ action: 'kms:Decrypt', condition: THROUGH_SECRETS_MANAGER });
    }
    expect(decrypting.map(({ step }) => step).toSorted()).toEqual(readersOf(secretName));
    if (expected) expect(readersOf(secretName)).toEqual(expected);
  });

  test('leaves nothing for cdk-nag to find', () => {
    const app = unbundledApp();
    addChecks(app);
    grantlineStacks(app, config);

    expect(() => app.synth()).not.toThrow();
  }, 120_000);
});

test('one under the key of AWS takes no further right', () => {
  const plain = makeConfig({ money: { ...dev.money, apiKeySecret: { name: 'shared/money' } } });
  const { campaignGrant } = synthesise(plain);
  const own = rightsOf(campaignGrant).filter(({ step }) => step === 'grant-rewards');

  expect(own.length).toBeGreaterThan(5);
  expect(own.filter(({ right: { action } }) => action.startsWith('kms:'))).toEqual([]);
});
