import type { Figures, RangeOutput } from '../../../schema/jobs.ts';
import { addFigures } from './add-figures.ts';
import type { Checkpoints, RangeKey } from './checkpoints.ts';

/** A chunk that was worked through: repeated with the same position it comes to the same end. */
export interface Chunk {
  /** What the next one comes after. */
  readonly position: string;
  readonly figures: Figures;
  readonly isLast: boolean;
}

interface Services {
  readonly checkpoints: Checkpoints;
  readonly clock: { now(): number };
}

/** A chunk against slow services, and its checkpoint, still end within this. */
const TIME_FOR_A_CHUNK_SECONDS = 120;

/**
 * Goes through a range chunk by chunk, from its checkpoint on. Whoever dies repeats one chunk at most; of two at the same
 * range each chunk's figures are kept once, and both go on from where it is.
 */
export async function walkRange(
  { checkpoints, clock }: Services,
  key: RangeKey,
  workThrough: (position: string) => Promise<Chunk>,
  budget: { remainingSeconds(): number },
): Promise<RangeOutput> {
  let progress = await checkpoints.read(key);
  while (!progress.finished) {
    if (budget.remainingSeconds() < TIME_FOR_A_CHUNK_SECONDS) return { finished: false };
    const { position, figures, isLast } = await workThrough(progress.position);
    const next = {
      position,
      chunkCount: progress.chunkCount + 1,
      figures: addFigures(progress.figures, figures),
      finished: isLast,
    };
    progress = (await checkpoints.save(key, progress, next, clock.now()))
      ? next
      : await checkpoints.read(key);
  }
  return { finished: true };
}
