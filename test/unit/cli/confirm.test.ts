import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { confirm } from '../../../cli/output/confirm.ts';

function makeTerminal({ isTTY = true } = {}) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = Object.assign(new PassThrough(), { isTTY });
  return { input, output };
}

const NO = { yes: false };

describe('a question', () => {
  it.each(['y', 'Y', 'yes', ' YES '])('that is answered %j goes on', async (answer) => {
    const terminal = makeTerminal();
    const asked = confirm('stop', 'Stop?', NO, terminal);
    terminal.input.write(`${answer}\n`);

    await asked;

    const shown = String(terminal.output.read());
    expect(shown).toContain('Stop? [y/N] ');
    // What follows is said on the next line, and not on the one after it.
    expect(shown.match(/\n/g)).toHaveLength(1);
  });

  it.each(['', 'n', 'no', 'yess', 'j'])('that is answered %j does not', async (answer) => {
    const terminal = makeTerminal();
    const asked = confirm('stop', 'Stop?', NO, terminal);
    terminal.input.write(`${answer}\n`);

    await expect(asked).rejects.toMatchObject({ message: 'stop: nothing was done', exitCode: 1 });
  });

  it('that is not answered at all does not', async () => {
    const terminal = makeTerminal();
    const asked = confirm('stop', 'Stop?', NO, terminal);
    terminal.input.end();

    await expect(asked).rejects.toMatchObject({ message: 'stop: nothing was done', exitCode: 1 });
  });

  it('is not asked where nobody is, and that is no yes', async () => {
    await expect(confirm('stop', 'Stop?', NO, makeTerminal({ isTTY: false }))).rejects.toMatchObject({
      message: 'stop: nobody is there to be asked: say --yes',
      exitCode: 2,
    });
  });

  it('is not asked when --yes has answered it', async () => {
    const terminal = makeTerminal();

    await confirm('stop', 'Stop?', { yes: true }, terminal);

    expect(terminal.output.read()).toBeNull();
  });
});
