/** What cdk-nag found and we accept. `npm run synth` fails for what is not accepted: here is held what is. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { addChecks } from '../../lib/checks.ts';
import { grantlineStacks } from '../../lib/grantline-stacks.ts';
import type { StageName } from '../../lib/config.ts';
import { existingVpc, makeConfig, synthesise, unbundledApp } from './synthesised.ts';

const acknowledged = z.record(z.string(), z.string());

/** Those of cdk-nag alone: CDK itself accepts others of its own. */
function acceptedIn(stage: StageName): { readonly rule: string; readonly reason: string }[] {
  const app = unbundledApp();
  grantlineStacks(app, makeConfig({ stage }));
  return (
    app.node
      .findAll()
      .flatMap(({ node }) => node.metadata)
      .filter(({ type }) => type === 'aws:cdk:acknowledged-rules')
      .flatMap(({ data }) => Object.entries(acknowledged.parse(data)))
      .filter(([rule]) => /(AwsSolutions|Serverless)-/.test(rule))
      // Without the resource or the policy that it was found in.
      .map(([rule, reason]) => ({ rule: rule.replace(/\[.*$/s, ''), reason }))
  );
}

/**
 * These have no resource-level permissions (AWS's service authorization reference); those for network interfaces have some,
 * but Lambda, which tries the role when it makes a function, documents none narrower than the account that would pass.
 */
const ON_EVERY_RESOURCE =
  /^(xray:(PutTraceSegments|PutTelemetryRecords|GetSamplingRules|GetSamplingTargets)|cloudwatch:PutMetricData|scheduler:ListSchedules|ec2:(Create|Describe|Delete)NetworkInterfaces?|ec2:DescribeSubnets|ec2:(Una|A)ssignPrivateIpAddresses|logs:(Create|Get|Update|Delete|List)LogDeliver(y|ies)|logs:(Put|Describe)ResourcePolic(y|ies)|logs:DescribeLogGroups)$/;

const texts = z.union([z.string().transform((text) => [text]), z.array(z.string())]);
const document = z.object({
  Statement: z.array(z.looseObject({ Action: texts, Resource: z.unknown() })),
});
const policy = z.looseObject({ Properties: z.looseObject({ PolicyDocument: document }) });
const role = z.looseObject({
  Properties: z.looseObject({ Policies: z.array(z.looseObject({ PolicyDocument: document })).default([]) }),
});

describe('findings that are accepted', () => {
  test.each(['dev', 'staging', 'prod'] as const)('in %s are at most 15, each for a reason', (stage) => {
    const accepted = acceptedIn(stage);
    const pairs = new Set(accepted.map(({ rule, reason }) => `${rule}: ${reason}`));

    expect(pairs.size, [...pairs].join('\n')).toBeLessThanOrEqual(15);
    expect(pairs.size).toBeGreaterThan(5);
    for (const { reason } of accepted) expect(reason).toMatch(/^\S+ .*\.$/s);
  });
});

test('are all that there is where account, region and network are said', { timeout: 180_000 }, () => {
  const app = unbundledApp();
  addChecks(app);
  const environment = { account: '111122223333', region: 'ap-northeast-2' };
  grantlineStacks(app, makeConfig({ stage: 'prod', environment, network: { existing: existingVpc } }));

  expect(() => app.synth()).not.toThrow();
});

/** Ends of ARNs that are made at run time, or that only AWS knows: what is before them is ours. */
const ENDING_IN_A_WILDCARD = [
  // Of CDK's trigger: it invokes the version of Migrate that a deployment made.
  /^<>:\*$/,
  /^arn:.*:states:.*:execution:.*(\/Publish(Vouchers|Points))?:\*$/,
  /^arn:.*:scheduler:.*:schedule\/grantline-\w+-reservations\/\*$/,
];

const joined = z.object({ 'Fn::Join': z.tuple([z.literal(''), z.array(z.unknown())]) });

/** With a mark for each reference. */
function spelt(resource: unknown): string {
  const parts = joined.safeParse(resource);
  const texts = parts.success ? parts.data['Fn::Join'][1] : [resource];
  return texts.map((text) => (typeof text === 'string' ? text : '<>')).join('');
}

describe.each(['dev', 'staging', 'prod'] as const)('policies of %s', (stage) => {
  const templates = Object.values(synthesise(makeConfig({ stage })));
  const statements = templates
    .flatMap((template) => Object.values(template.findResources('AWS::IAM::Policy')))
    .flatMap((resource) => policy.parse(resource).Properties.PolicyDocument.Statement);

  /** CDK writes those of its deploy-time functions into their roles. */
  const within = templates
    .flatMap((template) => Object.values(template.findResources('AWS::IAM::Role')))
    .flatMap((resource) => role.parse(resource).Properties.Policies)
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement);

  test('are policies of roles, or within them', () => {
    expect(within).toHaveLength(2);
    for (const template of templates) template.resourceCountIs('AWS::IAM::ManagedPolicy', 0);
  });

  test('name every resource where AWS lets them', () => {
    const onAll = statements.filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => Action);

    expect(onAll).toContain('xray:PutTraceSegments');
    expect(onAll.filter((action) => !ON_EVERY_RESOURCE.test(action))).toEqual([]);
  });

  test('have a wildcard within a resource only where its name is made at run time', () => {
    const resources = [...statements, ...within]
      .flatMap(({ Resource }): unknown[] => (Array.isArray(Resource) ? Resource : [Resource]))
      .map(spelt);
    const wild = resources.filter((resource) => /[*?]/.test(resource) && resource !== '*');

    expect(wild.length).toBeGreaterThan(5);
    expect(wild.filter((resource) => !ENDING_IN_A_WILDCARD.some((known) => known.test(resource)))).toEqual(
      [],
    );
  });

  test('have no wildcard in an action', () => {
    const actions = [...statements, ...within]
      .flatMap(({ Action }) => Action)
      .filter((action) => action.includes('*'));

    expect(actions).toEqual([]);
  });

  test('let nobody invoke the versions of a function', () => {
    const invoking = statements.filter(({ Action }) => Action.includes('lambda:InvokeFunction'));

    expect(invoking.length).toBeGreaterThan(5);
    expect(invoking.filter(({ Resource }) => JSON.stringify(Resource).includes(':*"'))).toEqual([]);
  });
});
