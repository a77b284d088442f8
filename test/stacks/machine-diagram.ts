/** A state machine's definition as a Mermaid flowchart. */
import { z } from 'zod';

interface Machine {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

const condition = z.looseObject({ Next: z.string(), Variable: z.string().optional() });
const state = z.looseObject({
  Type: z.enum(['Task', 'Choice', 'Pass', 'Succeed', 'Fail', 'Parallel', 'Map', 'Wait']),
  Next: z.string().optional(),
  Default: z.string().optional(),
  Choices: z.array(condition).default([]),
  Catch: z.array(z.looseObject({ Next: z.string(), ErrorEquals: z.array(z.string()) })).default([]),
  MaxConcurrency: z.number().optional(),
  get Branches(): z.ZodDefault<z.ZodArray<typeof machine>> {
    return z.array(machine).default([]);
  },
  get ItemProcessor(): z.ZodOptional<typeof processor> {
    return processor.optional();
  },
});
const machine = z.looseObject({
  StartAt: z.string(),
  get States(): z.ZodRecord<z.ZodString, typeof state> {
    return z.record(z.string(), state);
  },
});
const processor = machine.extend({
  ProcessorConfig: z.looseObject({ Mode: z.enum(['INLINE', 'DISTRIBUTED']) }),
});
type State = z.output<typeof state>;

export function machineDiagram(definition: unknown): string {
  const read: Machine = machine.parse(definition);
  return [
    'flowchart TD',
    ...nodeLines(read, '  '),
    `  start((" ")) --> ${nodeId(read.StartAt)}`,
    ...edgeLines(read).map((line) => `  ${line}`),
  ].join('\n');
}

function nodeLines({ States: states }: Machine, indent: string): string[] {
  return Object.entries(states).flatMap(([name, one]) => {
    const inner = innerOf(one);
    if (inner.length === 0) return [`${indent}${nodeId(name)}${shapeOf(name, one)}`];
    return [
      `${indent}subgraph ${nodeId(name)}["${titleOf(name, one)}"]`,
      ...inner.flatMap((part) => nodeLines(part, `${indent}  `)),
      `${indent}end`,
    ];
  });
}

function innerOf({ Branches: branches, ItemProcessor: items }: State): readonly Machine[] {
  return items === undefined ? branches : [items];
}

function titleOf(name: string, { ItemProcessor: items, MaxConcurrency: most }: State): string {
  if (items === undefined) return name;
  const mode = items.ProcessorConfig.Mode === 'DISTRIBUTED' ? 'distributed Map' : 'Map';
  return `${name}: ${mode}${most === undefined ? '' : `, ${most} at once`}`;
}

function shapeOf(name: string, { Type: type }: State): string {
  if (type === 'Choice') return `{"${name}"}`;
  if (type === 'Succeed' || type === 'Fail') return `(["${name}"])`;
  return `["${name}"]`;
}

function edgeLines({ States: states }: Machine): string[] {
  return Object.entries(states).flatMap(([name, one]) => {
    const from = nodeId(name);
    return [
      ...one.Choices.map((choice) => `${from} -->|"${conditionText(choice)}"| ${nodeId(choice.Next)}`),
      ...(one.Default === undefined ? [] : [`${from} -->|otherwise| ${nodeId(one.Default)}`]),
      ...(one.Next === undefined ? [] : [`${from} --> ${nodeId(one.Next)}`]),
      ...one.Catch.map(
        ({ Next, ErrorEquals }) => `${from} -.->|"${ErrorEquals.join(', ')}"| ${nodeId(Next)}`,
      ),
      ...innerOf(one).flatMap(edgeLines),
    ];
  });
}

/** `$.begin.output.begun` is false: the last word of the path says what is asked. */
function conditionText({ Variable: variable = '', ...choice }: z.output<typeof condition>): string {
  const subject = variable.slice(variable.lastIndexOf('.') + 1);
  const comparison = Object.entries(choice).find(([key]) => key !== 'Next');
  return `${subject} = ${String(comparison?.[1])}`;
}

/** Not the name itself: Mermaid has words of its own, as `end`. */
function nodeId(name: string): string {
  return `s_${name.replaceAll(/\W/g, '_')}`;
}
