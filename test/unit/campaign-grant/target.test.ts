import { describe, expect, it } from 'vitest';
import { resolveTarget } from '../../../lambdas/campaign-grant/domain/target.ts';
import type { PublishContext, TargetRow } from '../../../lambdas/campaign-grant/domain/target.ts';
import { grantMessage } from '../../../schema/grant-message.ts';

function makeRow(overrides: Partial<TargetRow> = {}): TargetRow {
  return {
    targetId: '7',
    customerUid: '12345',
    voucherNumber: 'V-0001',
    merchantCode: null,
    merchantBrandCode: null,
    amount: '10000.00',
    expiredAt: '2026-12-31',
    reason: 'New year',
    isWithdrawal: null,
    partitionKey: null,
    ...overrides,
  };
}

function makeContext(overrides: Partial<PublishContext> = {}): PublishContext {
  return {
    promotionId: '3',
    promotionType: 'VOUCHER',
    defaults: { reason: 'Default reason', amount: '500.00', expiryAt: '2027-01-31 12:30:00' },
    partitionNumber: 2,
    nowMs: Date.UTC(2026, 0, 21, 1, 30, 0),
    ...overrides,
  };
}

describe('a voucher target', () => {
  it('becomes the message of the client document, in Seoul time, with ids and money as strings', () => {
    const resolved = resolveTarget(
      makeRow({ merchantCode: 'MUSINSA', merchantBrandCode: 'STANDARD', isWithdrawal: false }),
      makeContext(),
    );

    expect(resolved).toEqual({
      ok: true,
      message: {
        sentAt: '2026-01-21T10:30:00',
        version: 20231010,
        topic: 'prepay.campaign.voucher.publish',
        payload: {
          eventId: '3',
          voucherEventTargetId: '7',
          customerUid: '12345',
          voucherNumber: 'V-0001',
          merchantCode: 'MUSINSA',
          merchantBrandCode: 'STANDARD',
          amount: '10000',
          isWithdrawal: false,
          validUntil: '20261231235959',
          reason: 'New year',
          partitionKey: '2',
        },
      },
    });
  });

  it('without an expiry anywhere leaves the date to the Money API', () => {
    const resolved = resolveTarget(
      makeRow({ expiredAt: null }),
      makeContext({ defaults: { reason: null, amount: null, expiryAt: null } }),
    );

    expect(resolved.ok && 'validUntil' in resolved.message.payload).toBe(false);
    expect(resolved.ok).toBe(true);
  });

  it('keeps the partition key that its loader set', () => {
    const resolved = resolveTarget(makeRow({ partitionKey: '41' }), makeContext());

    expect(resolved.ok && resolved.message.payload.partitionKey).toBe('41');
  });
});

describe('what is NULL', () => {
  it('falls back to the default of the promotion', () => {
    const resolved = resolveTarget(
      makeRow({ amount: null, reason: null, expiredAt: null }),
      makeContext({ promotionType: 'POINT' }),
    );

    expect(resolved).toMatchObject({
      ok: true,
      message: { payload: { amount: '500', reason: 'Default reason', expiryAt: '20270131123000' } },
    });
  });
});

describe('every message', () => {
  it.each(['VOUCHER', 'POINT'] as const)(
    'of a %s campaign is one that the consumer accepts',
    (promotionType) => {
      const resolved = resolveTarget(makeRow(), makeContext({ promotionType }));

      expect(
        resolved.ok && grantMessage.safeParse(JSON.parse(JSON.stringify(resolved.message))).success,
      ).toBe(true);
    },
  );

  it.each([
    ['10000.00', '10000'],
    ['99.50', '99.50'],
    ['0.01', '0.01'],
    ['99999999.99', '99999999.99'],
  ])('carries %s as %s', (amount, carried) => {
    const resolved = resolveTarget(makeRow({ amount }), makeContext());

    expect(resolved.ok && resolved.message.payload.amount).toBe(carried);
  });
});

describe('an invalid target says why', () => {
  const none = { reason: null, amount: null, expiryAt: null };
  it.each<[string, Partial<TargetRow>, Partial<PublishContext>]>([
    ['INVALID_AMOUNT: the amount is not positive', { amount: '0.00' }, {}],
    ['INVALID_AMOUNT: the amount is not positive', { amount: '-5.00' }, {}],
    ['INVALID_AMOUNT: neither', { amount: null }, { defaults: none }],
    ['INVALID_REASON', { reason: ' ' }, { defaults: none }],
    ['INVALID_VOUCHER', { voucherNumber: null }, {}],
    ['INVALID_VOUCHER', { voucherNumber: '' }, {}],
    ['INVALID_EXPIRY: expired_at', { expiredAt: '2026-02-30' }, {}],
    ['INVALID_EXPIRY: expired_at', { expiredAt: '31/12/2026' }, {}],
    ['INVALID_EXPIRY: neither', { expiredAt: null }, { promotionType: 'POINT', defaults: none }],
    ['INVALID_CUSTOMER', { customerUid: '-3' }, {}],
    ['INVALID_CUSTOMER', { customerUid: '0' }, {}],
  ])('%s', (reason, row, context) => {
    const resolved = resolveTarget(
      makeRow(row),
      makeContext({ defaults: { ...none, reason: 'r' }, ...context }),
    );

    expect(resolved.ok ? '' : resolved.reason).toContain(reason);
  });
});
