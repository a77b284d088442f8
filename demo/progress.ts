import { Presets, SingleBar } from 'cli-progress';

export interface ProgressView {
  /** @param figures what there is to say beside how far it is */
  update(done: number, figures: string): void;
  stop(): void;
}

export interface ProgressSubject {
  readonly label: string;
  readonly total: number;
  /** Behind the number that is done a second. */
  readonly unit: string;
}

const LINE_EVERY_MS = 5_000;

/** A live bar on a terminal, a line every few seconds elsewhere. */
export function progressView(
  { label, total, unit }: ProgressSubject,
  stream: NodeJS.WriteStream,
): ProgressView {
  const rate = new RecentRate();
  const pace = (done: number) => {
    const aSecond = rate.after(done);
    const left = aSecond > 0 ? `${Math.ceil((total - done) / aSecond)} s` : '-';
    return `${aSecond}${unit}  ETA ${left}`;
  };
  if (stream.isTTY) {
    const bar = new SingleBar(
      {
        format: `${label} {bar} {percentage} %  {figures}  {pace}`,
        stream,
        hideCursor: true,
        clearOnComplete: false,
      },
      Presets.rect,
    );
    bar.start(total, 0, { figures: '', pace: '' });
    return {
      update: (done, figures) => bar.update(done, { figures, pace: pace(done) }),
      stop: () => bar.stop(),
    };
  }
  let lastLine = Date.now();
  return {
    update: (done, figures) => {
      const shown = pace(done);
      if (Date.now() - lastLine < LINE_EVERY_MS) return;
      lastLine = Date.now();
      stream.write(`${label} ${done}/${total}  ${figures}  ${shown}\n`);
    },
    stop: () => undefined,
  };
}

/** How much is done a second, over the last few seconds. */
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
