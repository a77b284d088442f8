import { Presets, SingleBar } from 'cli-progress';
import type { Progress } from './run-campaign.ts';

export interface ProgressView {
  update(progress: Progress): void;
  stop(): void;
}

const LINE_EVERY_MS = 5_000;

/** A live bar on a terminal, a line every few seconds elsewhere. */
export function progressView(label: string, total: number, stream: NodeJS.WriteStream): ProgressView {
  const rate = new RecentRate();
  const figures = ({ granted, failed }: Progress) => {
    const done = granted + failed;
    const tps = rate.after(done);
    const eta = tps > 0 ? `${Math.ceil((total - done) / tps)} s` : '-';
    return { granted, failed, tps, eta };
  };
  if (stream.isTTY) {
    const bar = new SingleBar(
      {
        format: `${label} {bar} {percentage} %  granted {granted}  failed {failed}  {tps} TPS  ETA {left}`,
        stream,
        hideCursor: true,
        clearOnComplete: false,
      },
      Presets.rect,
    );
    bar.start(total, 0, { granted: 0, failed: 0, tps: 0, left: '-' });
    return {
      update: (progress) => {
        const { eta, ...shown } = figures(progress);
        bar.update(progress.granted + progress.failed, { ...shown, left: eta });
      },
      stop: () => bar.stop(),
    };
  }
  let lastLine = Date.now();
  return {
    update: (progress) => {
      const { granted, failed, tps, eta } = figures(progress);
      if (Date.now() - lastLine < LINE_EVERY_MS) return;
      lastLine = Date.now();
      stream.write(
        `${label} ${granted + failed}/${total}  granted ${granted}  failed ${failed}  ${tps} TPS  ETA ${eta}\n`,
      );
    },
    stop: () => undefined,
  };
}

/** Targets a second over the last few seconds. */
class RecentRate {
  static readonly WINDOW_MS = 4_000;
  #samples: { at: number; done: number }[] = [];

  after(done: number): number {
    const at = Date.now();
    this.#samples.push({ at, done });
    this.#samples = this.#samples.filter((sample) => at - sample.at <= RecentRate.WINDOW_MS);
    const first = this.#samples[0];
    if (first === undefined || at === first.at) return 0;
    return Math.round(((done - first.done) * 1000) / (at - first.at));
  }
}
