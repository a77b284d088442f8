import { request } from 'undici';
import * as z from 'zod';

const stats = z.object({ maxWindow1s: z.number() });

/** The most requests that the stand-in saw arrive in any one second, over all campaigns. */
export async function highestWindowSeen(moneyApiUrl: string): Promise<number> {
  const { body } = await request(`${moneyApiUrl}/stats`);
  return stats.parse(await body.json()).maxWindow1s;
}
