/** The Money API's ledger: NDJSON, one grant a line, read as it comes. */
import * as z from 'zod';
import { promotionType } from '../../../schema/promotion.ts';

const grant = z.object({
  key: z.string().max(1_000),
  kind: promotionType,
  customerUid: z.string().max(100),
  amount: z.string().regex(/^[0-9]{1,20}(\.[0-9]{1,2}0*)?$/),
  voucherNumber: z.string().max(1_000).nullish(),
});
export type LedgerGrant = z.infer<typeof grant>;

/** A line of a grant has some 150; one that does not end must not fill the memory. */
const MAX_LINE_CHARACTERS = 64 * 1024;
const SHOWN_CHARACTERS = 100;

/** @throws Error of one line: the URL does not answer, or the line that is no grant */
export async function* readLedger(url: string): AsyncGenerator<LedgerGrant> {
  const response = await fetch(url).catch((error: unknown) => {
    throw new Error(`the ledger ${url} cannot be read: nothing answers`, { cause: error });
  });
  if (!response.ok || response.body === null) {
    throw new Error(`the ledger ${url} answers ${response.status}`);
  }
  let number = 0;
  for await (const line of linesOf(url, response.body)) {
    number += 1;
    if (line.trim() === '') continue;
    const parsed = grant.safeParse(parseJson(line));
    if (!parsed.success) {
      const shown = line.slice(0, SHOWN_CHARACTERS);
      throw new Error(`line ${number} of the ledger ${url} is no grant: ${shown}`);
    }
    yield parsed.data;
  }
}

/** @throws Error of one line when the answer breaks off */
async function* linesOf(url: string, body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
      // No more of it is kept: as it is, it is no grant.
      if (rest.length > MAX_LINE_CHARACTERS) break;
    }
  } catch (error) {
    throw new Error(`the ledger ${url} broke off`, { cause: error });
  }
  if (rest !== '') yield rest;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
