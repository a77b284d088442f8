import { describe, expect, it } from 'vitest';
import { TextIndex } from '../../../stand-ins/money-api/text-index.ts';

describe('TextIndex', () => {
  it('agrees with a Map over texts of all kinds and lengths, while its shards grow', () => {
    const index = new TextIndex();
    const map = new Map<string, number>();
    const texts = [
      '',
      'x'.repeat(5000),
      '가나다',
      ...Array.from({ length: 20_000 }, (_, i) => `VOUCHER-1001-${i}`),
      ...Array.from({ length: 500 }, (_, i) => `${'k'.repeat(i % 100)}é${i}`),
    ];
    for (const [i, text] of texts.entries()) {
      expect(index.get(text)).toBe(undefined);
      index.add(text, i);
      map.set(text, i);
    }
    expect(index.size).toBe(map.size);
    for (const [text, value] of map) expect(index.get(text)).toBe(value);
    expect(index.get('VOUCHER-1001-20000')).toBe(undefined);
    expect(index.get('VOUCHER-1001-')).toBe(undefined);
  });
});
