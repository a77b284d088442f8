import { Tags } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import type { Config } from './config.ts';

/** By which a bill is split, and whoever finds a resource learns whose it is. */
export function addTags(scope: IConstruct, { stage, tags: { costCentre, owner } }: Config): void {
  const tags = { project: 'grantline', stage, 'cost-centre': costCentre, owner };
  for (const [name, value] of Object.entries(tags)) {
    if (value !== undefined) Tags.of(scope).add(name, value);
  }
}
