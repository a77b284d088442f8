import type { CampaignAndState } from '../../lambdas/campaign-grant/app/read-campaigns.ts';
import { stateAsLine } from './state-text.ts';

export interface WatchDisplay {
  show(current: CampaignAndState): void;
  /** What follows begins on a line of its own. */
  end(): void;
}

/** process.stdout, as far as it is used. */
export interface Screen {
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_WIDTH = 30;
const NARROWEST = 80;

/** A line whenever it is another one. */
export function changedLines(screen: Screen, format: (current: CampaignAndState) => string): WatchDisplay {
  let last: string | undefined;
  return {
    show: (current) => {
      const line = format(current);
      if (line !== last) screen.write(`${line}\n`);
      last = line;
    },
    end: () => undefined,
  };
}

/** One line that is drawn over. */
export function campaignBar(screen: Screen): WatchDisplay {
  let drawn: string | undefined;
  return {
    show: (current) => {
      const { campaign, state } = current;
      const share = campaign.totalCount === 0 ? 0 : state.finalCount / campaign.totalCount;
      const filled = Math.min(BAR_WIDTH, Math.floor(share * BAR_WIDTH));
      drawn = `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${stateAsLine(current)}`;
      // A line that is wrapped cannot be drawn over.
      const width = screen.columns === undefined || screen.columns === 0 ? NARROWEST : screen.columns;
      screen.write(`\r\x1b[K${drawn.slice(0, width - 1)}`);
    },
    end: () => {
      if (drawn !== undefined) screen.write(`\r\x1b[K${drawn}\n`);
    },
  };
}
