import { describe, expect, it } from 'vitest';
import { progressLine } from '../../../cli/output/progress-line.ts';

function makeTerminal(isTTY: boolean) {
  const written: string[] = [];
  return { written, isTTY, write: (text: string) => written.push(text) };
}

describe('the progress line', () => {
  it('is drawn over on a terminal, not at every step, and is gone in the end', () => {
    const terminal = makeTerminal(true);
    const line = progressLine(terminal);

    line.show('targets read', 1_000, 1_000_000);
    line.show('targets read', 2_000, 1_000_000);
    line.clear();

    expect(terminal.written).toEqual(['\r\x1b[Ktargets read 1,000 of 1,000,000', '\r\x1b[K']);
  });

  it('writes nothing where there is no terminal', () => {
    const terminal = makeTerminal(false);
    const line = progressLine(terminal);

    line.show('ledger lines read', 1_000);
    line.clear();

    expect(terminal.written).toEqual([]);
  });
});
