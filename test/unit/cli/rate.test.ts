import {
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, it } from 'vitest';
import { rateAsText } from '../../../cli/rate/rate-text.ts';
import { keepsCeiling, readRate } from '../../../cli/rate/read-rate.ts';
import type { Deployment } from '../../../cli/where/deployment.ts';

const lambda = mockClient(LambdaClient);
afterEach(() => lambda.reset());

const onAws: Deployment = {
  kind: 'aws',
  output: (stack, name) => Promise.resolve(`${stack}.${name}`),
  findOutput: (stack, name) => Promise.resolve(`${stack}.${name}`),
  clientSettings: () => ({ region: 'ap-northeast-2' }),
  moneyApiUrl: undefined,
};

function deploy({ reserved, told = {} }: { reserved?: number; told?: Record<string, string> }) {
  const FunctionName = 'CampaignGrant.GrantRewardsFunctionName';
  lambda.on(GetFunctionConfigurationCommand, { FunctionName }).resolves({
    Environment: {
      Variables: {
        MONEY_TPS: '1000',
        GRANT_CONCURRENCY: '4',
        PACING_HEADROOM_SECONDS: '0.025',
        OTHER: 'x',
        ...told,
      },
    },
  });
  lambda
    .on(GetFunctionConcurrencyCommand, { FunctionName })
    .resolves(reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved });
}

const NOTHING = { campaign: undefined, breakerIsOpen: false };

describe('the rate on AWS', () => {
  it('is what the function was told, and its reserved concurrency', async () => {
    deploy({ reserved: 4 });

    const rate = await readRate(onAws);

    expect(rate).toMatchObject({
      ceiling: 1_000,
      environments: 4,
      reservedConcurrency: 4,
      callsOfOneEnvironment: 250,
      slotSeconds: 1.025 / 250,
    });
    expect(Math.floor(rate.callsPerSecond)).toBe(975);
    expect(keepsCeiling(rate)).toBe(true);
    expect(rateAsText(rate, NOTHING)).toContain('4, its reserved concurrency\n');
  });

  it.each([
    [8, false, '4, and a reserved concurrency of 8: THE CEILING IS NOT KEPT, deploy again\n'],
    [2, true, '4, and a reserved concurrency of 2: it pays more slowly than it could\n'],
  ])(
    'with a reserved concurrency of %d, which is not what it was told, says so',
    async (reserved, keeps, text) => {
      deploy({ reserved });

      const rate = await readRate(onAws);

      expect(keepsCeiling(rate)).toBe(keeps);
      expect(rateAsText(rate, NOTHING)).toContain(text);
    },
  );

  it('cannot be said of a function with no reserved concurrency, or of another version', async () => {
    deploy({});
    await expect(readRate(onAws)).rejects.toThrow(
      'has no reserved concurrency, which is what keeps the ceiling',
    );

    deploy({ reserved: 4, told: { MONEY_TPS: 'many' } });
    await expect(readRate(onAws)).rejects.toThrow('is not told its ceiling as this version tells it');
  });
});
