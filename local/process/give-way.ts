import { getPriority, setPriority } from 'node:os';

const NICENESS = 10;

/**
 * Puts this process, and all that it starts from now on, behind what lies outside Grantline: that has machines of its
 * own, where our work delays nothing. A Money API that waited for a core would see the calls of that while at once.
 */
export function giveWay(): void {
  setPriority(Math.max(getPriority(), NICENESS));
}
