import { describe, expect, it } from 'vitest';
import { SortedLedger } from '../../../cli/verify/ledger/sorted-ledger.ts';
import type { LedgerGrant } from '../../../cli/verify/ledger/read-ledger.ts';
import { SharedKeys } from '../../../cli/verify/shared-keys.ts';
import { ScratchBuckets } from '../../../cli/output/scratch-buckets.ts';

describe('scratch buckets', () => {
  it('give back each its own lines in order, more than fit in memory and none', () => {
    const buckets = new ScratchBuckets(3);
    const lines = Array.from({ length: 5_000 }, (_, index) => `${index} ${'길'.repeat(10)}`);
    for (const [index, line] of lines.entries()) buckets.add(index % 2, line);

    expect(buckets.read(0)).toEqual(lines.filter((_, index) => index % 2 === 0));
    expect(buckets.read(1)).toHaveLength(2_500);
    expect(buckets.read(2)).toEqual([]);
    buckets.close();
  });
});

describe('shared transaction keys', () => {
  it('are found in whatever bucket they are, with every target that has them', () => {
    const keys = new SharedKeys(4);
    for (let id = 1; id <= 1_000; id += 1) keys.add(`T-${id}`, String(id));
    for (const [key, id] of [
      ['T-7', '2001'],
      ['T-7', '2002'],
      ['T-8', '2003'],
    ] as const)
      keys.add(key, id);

    const found = keys.find();

    expect(found.count).toBe(5);
    expect(found.examples).toEqual(['7', '8', '2001', '2002', '2003']);
    keys.close();
  });
});

describe('a sorted ledger', () => {
  const grant = (key: string): LedgerGrant => ({ key, kind: 'POINT', customerUid: '1', amount: '1.50' });
  const ranges = [
    { from: '5', to: '9' },
    { from: '10', to: '99' },
    { from: '100', to: '9007199254740993' },
  ];

  it('has each grant in the range of its target, past the last and unreadable ones too', () => {
    const ledger = new SortedLedger({ promotionId: '7', promotionType: 'POINT' }, ranges);
    const targets = ['100', '9', '10', '9007199254740994', '1', 'x', '9'];
    for (const target of targets) ledger.add(grant(`POINT-7-${target}`));
    for (const key of ['POINT-70-9', 'VOUCHER-7-9', 'POINT-8-9', 'nonsense']) ledger.add(grant(key));

    const keysOf = (range: number) => [...ledger.read(range)].map(([id, entries]) => [id, entries.length]);

    expect(keysOf(0)).toEqual([
      ['9', 2],
      ['1', 1],
      ['POINT-7-x', 1],
      ['VOUCHER-7-9', 1],
    ]);
    expect(keysOf(1)).toEqual([['10', 1]]);
    expect(keysOf(2)).toEqual([
      ['100', 1],
      ['9007199254740994', 1],
    ]);
    expect(ledger.read(1).get('10')?.[0]?.hundredths).toBe(150n);
    ledger.close();
  });
});
