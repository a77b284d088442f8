import { describe, expect, it } from 'vitest';
import { stateOf } from '../../../lambdas/campaign-grant/domain/campaign-state.ts';
import type {
  CampaignOverview,
  Surroundings,
} from '../../../lambdas/campaign-grant/domain/campaign-state.ts';
import { stateAsLine, statesAsText } from '../../../cli/campaigns/state-text.ts';
import { campaignBar } from '../../../cli/campaigns/watch-display.ts';
import { changedLines } from '../../../cli/output/live-line.ts';

function makeCampaign(overrides: Partial<CampaignOverview> = {}): CampaignOverview {
  return {
    promotionId: '7',
    promotionType: 'VOUCHER',
    status: 'READY',
    reservationAt: null,
    totalCount: 1_000,
    publishedCount: 0,
    successCount: 0,
    failCount: 0,
    retrySuccessCount: 0,
    startedAt: null,
    completedAt: null,
    stoppedAt: null,
    stoppedMemo: null,
    runNumber: 0,
    executionId: null,
    finalPerSecond: null,
    asksForTurn: false,
    ...overrides,
  };
}

const CALM: Surroundings = { paying: null, breakerIsOpen: false, now: '2026-11-21 12:00:00.000' };
const paying = makeCampaign({ status: 'IN_PROGRESS', successCount: 390, failCount: 10, finalPerSecond: 50 });

describe('a campaign', () => {
  it.each([
    [{}, CALM, 'ready', 'nobody has started it'],
    [{ reservationAt: '2026-11-21 12:00:01' }, CALM, 'reserved', 'for 2026-11-21 12:00:01'],
    [{ reservationAt: '2026-11-21 11:59:59' }, CALM, 'waiting', /has come: it is started within a minute$/],
    [{ runNumber: 1 }, CALM, 'waiting', 'to go on: it is started within a minute'],
    [{ asksForTurn: true }, CALM, 'waiting', 'for its turn'],
    [{ asksForTurn: true }, { ...CALM, paying: '5' }, 'waiting', 'for its turn: 5 is being paid'],
    [{ status: 'IN_PROGRESS' }, CALM, 'paying', null],
    [{ status: 'IN_PROGRESS' }, { ...CALM, breakerIsOpen: true }, 'paused', /^the Money API fails/],
    [{ status: 'STOPPED', stoppedMemo: 'lunch' }, CALM, 'stopped', 'lunch'],
    [{ status: 'FAILED', stoppedMemo: '401' }, CALM, 'failed', '401'],
    [{ status: 'COMPLETED' }, { ...CALM, breakerIsOpen: true }, 'completed', null],
  ] as const)('with %j says what it is doing, and why it waits', (campaign, around, phase, why) => {
    const state = stateOf(makeCampaign(campaign), around);

    expect(state.phase).toBe(phase);
    if (why === null) expect(state.why).toBeNull();
    else expect(state.why).toMatch(why);
  });

  it('that is being paid has its last interval to say how long it takes', () => {
    expect(stateOf(paying, CALM)).toMatchObject({ finalCount: 400, secondsLeft: 12 });
    expect(stateOf({ ...paying, finalPerSecond: 0 }, CALM).secondsLeft).toBeNull();
    expect(stateOf({ ...paying, status: 'STOPPED' }, CALM).secondsLeft).toBeNull();
  });
});

describe('in text', () => {
  const line = (campaign: CampaignOverview) => stateAsLine({ campaign, state: stateOf(campaign, CALM) });

  it('a line has what there is to say', () => {
    expect(line(paying)).toBe('promotion 7, paying, 400 of 1,000 (40 %), 10 failed, 50/s, 12 s left');
    expect(line(makeCampaign())).toBe('promotion 7, ready, 0 of 1,000 (0 %), nobody has started it');
  });

  it('nothing is at 100 % before the last target', () => {
    expect(
      line(makeCampaign({ status: 'IN_PROGRESS', totalCount: 1_000_000, successCount: 999_999 })),
    ).toContain('(99 %)');
  });

  it('what a stop was for stays on its line, and moves no cursor', () => {
    const campaign = makeCampaign({ status: 'STOPPED', stoppedMemo: 'wrong\r\nlist\x1b[2J' });

    expect(line(campaign)).toBe('promotion 7, stopped, 0 of 1,000 (0 %), wrong list [2J');
    expect(statesAsText([{ campaign, state: stateOf(campaign, CALM) }]).split('\n')[1]).toMatch(
      / {2}wrong list \[2J$/,
    );
  });

  it('a table has a row a campaign', () => {
    const states = [paying, makeCampaign({ promotionId: '12' })].map((campaign) => ({
      campaign,
      state: stateOf(campaign, CALM),
    }));

    expect(statesAsText(states).split('\n')).toEqual([
      'promotion  type     state   final     of        failed  rate  left',
      '        7  VOUCHER  paying    400  1,000  40 %      10  50/s  12 s',
      '       12  VOUCHER  ready       0  1,000   0 %       0              nobody has started it',
      '',
    ]);
  });
});

describe('watched', () => {
  const shown = (campaign: CampaignOverview) => ({ campaign, state: stateOf(campaign, CALM) });
  const makeScreen = (columns: number) => {
    const written: string[] = [];
    return { written, columns, write: (text: string) => written.push(text) };
  };

  it('a line is written when it is another', () => {
    const screen = makeScreen(80);
    const lines = changedLines(screen, stateAsLine);
    for (const campaign of [paying, paying, { ...paying, successCount: 400 }]) lines.show(shown(campaign));
    lines.end();

    expect(screen.written).toHaveLength(2);
  });

  it('a bar is one line of the terminal, and the last one is whole', () => {
    const screen = makeScreen(50);
    const bar = campaignBar(screen);
    bar.show(shown(paying));
    bar.end();

    expect(screen.written).toEqual([
      '\r\x1b[K[############------------------] promotion 7, pay',
      `\r\x1b[K[############------------------] ${stateAsLine(shown(paying))}\n`,
    ]);
  });

  it('a bar that was never drawn leaves nothing behind', () => {
    const screen = makeScreen(80);
    campaignBar(screen).end();

    expect(screen.written).toEqual([]);
  });
});
