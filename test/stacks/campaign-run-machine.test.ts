import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  CAMPAIGN_REFUSED,
  beginCampaignInput,
  campaignRun,
  finishCampaignInput,
  publishPartitionInput,
  trackProgressInput,
  waitForTurnInput,
} from '../../schema/campaign-run.ts';
import type {
  BeginCampaignOutput,
  FinishCampaignOutput,
  PublishPartitionOutput,
  TrackProgressOutput,
  WaitForTurnOutput,
} from '../../schema/campaign-run.ts';
import { promotionType } from '../../schema/promotion.ts';
import { makeConfig, synthesise } from './synthesised.ts';
import { readDefinition } from './definition.ts';

const retrier = z.object({
  ErrorEquals: z.array(z.string()),
  MaxAttempts: z.number(),
  MaxDelaySeconds: z.number().optional(),
});
const state = z.looseObject({
  Type: z.string(),
  Next: z.string().optional(),
  Retry: z.array(retrier).optional(),
  Parameters: z.looseObject({ Payload: z.record(z.string(), z.string()).optional() }).optional(),
});
type State = z.infer<typeof state>;

const { campaignGrant } = synthesise(makeConfig());

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

const definition = readDefinition(campaignGrant, 'grantline-dev-campaign-run');
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

/** Where BeginCampaign's output lies for the states behind it. */
const BEGUN = '$.begin.output';
type Begun = Extract<BeginCampaignOutput, { begun: true }>;

describe('what each step is given', () => {
  test.each([
    ['WaitForTurn', waitForTurnInput],
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
    const run: keyof Begun = 'run';
    for (const name of ['TrackProgress', 'FinishCampaign', 'FinishFailedCampaign']) {
      expect(payloadOf(name)[run]).toBe(`${BEGUN}.${run}`);
    }
    for (const [kind] of PUBLISHING) expect(payloadOf(`Publish${kind}Partition`)[run]).toBe(`$.${run}`);
    expect(stateOf('BeginCampaign')).toMatchObject({
      ResultPath: '$.begin',
      ResultSelector: { 'output.$': '$.Payload' },
    });
  });

  test.each(['WaitForTurn', 'BeginCampaign'])(
    '%s is told the execution’s ARN and its whole input',
    (name) => {
      expect(payloadOf(name)).toEqual({ executionId: '$$.Execution.Id', input: '$' });
    },
  );
});

describe('the turn', () => {
  test('is waited for first, in a loop, with the same input', () => {
    const turn: keyof WaitForTurnOutput = 'turn';
    expect(definition).toMatchObject({ StartAt: 'WaitForTurn' });
    expect(stateOf('WaitForTurn')).toMatchObject({
      ResultPath: '$.wait',
      ResultSelector: { [`${turn}.$`]: `$.Payload.${turn}` },
      Next: 'IsItsTurn?',
    });
    expect(stateOf('IsItsTurn?')).toMatchObject({
      Choices: [{ Variable: `$.wait.${turn}`, BooleanEquals: true, Next: 'BeginCampaign' }],
      Default: 'WaitForTurn',
    });
  });

  test('is waited for again when another campaign was faster', () => {
    const begun: keyof BeginCampaignOutput = 'begun';
    expect(stateOf('BeginCampaign').Next).toBe('HasBegun?');
    expect(stateOf('HasBegun?')).toMatchObject({
      Choices: [{ Variable: `${BEGUN}.${begun}`, BooleanEquals: false, Next: 'WaitForTurn' }],
      Default: 'PublishAndTrack',
    });
  });

  test('is asked for with what the schema knows of the input, whatever the loop has put beside it', () => {
    const input = {
      promotionId: '3',
      resume: true,
      wait: { turn: false },
      begin: { output: { begun: false } },
    };
    expect(waitForTurnInput.parse({ executionId: 'e', input }).input).toEqual({
      promotionId: '3',
      resume: true,
    });
    expect(beginCampaignInput.parse({ executionId: 'e', input }).input).toEqual({
      promotionId: '3',
      resume: true,
    });
  });
});

describe('a second pass', () => {
  const again: keyof FinishCampaignOutput = 'again';

  test('follows when something is left, without another turn', () => {
    expect(stateOf('PublishAndTrack').Next).toBe('FinishCampaign');
    expect(stateOf('FinishCampaign')).toMatchObject({
      ResultPath: '$.finish',
      ResultSelector: { 'output.$': '$.Payload' },
      Next: 'IsAnythingLeft?',
    });
    expect(stateOf('IsAnythingLeft?')).toMatchObject({
      Choices: [{ Variable: `$.finish.output.${again}`, BooleanEquals: true, Next: 'PrepareNextPass' }],
      Default: 'CampaignEnded',
    });
    expect(stateOf('PrepareNextPass').Next).toBe('BeginCampaign');
  });

  test('begins with the promotion and the run of the pass before, and neither resumes nor recovers', () => {
    const { Parameters: parameters } = z
      .looseObject({ Parameters: z.record(z.string(), z.unknown()) })
      .parse(stateOf('PrepareNextPass'));
    expect(parameters).toEqual({ 'promotionId.$': '$.promotionId', pass: { 'run.$': `${BEGUN}.run` } });
    const run = { promotionId: '3', promotionType: 'POINT', runNumber: 1, summaryId: '4', totalCount: 5 };
    const input = { promotionId: '3', pass: { run } };
    expect(beginCampaignInput.parse({ executionId: 'e', input }).input).toEqual(input);
  });

  test('is none when all is done: the execution ends with what FinishCampaign said', () => {
    expect(stateOf('CampaignEnded')).toMatchObject({ Type: 'Succeed', OutputPath: '$.finish.output' });
  });
});

describe('the type', () => {
  test('is decided for every promotion type there is', () => {
    const field: keyof z.infer<typeof campaignRun> = 'promotionType';
    const choices = PUBLISHING.map(([kind, type]) => ({
      Variable: `${BEGUN}.run.${field}`,
      StringEquals: type,
      Next: `Publish${kind}s`,
    }));
    expect(stateOf('DecideType')).toMatchObject({ Choices: choices });
    expect(choices.map((choice) => choice.StringEquals).sort()).toEqual([...promotionType.options].sort());
  });
});

describe.each(PUBLISHING)('publishing %ss', (kind) => {
  test('is a distributed Map of standard children over the partitions', () => {
    const partitions: keyof Begun = 'partitions';
    expect(stateOf(`Publish${kind}s`)).toMatchObject({
      Type: 'Map',
      ItemsPath: `${BEGUN}.${partitions}`,
      ItemSelector: { 'run.$': `${BEGUN}.run`, 'partition.$': '$$.Map.Item.Value' },
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

test('progress is tracked until it has ended', () => {
  const ended: keyof TrackProgressOutput = 'ended';
  expect(stateOf('TrackProgress')).toMatchObject({
    ResultPath: '$.progress',
    ResultSelector: { [`${ended}.$`]: `$.Payload.${ended}` },
    Next: 'HasProgressEnded?',
  });
  expect(stateOf('HasProgressEnded?')).toMatchObject({
    Choices: [{ Variable: `$.progress.${ended}`, BooleanEquals: true, Next: 'ProgressEnded' }],
    Default: 'TrackProgress',
  });
});

describe('failures', () => {
  test('a refused campaign is not tried again', () => {
    const [first, second] = stateOf('BeginCampaign').Retry ?? [];
    expect(first).toMatchObject({ ErrorEquals: [CAMPAIGN_REFUSED], MaxAttempts: 0 });
    expect(second).toMatchObject({ ErrorEquals: ['States.ALL'], MaxAttempts: 1000, MaxDelaySeconds: 300 });
  });

  test('every other step outlasts days of outage', () => {
    const tasks = [...states].filter(([name, { Type }]) => Type === 'Task' && name !== 'BeginCampaign');
    expect(tasks).toHaveLength(6);
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
    StateMachineName: 'grantline-dev-campaign-run',
    StateMachineType: 'STANDARD',
    TracingConfiguration: { Enabled: true },
    LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
  });
});
