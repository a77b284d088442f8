import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireNoRefusal } from '../../../demo/iam/refusals.ts';
import { createAuthorizer } from '../../../local/iam/authorizer.ts';
import { decide } from '../../../local/iam/decide.ts';
import type { Call } from '../../../local/iam/decide.ts';
import { grantsOf } from '../../../local/iam/grants.ts';
import { callerOf, credentialsOf } from '../../../local/iam/credentials.ts';
import {
  queuePolicyDocument,
  rolePolicyDocument,
  trustPolicyDocument,
} from '../../../local/template/policy.ts';
import type { Statement } from '../../../local/template/policy.ts';

const QUEUE = 'arn:aws:sqs:ap-northeast-2:000000000000:work';

const statements = (...Statement: object[]): Statement[] => rolePolicyDocument.parse({ Statement });

/** With what anybody may do, and on conditions that roles' policies do not have. */
const ofQueue = (...Statement: object[]): Statement[] =>
  queuePolicyDocument.parse({ Statement: Statement.map((one) => ({ Principal: '*', ...one })) });

const allow = (Action: string | string[], Resource: string | string[], Condition: object = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  Condition,
});

describe('a decision', () => {
  it.each<[string, object, Call, boolean]>([
    ['the action and the resource', allow('sqs:SendMessage', QUEUE), send(), true],
    ['an action in other letters', allow('SQS:sendmessage', QUEUE), send(), true],
    ['a pattern of actions', allow('sqs:Send*', QUEUE), send(), true],
    ['every action of a service', allow('sqs:*', QUEUE), send(), true],
    ['one of several', allow(['sqs:ReceiveMessage', 'sqs:SendMessage'], ['x', QUEUE]), send(), true],
    ['a pattern of resources', allow('sqs:SendMessage', 'arn:aws:sqs:*:000000000000:wor?'), send(), true],
    ['another action', allow('sqs:ReceiveMessage', QUEUE), send(), false],
    ['another resource', allow('sqs:SendMessage', `${QUEUE}.fifo`), send(), false],
    ['a resource in other letters', allow('sqs:SendMessage', QUEUE.toUpperCase()), send(), false],
    ['a dot, which stands for itself', allow('sqs:SendMessage', QUEUE.replace('work', 'w.*')), send(), false],
    ['a pattern that ends too soon', allow('sqs:SendMessage', 'arn:aws:sqs:*:wor'), send(), false],
    [
      'a condition that holds',
      allow('*', '*', { StringEquals: { 'cloudwatch:Namespace': ['x', 'y'] } }),
      send({ 'CloudWatch:namespace': 'y' }),
      true,
    ],
    [
      'a condition that does not',
      allow('*', '*', { StringEquals: { 'cloudwatch:namespace': 'x' } }),
      send({ 'cloudwatch:namespace': 'y' }),
      false,
    ],
    [
      'a key that the call has not',
      allow('*', '*', { StringLike: { 'cloudwatch:namespace': '*' } }),
      send(),
      false,
    ],
    [
      'one condition of two',
      allow('*', '*', { StringEquals: { 'cloudwatch:namespace': 'x', 'iam:PassedToService': 'x' } }),
      send({ 'cloudwatch:namespace': 'x', 'iam:PassedToService': 'y' }),
      false,
    ],
    [
      'a pattern in a condition',
      allow('*', '*', { StringLike: { 'cloudwatch:namespace': 'one-*' } }),
      send({ 'cloudwatch:namespace': 'one-2' }),
      true,
    ],
  ])('sees %s', (_what, statement, call, isAllowed) => {
    expect(decide(statements(statement), call)).toBe(isAllowed ? 'allowed' : 'not allowed');
  });

  it('sees a truth value', () => {
    const statement = allow('*', '*', { Bool: { 'aws:SecureTransport': true } });

    expect(decide(ofQueue(statement), send({ 'aws:SecureTransport': 'true' }))).toBe('allowed');
    expect(decide(ofQueue(statement), send({ 'aws:SecureTransport': 'false' }))).toBe('not allowed');
  });

  it.each([
    ['arn:aws:cloudwatch:*:*:alarm:one-*', 'arn:aws:cloudwatch:r:0:alarm:one-2', true],
    ['arn:aws:cloudwatch:*:*:alarm:*', 'arn:aws:cloudwatch:r:0:alarm:one:two', true],
    ['arn:aws:cloudwatch:r:?:alarm:one', 'arn:aws:cloudwatch:r:0:alarm:one', true],
    ['arn:aws:cloudwatch:*:alarm:one', 'arn:aws:cloudwatch:r:0:alarm:one', false],
    ['arn:aws:*', 'arn:aws:cloudwatch:r:0:alarm:one', false],
    ['*', 'arn:aws:cloudwatch:r:0:alarm:one', false],
    ['arn:aws:cloudwatch:*:*:alarm:one', 'alarm', false],
  ])('compares ARNs segment by segment: %s and %s', (pattern, arn, isAllowed) => {
    for (const operator of ['ArnLike', 'ArnEquals']) {
      const statement = allow('*', '*', { [operator]: { 'aws:SourceArn': pattern } });

      expect(decide(ofQueue(statement), send({ 'aws:SourceArn': arn }))).toBe(
        isAllowed ? 'allowed' : 'not allowed',
      );
    }
  });

  it('is for a deny, wherever it stands', () => {
    const denied = { ...allow('sqs:*', '*'), Effect: 'Deny' };

    const deniedBy = { effect: 'Deny', actions: ['sqs:*'] };
    expect(decide(statements(denied, allow('sqs:SendMessage', QUEUE)), send())).toMatchObject({ deniedBy });
    expect(decide(statements(allow('sqs:SendMessage', QUEUE), denied), send())).toMatchObject({ deniedBy });
  });

  it('is against what no statement speaks of', () => {
    expect(decide([], send())).toBe('not allowed');
  });
});

describe('a policy', () => {
  it.each([
    ['NotAction', { Effect: 'Allow', NotAction: 'sqs:*', Resource: '*' }],
    ['NotResource', { Effect: 'Allow', Action: 'sqs:*', NotResource: '*' }],
    ['an operator that nobody reads', allow('*', '*', { NumericLessThan: { 'cloudwatch:namespace': '1' } })],
    ['an effect that is none', { ...allow('*', '*'), Effect: 'Maybe' }],
    ['a condition key that no call has', allow('*', '*', { StringEquals: { 'aws:SourceVpc': 'x' } })],
    ['a policy variable in a resource', allow('*', 'arn:aws:sqs:*:*:${aws:username}')],
    [
      'a policy variable in a condition',
      allow('*', '*', { StringLike: { 'cloudwatch:namespace': '${aws:x}' } }),
    ],
    ['no resource', { Effect: 'Allow', Action: 'sqs:*' }],
    ['a principal', { ...allow('*', '*'), Principal: '*' }],
  ])('with %s is refused, and not taken for another', (_what, statement) => {
    expect(rolePolicyDocument.safeParse({ Statement: allow('*', '*') }).success).toBe(true);
    expect(rolePolicyDocument.safeParse({ Statement: statement }).success).toBe(false);
  });

  it('of a queue or of a trust says whose it is, and names a key that is not known', () => {
    const { Resource, ...assume } = allow('sts:AssumeRole', '*');

    expect(queuePolicyDocument.safeParse({ Statement: { ...assume, Resource } }).success).toBe(false);
    expect(trustPolicyDocument.safeParse({ Statement: assume }).success).toBe(false);
    expect(trustPolicyDocument.safeParse({ Statement: { ...assume, Principal: '*' } }).success).toBe(true);
    expect(() =>
      rolePolicyDocument.parse({ Statement: allow('*', '*', { StringEquals: { 'kms:ViaService': 'x' } }) }),
    ).toThrow('the condition key kms:ViaService: known are iam:PassedToService, cloudwatch:namespace');
  });
});

describe('a grant', () => {
  const ROLE = { name: 'worker', arn: 'arn:aws:iam::000000000000:role/worker', place: 'App/Role' };
  const call = (action: string, resource = QUEUE, role = 'worker') => ({ role, action, resource });
  const used = (Statement: object, ...calls: Parameters<typeof grantsOf>[1]) =>
    grantsOf(
      [{ ...ROLE, statements: statements(Statement).map((one) => ({ ...one, place: ROLE.place })) }],
      calls,
    )
      .filter(({ isUsed }) => isUsed)
      .map(({ action, resource }) => `${action} ${resource}`);

  it('is each action on each resource, used when its role made the call', () => {
    const statement = allow(['sqs:SendMessage', 'sqs:ReceiveMessage'], [QUEUE, 'other']);

    expect(used(statement, call('sqs:SendMessage'), call('sqs:ReceiveMessage', QUEUE, 'somebody'))).toEqual([
      `sqs:SendMessage ${QUEUE}`,
    ]);
  });

  it('is not used by a call that was refused', () => {
    expect(used(allow('sqs:SendMessage', QUEUE), { ...call('sqs:SendMessage'), refusal: 'denied' })).toEqual(
      [],
    );
  });

  it.each(['sqs:*', 'sqs:SendMessag?'])('of a pattern of actions (%s) is used by none of them', (pattern) => {
    expect(used(allow(['sqs:SendMessage', pattern], QUEUE), call('sqs:SendMessage'))).toEqual([
      `sqs:SendMessage ${QUEUE}`,
    ]);
  });

  it('to roll back is used by who begins transactions', () => {
    const statement = allow(['rds-data:BeginTransaction', 'rds-data:RollbackTransaction'], QUEUE);

    expect(used(statement, call('rds-data:BeginTransaction'))).toHaveLength(2);
    expect(used(statement)).toEqual([]);
  });
});

describe('a run', () => {
  const made = { role: 'worker', action: 'sqs:SendMessage', resource: QUEUE };

  it('without a refusal is well', () => {
    expect(() => requireNoRefusal([made])).not.toThrow();
  });

  it('in which a call was refused is not, however well it went', () => {
    expect(() => requireNoRefusal([made, { ...made, refusal: 'missing in App/Role' }])).toThrow(
      'AWS would have refused so many calls: 1, the first: missing in App/Role',
    );
  });
});

describe('an authorizer', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'authorizer-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const role = (name: string, ...granted: object[]) => {
    const place = `App/${name}`;
    const arn = `arn:aws:iam::000000000000:role/${name}`;
    return { name, arn, place, statements: statements(...granted).map((one) => ({ ...one, place })) };
  };
  const signedBy = (key: string) => ({
    authorization: `AWS4-HMAC-SHA256 Credential=${key}/x/x/x/aws4_request`,
  });
  const make = (...roles: ReturnType<typeof role>[]) =>
    createAuthorizer({ roles, callLog: join(directory, 'calls') });

  it('lets a person do everything, and a role that no template has nothing', () => {
    const { request, role: by } = make(role('worker', allow('sqs:SendMessage', QUEUE)));

    expect(() => request(signedBy('local'), send())).not.toThrow();
    expect(() => request(signedBy('role:worker'), send())).not.toThrow();
    expect(() => request(signedBy('role:gone'), send())).toThrow('no template has this role');
    expect(() => by('arn:aws:iam::000000000000:role/gone', send())).toThrow('no template has this role');
    expect(() => by(undefined, send())).toThrow('no template has this role');
  });

  it('judges a call anew when the roles are replaced', () => {
    const authorizer = make(role('worker', allow('sqs:SendMessage', QUEUE)));
    const ask = () => authorizer.request(signedBy('role:worker'), send());
    ask();

    authorizer.replace([role('worker')]);
    expect(ask).toThrow('missing in App/worker');
    authorizer.replace([role('worker', allow('sqs:*', '*'))]);
    expect(ask).not.toThrow();
  });
});

describe('credentials', () => {
  it('have the name of their role, which a signature carries', () => {
    const { AWS_ACCESS_KEY_ID } = credentialsOf('arn:aws:iam::000000000000:role/path/App-Worker_1');
    const authorization = `AWS4-HMAC-SHA256 Credential=${AWS_ACCESS_KEY_ID}/20261121/ap-northeast-2/sqs/aws4_request, SignedHeaders=host`;

    expect(callerOf({ authorization })).toBe('App-Worker_1');
  });

  it.each(['local', 'App-Worker_1', 'ASIAEXAMPLE'])('of no role (%s) are those of a person', (key) => {
    expect(
      callerOf({ authorization: `AWS4-HMAC-SHA256 Credential=${key}/x/x/x/aws4_request` }),
    ).toBeUndefined();
    expect(callerOf({})).toBeUndefined();
  });
});

function send(context?: Record<string, string>): Call {
  return { action: 'sqs:SendMessage', resource: QUEUE, ...(context === undefined ? {} : { context }) };
}
