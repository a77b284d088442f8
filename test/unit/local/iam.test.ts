import { describe, expect, it } from 'vitest';
import { requireNoRefusal } from '../../../demo/iam/refusals.ts';
import { decide } from '../../../local/iam/decide.ts';
import type { Call } from '../../../local/iam/decide.ts';
import { grantsOf } from '../../../local/iam/grants.ts';
import { accessKeyOf, credentialsOf } from '../../../local/iam/credentials.ts';
import { policyDocument } from '../../../local/template/policy.ts';
import type { Statement } from '../../../local/template/policy.ts';

const QUEUE = 'arn:aws:sqs:ap-northeast-2:000000000000:work';

const statements = (...Statement: object[]): Statement[] => policyDocument.parse({ Statement });

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
      allow('*', '*', { StringEquals: { 'a:Key': ['x', 'y'] } }),
      send({ 'A:key': 'y' }),
      true,
    ],
    [
      'a condition that does not',
      allow('*', '*', { StringEquals: { 'a:Key': 'x' } }),
      send({ 'a:Key': 'y' }),
      false,
    ],
    ['a key that the call has not', allow('*', '*', { StringLike: { 'a:Key': '*' } }), send(), false],
    [
      'one condition of two',
      allow('*', '*', { StringEquals: { a: 'x', b: 'x' } }),
      send({ a: 'x', b: 'y' }),
      false,
    ],
    [
      'a pattern in a condition',
      allow('*', '*', { ArnLike: { a: 'arn:*:alarm:one-*' } }),
      send({ a: 'arn:x:alarm:one-2' }),
      true,
    ],
    [
      'a truth value',
      allow('*', '*', { Bool: { 'aws:SecureTransport': true } }),
      send({ 'aws:SecureTransport': 'true' }),
      true,
    ],
  ])('sees %s', (_what, statement, call, isAllowed) => {
    expect(decide(statements(statement), call)).toBe(isAllowed ? 'allowed' : 'not allowed');
  });

  it('is for a deny, wherever it stands', () => {
    const denied = { ...allow('sqs:*', '*'), Effect: 'Deny' };

    expect(decide(statements(denied, allow('sqs:SendMessage', QUEUE)), send())).toBe('denied');
    expect(decide(statements(allow('sqs:SendMessage', QUEUE), denied), send())).toBe('denied');
  });

  it('is against what no statement speaks of', () => {
    expect(decide([], send())).toBe('not allowed');
  });
});

describe('a policy', () => {
  it.each([
    ['NotAction', { Effect: 'Allow', NotAction: 'sqs:*', Resource: '*' }],
    ['NotResource', { Effect: 'Allow', Action: 'sqs:*', NotResource: '*' }],
    ['an operator that nobody reads', allow('*', '*', { NumericLessThan: { a: '1' } })],
    ['an effect that is none', { ...allow('*', '*'), Effect: 'Maybe' }],
  ])('with %s is refused, and not taken for another', (_what, statement) => {
    expect(policyDocument.safeParse({ Statement: statement }).success).toBe(false);
  });
});

describe('a grant', () => {
  const ROLE = { name: 'worker', arn: 'arn:aws:iam::000000000000:role/worker', place: 'App/Role' };
  const call = (action: string, resource = QUEUE, role = 'worker') => ({ role, action, resource });
  const used = (Statement: object, ...calls: Parameters<typeof grantsOf>[1]) =>
    grantsOf([{ ...ROLE, statements: statements(Statement) }], calls)
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

describe('credentials', () => {
  it('have the name of their role, which a signature carries', () => {
    const { AWS_ACCESS_KEY_ID } = credentialsOf('arn:aws:iam::000000000000:role/path/App-Worker_1');
    const authorization = `AWS4-HMAC-SHA256 Credential=${AWS_ACCESS_KEY_ID}/20261121/ap-northeast-2/sqs/aws4_request, SignedHeaders=host`;

    expect(accessKeyOf({ authorization })).toBe('App-Worker_1');
    expect(accessKeyOf({})).toBeUndefined();
    expect(credentialsOf(undefined).AWS_ACCESS_KEY_ID).toBe('local');
  });
});

function send(context?: Record<string, string>): Call {
  return { action: 'sqs:SendMessage', resource: QUEUE, ...(context === undefined ? {} : { context }) };
}
