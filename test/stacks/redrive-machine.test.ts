import { describe, expect, test } from 'vitest';
import { CAMPAIGN_REFUSED, redriveInput } from '../../schema/campaign-run.ts';
import type { RedriveOutput } from '../../schema/campaign-run.ts';
import { readDefinition } from './definition.ts';
import { makeConfig, synthesise } from './synthesised.ts';

const { campaignGrant } = synthesise(makeConfig());
const definition = readDefinition(campaignGrant, 'grantline-dev-redrive');

describe('the redrive machine', () => {
  test('asks again, with the same selection, until all are redriven', () => {
    const done: keyof RedriveOutput = 'done';
    expect(definition).toMatchObject({
      StartAt: 'RedriveDeadLetters',
      States: {
        RedriveDeadLetters: {
          Parameters: { 'Payload.$': '$' },
          ResultPath: '$.redrive',
          ResultSelector: { [`${done}.$`]: `$.Payload.${done}` },
          Next: 'AreAllRedriven?',
        },
        'AreAllRedriven?': {
          Choices: [{ Variable: `$.redrive.${done}`, BooleanEquals: true, Next: 'Redriven' }],
          Default: 'RedriveDeadLetters',
        },
        Redriven: { Type: 'Succeed' },
      },
    });
    const input = { promotionId: '3', causes: ['HTTP_503'], targetIds: ['7'] };
    expect(redriveInput.parse({ ...input, redrive: { done: false } })).toEqual(input);
  });

  test('never tries a refused one again, and everything else for more than an hour', () => {
    expect(definition).toMatchObject({
      States: {
        RedriveDeadLetters: {
          Retry: [
            { ErrorEquals: [CAMPAIGN_REFUSED], MaxAttempts: 0 },
            { ErrorEquals: ['States.ALL'], MaxAttempts: 20, MaxDelaySeconds: 300, BackoffRate: 2 },
          ],
        },
      },
    });
  });

  test('is a standard machine, traced, that logs no data of customers', () => {
    campaignGrant.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      StateMachineName: 'grantline-dev-redrive',
      StateMachineType: 'STANDARD',
      TracingConfiguration: { Enabled: true },
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
    });
  });

  test('is told to the operator', () => {
    campaignGrant.hasOutput('RedriveArn', {});
  });
});

test.each<[string, object]>([
  ['an empty cause', { promotionId: '3', causes: [''] }],
  ['a target that is no id', { promotionId: '3', targetIds: ['x'] }],
  ['no promotion', {}],
])('a selection with %s is no selection', (_name, input) => {
  expect(redriveInput.safeParse(input).success).toBe(false);
});
