import { describe, expect, it } from 'vitest';
import { Ceiling, SlidingSecond } from '../../../stand-ins/money-api/window.ts';

describe('SlidingSecond', () => {
  it('counts the half-open second that ends now', () => {
    const second = new SlidingSecond();
    second.add(0);
    second.add(500);
    expect(second.countAt(999.9)).toBe(2);
    expect(second.countAt(1000)).toBe(1);
    expect(second.countAt(1499.9)).toBe(1);
    expect(second.countAt(1500)).toBe(0);
  });

  it('agrees with a plain count while it grows, wraps and empties', () => {
    const second = new SlidingSecond();
    const times: number[] = [];
    let now = 0;
    for (let i = 0; i < 20_000; i++) {
      // From 0.1 ms to 1 ms apart and back, so that the ring grows, wraps around and drains.
      now += i % 7000 === 0 ? 2500 : 0.1 + (i % 1000) / 1100;
      second.add(now);
      times.push(now);
      if (i % 97 !== 0) continue;
      expect(second.countAt(now)).toBe(times.filter((time) => now - time < 1000).length);
    }
  });
});

describe('Ceiling', () => {
  it('never admits more in any one-second window, and refuses only when its second is full', () => {
    const ceiling = new Ceiling();
    const admitted: number[] = [];
    for (let i = 0; i < 30_000; i++) {
      // XX a second in waves, against a ceiling of 100.
      const now = i * 0.5 + Math.sin(i / 300) * 100;
      const inSecond = admitted.filter((time) => now - time < 1000).length;
      const admits = ceiling.admits(now, 100);
      expect(admits).toBe(inSecond < 100);
      if (admits) admitted.push(now);
    }
    expect(admitted.length).toBeGreaterThanOrEqual(1400);
    for (let i = 100; i < admitted.length; i++) {
      expect((admitted[i] ?? 0) - (admitted[i - 100] ?? 0)).toBeGreaterThanOrEqual(1000);
    }
  });

  it('has no room in a second that starts late in a full one', () => {
    const ceiling = new Ceiling();
    const wave = (now: number) =>
      Array.from({ length: 10 }, () => ceiling.admits(now, 10)).filter(Boolean).length;
    // A limiter that counts by the clock's seconds would admit 10 more at 1100.
    expect([wave(900), wave(1100), wave(1899), wave(1900)]).toEqual([10, 0, 0, 10]);
  });

  it('counts what was admitted before a ceiling was set', () => {
    const ceiling = new Ceiling();
    for (let i = 0; i < 5; i++) expect(ceiling.admits(i, 0)).toBe(true);
    expect(ceiling.admits(5, 5)).toBe(false);
    expect(ceiling.admits(1000, 5)).toBe(true);
  });
});
