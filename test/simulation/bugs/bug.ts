import type { ConsumerServices, Ports } from '../services/port-types.ts';
import type { UseCases } from '../use-cases.ts';
import type { World } from '../world-parts.ts';

/** A mistake that somebody might make, planted from outside: the production code stays as it is. */
export interface Bug {
  readonly name: string;
  /** What is wrong, in a few words. */
  readonly what: string;
  /** Invariants whose violation counts as its discovery. */
  readonly caughtBy: readonly number[];
  /** The ports of every environment, one of them wrong. */
  ports?(ports: Ports, world: World): Ports;
  /** What the consumer's environments are made of. */
  consumer?(services: ConsumerServices, world: World): ConsumerServices;
  useCases?(production: UseCases): UseCases;
}
