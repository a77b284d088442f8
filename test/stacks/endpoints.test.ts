import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { endpointProblems } from './endpoint-check.ts';
import { existingVpc, makeConfig, synthesise } from './synthesised.ts';
import type { Templates } from './synthesised.ts';

const templates = synthesise(makeConfig());

const resources = z.looseObject({ Resources: z.record(z.string(), z.unknown()) });

/** The network with one resource other than it is; undefined takes it away. */
function networkWith(logicalId: RegExp, change: (resource: unknown) => unknown): readonly Template[] {
  const json = resources.parse(templates.network.toJSON());
  const [id] = Object.keys(json.Resources).filter((key) => logicalId.test(key));
  if (id === undefined) throw new Error(`no resource ${String(logicalId)}`);
  const changed = change(json.Resources[id]);
  const others = Object.fromEntries(Object.entries(json.Resources).filter(([key]) => key !== id));
  const Resources = changed === undefined ? others : { ...others, [`${id}Changed`]: changed };
  return all({ ...templates, network: Template.fromJSON({ ...json, Resources }) });
}

function all(some: Templates): readonly Template[] {
  return Object.values(some);
}

const asText = (resource: unknown, from: string, to: string): unknown =>
  JSON.parse(JSON.stringify(resource).replaceAll(from, to));

describe('functions in the VPC', () => {
  test('reach every service that they may call, and there is an endpoint for no other', () => {
    expect(endpointProblems(all(templates))).toEqual([]);
  });

  test('do so in every region', () => {
    const environment = { account: '111122223333', region: 'ap-northeast-2' };
    expect(endpointProblems(all(synthesise(makeConfig({ stage: 'prod', environment }))))).toEqual([]);
  });

  test('do so in a VPC with endpoints of its own, beside those that are created', () => {
    const endpoints = { securityGroupId: 'sg-0123456789abcdef0', services: ['sqs', 'sns'] as const };
    const network = {
      existing: { ...existingVpc, endpoints: { ...endpoints, services: [...endpoints.services] } },
    };
    const there = synthesise(makeConfig({ network }));

    there.network.resourceCountIs('AWS::EC2::VPCEndpoint', 3);
    expect(endpointProblems(all(there), endpoints.services)).toEqual([]);
  });
});

describe('the check of endpoints', () => {
  test('names function, service and endpoint where one is missing', () => {
    const problems = endpointProblems(networkWith(/^VpcSns/, () => undefined));

    expect(problems).toContain(
      'grantline-dev-finish-campaign may call sns (sns:Publish): the VPC has no endpoint sns',
    );
    expect(problems).toHaveLength(3);
  });

  test('names an endpoint that nobody needs', () => {
    const surplus = networkWith(/^VpcSns/, (sns) =>
      asText(asText(sns, '.sns', '.states'), 'sns:', 'states:'),
    );

    expect(endpointProblems(surplus)).toContain('endpoint states: no function in the VPC may call states');
  });

  test('names what an endpoint lets not through', () => {
    const problems = endpointProblems(
      networkWith(/^VpcSqs/, (sqs) => asText(sqs, 'sqs:SendMessage', 'sqs:PurgeQueue')),
    );

    expect(problems).toEqual([
      'grantline-dev-publish-partition may do sqs:SendMessage: endpoint sqs lets it not through',
      'endpoint sqs lets sqs:PurgeQueue through: no function in the VPC may do it',
    ]);
  });
});
