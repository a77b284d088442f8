/** What lies outside Grantline has machines of its own, where our work delays nothing: here it goes first. */
import { getPriority, setPriority } from 'node:os';

const NICENESS_OF_THE_RUNTIME = 10;
const NICENESS_OF_WHAT_IS_OUTSIDE = -10;

/** Puts this process, and all that it starts from now on, behind. */
export function giveWay(): void {
  setPriority(Math.max(getPriority(), NICENESS_OF_THE_RUNTIME));
}

/**
 * Puts a process before all others, where we are allowed to. A Money API that waits for a core sees the calls of that
 * while at once, in one second too many.
 */
export function goFirst(pid: number): void {
  try {
    setPriority(pid, NICENESS_OF_WHAT_IS_OUTSIDE);
  } catch {
    // Only a superuser may.
  }
}
