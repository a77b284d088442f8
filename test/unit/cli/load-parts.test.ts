import { describe, expect, it, test } from 'vitest';
import { DuplicateNumbers } from '../../../cli/load/duplicate-numbers.ts';
import { InsertBatch } from '../../../cli/load/insert-batch.ts';
import { LineSet } from '../../../cli/load/line-set.ts';
import { isUnchanged, whyNot } from '../../../cli/load/load-state.ts';
import type { LoadState } from '../../../cli/load/load-state.ts';
import { FirstProblems } from '../../../cli/load/problem-reports.ts';

describe('a set of lines', () => {
  it('has those that were added, however far apart', () => {
    const lines = new LineSet();
    const added = [1, 7, 8, 9, 8_191, 8_192, 1_000_000, 123_456_789];
    for (const line of added) lines.add(line);

    expect(added.every((line) => lines.has(line))).toBe(true);
    expect(
      [0, 2, 6, 10, 8_190, 8_193, 999_999, 123_456_788, 2_000_000_000].filter((line) => lines.has(line)),
    ).toEqual([]);
  });
});

describe('duplicate numbers', () => {
  it('are found in the file and against what was loaded, to the letter', () => {
    const numbers = new DuplicateNumbers();
    numbers.addTarget('900', 'OLD');
    const rows = ['A', 'B', 'A', 'a', 'OLD', 'A', ' A', 'old'];
    for (const [index, number] of rows.entries()) numbers.addRow(index + 2, number, BigInt(index));

    expect([...numbers.find()].sort((a, b) => a.line - b.line)).toEqual([
      { line: 4, hundredths: 2n, of: { line: 2 } },
      { line: 6, hundredths: 4n, of: { targetId: '900' } },
      { line: 7, hundredths: 5n, of: { line: 2 } },
    ]);
    numbers.close();
  });

  it('are found among many, each once', () => {
    const numbers = new DuplicateNumbers();
    for (let line = 1; line <= 20_000; line += 1) numbers.addRow(line, `V${line % 15_000}`, 1n);

    const lines = [...numbers.find()].map(({ line }) => line).sort((a, b) => a - b);

    expect(lines).toEqual(Array.from({ length: 5_000 }, (_, index) => 15_001 + index));
    numbers.close();
  });
});

describe('a batch', () => {
  it('is full at five thousand rows, and earlier when they are long', () => {
    const short = new InsertBatch();
    while (!short.isFull) short.add(['1', null]);
    const long = new InsertBatch();
    while (!long.isFull) long.add(['"'.repeat(300), '길'.repeat(300)]);

    expect(short.count).toBe(5_000);
    expect(JSON.parse(short.json)).toHaveLength(5_000);
    // The Data API's request is JSON, in which this JSON is a string.
    expect(Buffer.byteLength(JSON.stringify(long.json))).toBeLessThan(4 * 1024 * 1024);
    expect(long.count).toBeGreaterThan(500);
  });
});

function makeState(overrides: Partial<LoadState> = {}): LoadState {
  return {
    promotionId: '7',
    promotionType: 'POINT',
    status: 'READY',
    runs: 0,
    asksForTurn: false,
    defaults: { reason: null, amount: null, expiryAt: null },
    totalAmount: null,
    targetCount: 0,
    lastTargetId: '0',
    ...overrides,
  };
}

describe('a promotion', () => {
  it.each([{}, { status: 'STOPPED' }] as const)('is loaded while it has not begun: %j', (state) => {
    expect(whyNot(makeState(state))).toBeUndefined();
  });

  it.each([
    [{ runs: 1 }, 'promotion 7 is READY and has run already: its targets were settled when it began'],
    [{ status: 'STOPPED', runs: 2 }, /is STOPPED and has run already/],
    [{ asksForTurn: true }, 'promotion 7 waits for its turn: stop it, load, and resume it'],
    [{ status: 'IN_PROGRESS' }, 'promotion 7 is IN_PROGRESS: only one that has not begun is loaded'],
    [{ status: 'COMPLETED' }, /is COMPLETED/],
    [{ status: 'FAILED' }, /is FAILED/],
  ] as const)('is not loaded when %j', (state, why) => {
    expect(whyNot(makeState(state))).toMatch(why);
  });

  it('is another one when anything of it has changed', () => {
    const before = makeState();

    expect(isUnchanged(before, makeState())).toBe(true);
    const changes: Partial<LoadState>[] = [
      { targetCount: 1 },
      { lastTargetId: '5' },
      { totalAmount: '1.00' },
      { defaults: { reason: 'x', amount: null, expiryAt: null } },
      { asksForTurn: true },
    ];
    for (const change of changes) expect(isUnchanged(before, makeState(change))).toBe(false);
  });
});

test.each([[[5, 3, 40, 1]], [Array.from({ length: 200 }, (_, index) => 200 - index)]])(
  'the first problems are those of the first lines, in whatever order they come',
  (lines) => {
    const first = new FirstProblems();
    for (const line of lines) first.add([{ line, column: null, reason: 'x' }]);

    expect(first.list.map(({ line }) => line)).toEqual([...lines].sort((a, b) => a - b).slice(0, 20));
  },
);
