/** Nothing is loaded, and why: one line. */
export class LoadRefused extends Error {}

/** Somebody said so in the middle of it. */
export class LoadInterrupted extends Error {
  constructor() {
    super('it was interrupted: nothing is loaded');
  }
}
