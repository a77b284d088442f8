/** The Money API's ledger: NDJSON, one grant a line. It is the proof that does not come from Grantline itself. */
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import * as z from 'zod';

const entry = z.object({
  key: z.string(),
  kind: z.enum(['VOUCHER', 'POINT']),
  customerUid: z.string(),
  amount: z.string(),
  voucherNumber: z.string().nullish(),
});
export type LedgerEntry = z.infer<typeof entry>;

/** @throws Error naming the URL and the line that is no grant */
export async function* readLedger(url: string): AsyncGenerator<LedgerEntry> {
  const response = await fetch(url).catch((error: unknown) => {
    throw new Error(`the ledger ${url} cannot be read`, { cause: error });
  });
  if (!response.ok || response.body === null) {
    throw new Error(`the ledger ${url} answers ${response.status}`);
  }
  let number = 0;
  for await (const line of createInterface({ input: Readable.fromWeb(response.body), crlfDelay: Infinity })) {
    number += 1;
    if (line.trim() === '') continue;
    const parsed = entry.safeParse(parseJson(line));
    if (!parsed.success)
      throw new Error(`line ${number} of the ledger ${url} is not a grant: ${line.slice(0, 100)}`);
    yield parsed.data;
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
