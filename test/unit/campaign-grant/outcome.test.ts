import { describe, expect, it } from 'vitest';
import { classify, isFailureOfTheApi } from '../../../lambdas/campaign-grant/domain/outcome.ts';
import { deadLetterOf, resultOf } from '../../../lambdas/campaign-grant/domain/grant-result.ts';
import type { GrantCall } from '../../../lambdas/campaign-grant/domain/grant-result.ts';

const answered = (status: number, body: unknown = {}) =>
  classify({ kind: 'answered', status, body: typeof body === 'string' ? body : JSON.stringify(body) });

describe('an answer of the Money API', () => {
  it('with a transaction key is a grant, replayed or not', () => {
    expect(answered(200, { transactionKey: 'T-1' })).toEqual({ kind: 'granted', transactionKey: 'T-1' });
  });

  it.each([
    ['200 without a transaction key', 200, '{}'],
    ['200 that is HTML', 200, '<html></html>'],
    ['429', 429, ''],
    ['500', 500, 'oops'],
    ['503', 503, ''],
    ['a redirect', 302, ''],
  ])('%s says nothing: ask again', (_name, status, body) => {
    expect(answered(status, body).kind).toBe('transient');
  });

  it.each([400, 404, 409, 422])('%i is final', (status) => {
    expect(answered(status, { code: 'ACCOUNT_CLOSED', message: 'closed' })).toEqual({
      kind: 'rejected',
      code: 'ACCOUNT_CLOSED',
      message: 'closed',
    });
  });

  it.each([401, 403])('%i is no fault of the target', (status) => {
    expect(answered(status).kind).toBe('unauthorized');
  });

  it('that never came is transient', () => {
    expect(classify({ kind: 'unanswered', cause: 'TIMEOUT', detail: 'late' }).kind).toBe('transient');
  });
});

describe('the result of a call', () => {
  const call = (overrides: Partial<GrantCall>): GrantCall => ({
    grant: { promotionType: 'POINT', promotionId: '1', targetId: '2' },
    outcome: { kind: 'transient', code: 'HTTP_500', message: '' },
    attemptCount: 1,
    ...overrides,
  });

  it('is RETRYING through the fifth failure and FAILED, a dead letter, at the sixth', () => {
    const statuses = [1, 2, 3, 4, 5, 6].map(
      (attemptCount) => resultOf(call({ attemptCount }))?.processStatus,
    );

    expect(statuses).toEqual(['RETRYING', 'RETRYING', 'RETRYING', 'RETRYING', 'RETRYING', 'FAILED']);
    expect(deadLetterOf(call({ attemptCount: 5 }), '{}')).toBeUndefined();
    expect(deadLetterOf(call({ attemptCount: 6 }), '{}')).toMatchObject({
      key: 'POINT-1-2',
      cause: 'HTTP_500',
      transient: true,
      attemptCount: 6,
    });
  });

  it('is FAILED at once after a rejection', () => {
    const rejected = call({ outcome: { kind: 'rejected', code: 'ACCOUNT_CLOSED', message: 'closed' } });

    expect(resultOf(rejected)).toMatchObject({
      processStatus: 'FAILED',
      errorMessage: 'ACCOUNT_CLOSED: closed',
    });
    expect(deadLetterOf(rejected, '{}')).toMatchObject({ transient: false });
  });

  it('is none when our key was refused', () => {
    const refused = call({ outcome: { kind: 'unauthorized', code: 'HTTP_401', message: '' } });

    expect(resultOf(refused)).toBeUndefined();
    expect(deadLetterOf(refused, '{}')).toBeUndefined();
  });
});

describe('whether a call says that the API is down', () => {
  it.each([
    ['a timeout', classify({ kind: 'unanswered', cause: 'TIMEOUT', detail: '' })],
    ['a broken connection', classify({ kind: 'unanswered', cause: 'CONNECTION', detail: '' })],
    ['500', answered(500)],
    ['503', answered(503)],
  ])('%s does', (_name, outcome) => {
    expect(isFailureOfTheApi(outcome)).toBe(true);
  });

  it.each([
    ['a grant', answered(200, { transactionKey: 'T' })],
    ['a rejection', answered(422, { code: 'ACCOUNT_CLOSED' })],
    ['429', answered(429)],
    ['a 200 that is HTML', answered(200, '<html></html>')],
    ['a refused key', answered(401)],
  ])('%s does not', (_name, outcome) => {
    expect(isFailureOfTheApi(outcome)).toBe(false);
  });
});
