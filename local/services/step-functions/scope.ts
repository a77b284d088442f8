/** What a state sees around it while it runs. */
import type { StateGroup } from './definition.ts';
import type { ContextObject } from './expressions.ts';
import type { Trail } from './history.ts';
import type { Json } from './json.ts';
import type { MapRunHost, Tolerance } from './map-run.ts';
import type { Place } from './place.ts';

export interface Scope {
  /** `$$` of the state that runs. */
  readonly context: ContextObject;
  readonly trail: Trail;
  /** How far these states are; kept for a redrive. */
  readonly place: Place;
  readonly signal: AbortSignal;
  readonly host: Host;
  /** Runs a branch, an iteration or a machine to its output; given here so that Map and Parallel need not import it. */
  readonly runStates: (states: StateGroup, input: Json, scope: Scope) => Promise<Json>;
}

/** What the execution offers to its states. */
export interface Host {
  readonly region: string;
  /** @throws Error whose name is the error's type */
  invokeFunction(functionArnOrName: string, payload: Json): Promise<unknown>;
  openMapRun(settings: MapRunSettings): MapRunHost;
}

export interface MapRunSettings {
  readonly label: string;
  readonly processor: StateGroup;
  readonly maxConcurrency: number;
  readonly tolerance: Tolerance;
  readonly totalItems: number;
  readonly totalExecutions: number;
}
