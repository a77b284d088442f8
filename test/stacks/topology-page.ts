/** docs/topology.md: what the synthesised templates of a stage connect, for people. */
import type { LocalModel } from '../../local/template/model.ts';
import { machineDiagram } from './machine-diagram.ts';
import { edgesOf } from './topology-edges.ts';
import type { NodeKind, TopologyEdge, TopologyNode } from './topology-edges.ts';

const HEADER = `# Topology

What \`cdk synth -c stage=prod\` says, as the local runtime reads it, rendered by \`npm run docs:architecture\`; a test fails
when this page is out of date. Arrows are event source mappings, subscriptions, schedules, routes, and what roles allow.
[architecture.md](architecture.md) says what it is for.`;

export function topologyPage(model: LocalModel, stage: string): string {
  const prefix = `grantline-${stage}-`;
  const short = (name: string) => name.replaceAll(prefix, '');
  const edges = edgesOf(model);
  const stacks = [...new Set(edges.map(({ from }) => from.stack))];
  return `${[
    HEADER,
    '## Who reaches whom',
    'A box is a function, a rounded one a queue, a flag a topic, a doubled one a state machine, a hexagon a schedule, a rule or an\nAPI. Each arrow is with the stack of what it leaves from.',
    ...stacks.flatMap((stack) => [
      `### ${stack.replace(`Grantline-${stage}-`, '')}`,
      mermaid(
        stackDiagram(
          edges.filter(({ from }) => from.stack === stack),
          short,
        ),
      ),
    ]),
    '## State machines',
    'Every task is tried again when it fails; retries are not drawn.',
    ...model.stateMachines.flatMap(({ name, definition }) => [
      `### ${short(name)}`,
      mermaid(machineDiagram(definition)),
    ]),
    '## Functions',
    functionTable(model, short),
    '## Queues',
    queueTable(model, short),
  ].join('\n\n')}\n`;
}

function mermaid(text: string): string {
  return `\`\`\`mermaid\n${text}\n\`\`\``;
}

const SHAPES: Readonly<Record<NodeKind, readonly [string, string]>> = {
  function: ['["', '"]'],
  queue: ['("', '")'],
  topic: ['>"', '"]'],
  machine: ['[["', '"]]'],
  schedule: ['{{"', '"}}'],
  rule: ['{{"', '"}}'],
  api: ['{{"', '"}}'],
};

function stackDiagram(edges: readonly TopologyEdge[], short: (name: string) => string): string {
  const nodes = new Map(edges.flatMap(({ from, to }) => [from, to]).map((node) => [idOf(node, short), node]));
  return [
    'flowchart LR',
    ...[...nodes].map(([id, { kind, name }]) => {
      const [open, close] = SHAPES[kind];
      return `  ${id}${open}${short(name)}${close}`;
    }),
    ...edges.map(({ from, to, label, dotted }) => {
      const arrow = dotted ? '-.->' : '-->';
      const text = label === '' ? '' : `|"${short(label)}"|`;
      return `  ${idOf(from, short)} ${arrow}${text} ${idOf(to, short)}`;
    }),
  ].join('\n');
}

function idOf({ kind, name }: TopologyNode, short: (name: string) => string): string {
  return `${kind}_${short(name).replaceAll(/\W/g, '_')}`;
}

function functionTable({ functions }: LocalModel, short: (name: string) => string): string {
  return [
    '| function | timeout, s | memory, MB | reserved concurrency | in the VPC |',
    '|---|---|---|---|---|',
    ...functions.map(
      ({ name, timeoutSeconds, memoryMegabytes, reservedConcurrency, isInVpc }) =>
        `| ${short(name)} | ${timeoutSeconds} | ${memoryMegabytes} | ${reservedConcurrency ?? ''} | ${isInVpc ? 'yes' : ''} |`,
    ),
  ].join('\n');
}

function queueTable({ queues }: LocalModel, short: (name: string) => string): string {
  return [
    '| queue | kind | hidden while at work, s | given up |',
    '|---|---|---|---|',
    ...queues.map(({ name, fifo, visibilityTimeoutSeconds, redrivePolicy }) => {
      const givenUp =
        redrivePolicy === undefined
          ? ''
          : `after ${redrivePolicy.maxReceiveCount} receives, to ${short(redrivePolicy.deadLetterTargetArn.split(':').at(-1) ?? '')}`;
      return `| ${short(name)} | ${fifo ? 'FIFO' : 'standard'} | ${visibilityTimeoutSeconds} | ${givenUp} |`;
    }),
  ].join('\n');
}
