/** Figures as people read them. */
import { grouped } from '../../output/grouped.ts';
import { roundUp } from '../rules/round-up.ts';

/** Rounded up to a second: '1 h 20 min 5 s', '45 s'. */
export function time(seconds: number): string {
  const whole = roundUp(seconds);
  const hours = Math.floor(whole / 3_600);
  const minutes = Math.floor((whole % 3_600) / 60);
  const parts = [hours > 0 ? `${grouped(hours)} h` : '', hours > 0 || minutes > 0 ? `${minutes} min` : ''];
  return [...parts, `${whole % 60} s`].filter((part) => part !== '').join(' ');
}

export function usd(amount: number): string {
  if (amount > 0 && amount < 0.01) return '< 0.01';
  return amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** With so many places at most. */
export function decimal(value: number, places: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: places });
}

export function percent(share: number): string {
  return `${decimal(share * 100, share < 0.1 ? 1 : 0)} %`;
}
