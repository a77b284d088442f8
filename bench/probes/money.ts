/** The Money API's stand-in, seen from outside. */
import { moneyApiStats } from '../../stand-ins/money-api/stats.ts';
import type { MoneyApiStats } from '../../stand-ins/money-api/stats.ts';

export async function resetStats(url: string): Promise<void> {
  await fetch(`${url}/stats`, { method: 'DELETE' });
}

export async function readStats(url: string): Promise<MoneyApiStats> {
  return moneyApiStats.parse(await (await fetch(`${url}/stats`)).json());
}
