import type { IFunction } from 'aws-cdk-lib/aws-lambda';

/**
 * Something a function is told about and may then use: the variables that name it and the least grant travel
 * together, so neither is there without the other.
 */
export interface Binding<Name extends string = string> {
  readonly environment: Readonly<Record<Name, string>>;
  grantTo(grantee: IFunction): void;
}

/** The names that any one of several bindings sets. */
export type BoundName<Bound extends Binding> = Bound extends unknown ? keyof Bound['environment'] : never;
