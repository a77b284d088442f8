/** One resource while its part of the model is built: its properties evaluated and parsed, its names. */
import { z } from 'zod';
import { refuse } from './errors.ts';
import type { RunType } from './properties.ts';
import type { ResourceView } from './resource-types.ts';
import type { StackScope } from './stack-scope.ts';

export interface Resource {
  readonly scope: StackScope;
  readonly logicalId: string;
  readonly view: ResourceView;
}

/** @throws NotKnownLocally for a property that is in neither list of the type, and for a value that does not fit */
export function parse<Schema extends z.ZodObject>(
  type: RunType<Schema>,
  { scope, logicalId, view }: Resource,
): z.infer<Schema> {
  const known = Object.keys(type.schema.shape);
  const given = scope.stack.template.Resources[logicalId]?.Properties ?? {};
  const { passedOver } = type;
  if (passedOver !== 'any') {
    const unknown = Object.keys(given).find((name) => !known.includes(name) && !passedOver.includes(name));
    if (unknown !== undefined) refuse(view, `its property ${unknown}`);
  }
  const evaluated = Object.fromEntries(known.map((name) => [name, view.property(name)]));
  const parsed = type.schema.safeParse(evaluated);
  return parsed.success ? parsed.data : refuse(view, z.prettifyError(parsed.error).replaceAll('\n', ' '));
}

export function placed({ view }: Resource) {
  return { stack: view.stack, logicalId: view.logicalId, name: view.name };
}

export function attribute({ scope, logicalId, view }: Resource, name: string): string {
  const value = scope.attribute(logicalId, name);
  return typeof value === 'string' ? value : refuse(view, `its attribute ${name}, which is no text`);
}
