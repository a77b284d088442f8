import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  CAMPAIGN_REFUSED,
  beginCampaignInput,
  beginCampaignOutput,
  campaignRun,
  finishCampaignInput,
  publishPartitionInput,
  trackProgressInput,
} from '../../schema/campaign-run.ts';
import type { PublishPartitionOutput, TrackProgressOutput } from '../../schema/campaign-run.ts';
import { promotionType } from '../../schema/promotion.ts';
import { makeConfig, synthesise } from './synthesised.ts';

const retrier = z.object({
  ErrorEquals: z.array(z.string()),
  MaxAttempts: z.number(),
  MaxDelaySeconds: z.number().optional(),
});
const state = z.looseObject({
  Type: z.string(),
  Next: z.string().optional(),
  Retry: z.array(retrier).optional(),
  Parameters: z.looseObject({ Payload: z.record(z.string(), z.string()) }).optional(),
});
type State = z.infer<typeof state>;

const { campaignGrant } = synthesise(makeConfig());

function readDefinition(): unknown {
  const [machine] = Object.values(campaignGrant.findResources('AWS::StepFunctions::StateMachine'));
  const definition = z
    .object({
      Properties: z.object({
        DefinitionString: z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) }),
      }),
    })
    .parse(machine).Properties.DefinitionString['Fn::Join'][1];
  // References become a word: what they resolve to is not this test's business.
  return JSON.parse(definition.map((part) => (typeof part === 'string' ? part : 'reference')).join(''));
}

/** Every state, those inside branches and item processors too, by its name. */
function collectStates(node: unknown, found: Map<string, State> = new Map()): Map<string, State> {
  if (Array.isArray(node)) for (const element of node) collectStates(element, found);
  else if (typeof node === 'object' && node !== null) {
    for (const [key, value] of Object.entries(node)) {
      if (key === 'States') {
        for (const [name, candidate] of Object.entries(z.record(z.string(), z.unknown()).parse(value))) {
          found.set(name, state.parse(candidate));
        }
      }
      collectStates(value, found);
    }
  }
  return found;
}

const definition = readDefinition();
const states = collectStates(definition);

function stateOf(name: string): State {
  const found = states.get(name);
  if (!found) throw new Error(`There is no state ${name}`);
  return found;
}

const PUBLISHING = [
  ['Voucher', 'VOUCHER'],
  ['Point', 'POINT'],
] as const;

const fieldsOf = (schema: z.ZodObject): string[] => Object.keys(schema.shape).sort();
/** {"run.$": "$.run"} → {"run": "$.run"}: every field must be a path. */
function payloadOf(name: string): Record<string, string> {
  const payload = Object.entries(stateOf(name).Parameters?.Payload ?? {});
  return Object.fromEntries(payload.map(([key, path]) => [key.replace(/\.\$$/, ''), path]));
}

describe('what each step is given', () => {
  test.each([
    ['BeginCampaign', beginCampaignInput],
    ['PublishVoucherPartition', publishPartitionInput],
    ['PublishPointPartition', publishPartitionInput],
    ['TrackProgress', trackProgressInput],
    ['FinishFailedCampaign', finishCampaignInput],
    ['FinishCampaign', finishCampaignInput.omit({ error: true })],
  ])('%s gets the fields of its schema', (name, schema) => {
    expect(Object.keys(payloadOf(name)).sort()).toEqual(fieldsOf(schema));
  });

  test('the run comes from where BeginCampaign put it', () => {
    const run: keyof z.infer<typeof beginCampaignOutput> = 'run';
    for (const name of [
      'PublishVoucherPartition',
      'PublishPointPartition',
      'TrackProgress',
      'FinishCampaign',
      'FinishFailedCampaign',
    ]) {
      expect(payloadOf(name)[run]).toBe(`$.${run}`);
    }
    expect(stateOf('BeginCampaign')).toMatchObject({ OutputPath: '$.Payload' });
  });

  test('the execution is named to BeginCampaign by its ARN', () => {
    expect(payloadOf('BeginCampaign')).toEqual({
      promotionId: '$.promotionId',
      executionId: '$$.Execution.Id',
    });
  });
});

describe('the type', () => {
  test('is decided for every promotion type there is', () => {
    const field: keyof z.infer<typeof campaignRun> = 'promotionType';
    const choices = PUBLISHING.map(([kind, type]) => ({
      Variable: `$.run.${field}`,
      StringEquals: type,
      Next: `Publish${kind}s`,
    }));
    expect(stateOf('DecideType')).toMatchObject({ Choices: choices });
    expect(choices.map((choice) => choice.StringEquals).sort()).toEqual([...promotionType.options].sort());
  });
});

describe.each(PUBLISHING)('publishing %ss', (kind) => {
  test('is a distributed Map of standard children over the partitions', () => {
    const partitions: keyof z.infer<typeof beginCampaignOutput> = 'partitions';
    expect(stateOf(`Publish${kind}s`)).toMatchObject({
      Type: 'Map',
      ItemsPath: `$.${partitions}`,
      ItemSelector: { 'run.$': '$.run', 'partition.$': '$$.Map.Item.Value' },
      ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } },
      MaxConcurrency: 8,
      ResultPath: null,
      Label: `Publish${kind}s`,
    });
  });

  test('asks again until the partition is published, with the same input', () => {
    const published: keyof PublishPartitionOutput = 'published';
    expect(stateOf(`Publish${kind}Partition`)).toMatchObject({
      ResultPath: '$.result',
      ResultSelector: { [`${published}.$`]: `$.Payload.${published}` },
      Next: `Is${kind}PartitionPublished?`,
    });
    expect(stateOf(`Is${kind}PartitionPublished?`)).toMatchObject({
      Choices: [
        { Variable: `$.result.${published}`, BooleanEquals: true, Next: `${kind}PartitionPublished` },
      ],
      Default: `Publish${kind}Partition`,
    });
  });
});

test('progress is tracked until the run is settled', () => {
  const settled: keyof TrackProgressOutput = 'settled';
  expect(stateOf('TrackProgress')).toMatchObject({ ResultPath: '$.progress', Next: 'IsSettled?' });
  expect(stateOf('IsSettled?')).toMatchObject({
    Choices: [{ Variable: `$.progress.${settled}`, BooleanEquals: true, Next: 'Settled' }],
    Default: 'TrackProgress',
  });
});

describe('failures', () => {
  test('a refused campaign is not tried again', () => {
    const [first, second] = stateOf('BeginCampaign').Retry ?? [];
    expect(first).toMatchObject({ ErrorEquals: [CAMPAIGN_REFUSED], MaxAttempts: 0 });
    expect(second).toMatchObject({ ErrorEquals: ['States.ALL'], MaxAttempts: 5 });
  });

  test('every other step outlasts days of outage', () => {
    const tasks = [...states].filter(([name, { Type }]) => Type === 'Task' && name !== 'BeginCampaign');
    expect(tasks).toHaveLength(5);
    for (const [, { Retry: retry }] of tasks) {
      expect(retry).toEqual([{ ErrorEquals: ['States.ALL'], MaxAttempts: 1000, MaxDelaySeconds: 300 }]);
    }
  });

  test('close the run before the execution fails with what was caught', () => {
    expect(stateOf('PublishAndTrack')).toMatchObject({
      ResultPath: null,
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'FinishFailedCampaign' }],
    });
    expect(payloadOf('FinishFailedCampaign')['error']).toBe('$.error');
    expect(stateOf('FinishFailedCampaign')).toMatchObject({ ResultPath: null, Next: 'CampaignFailed' });
    expect(stateOf('CampaignFailed')).toMatchObject({
      ErrorPath: '$.error.Error',
      CausePath: '$.error.Cause',
    });
  });
});

test('the machine never times out, is traced, and logs no data of customers', () => {
  expect(definition).not.toHaveProperty('TimeoutSeconds');
  campaignGrant.hasResourceProperties('AWS::StepFunctions::StateMachine', {
    StateMachineType: 'STANDARD',
    TracingConfiguration: { Enabled: true },
    LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
  });
});
