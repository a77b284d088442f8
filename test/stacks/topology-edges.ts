/** Who starts, calls or feeds whom, read off the templates: mappings, subscriptions, schedules, and what roles allow. */
import { roleGrants } from '../../local/iam/role-grants.ts';
import type { LocalModel } from '../../local/template/model.ts';

export type NodeKind = 'function' | 'queue' | 'topic' | 'machine' | 'schedule' | 'rule' | 'api';

export interface TopologyNode {
  readonly kind: NodeKind;
  readonly name: string;
  readonly stack: string;
}

export interface TopologyEdge {
  readonly from: TopologyNode;
  readonly to: TopologyNode;
  readonly label: string;
  /** What goes there is what was given up, or what is made at run time. */
  readonly dotted: boolean;
}

/** The actions by which something reaches something else. */
const CALLS: Readonly<Partial<Record<string, string>>> = {
  'sqs:SendMessage': 'sends',
  'sns:Publish': 'publishes',
  'states:StartExecution': 'starts',
  'lambda:InvokeFunction': 'invokes',
};

export function edgesOf(model: LocalModel): TopologyEdge[] {
  const nodes = nodesByArn(model);
  const node = (arn: string): TopologyNode => {
    const found = nodes.get(arn);
    if (found === undefined) throw new Error(`nothing in the templates has the ARN ${arn}`);
    return found;
  };
  const edge = (from: TopologyNode, to: TopologyNode, label = '', dotted = false): TopologyEdge => ({
    from,
    to,
    label,
    dotted,
  });
  return distinct([
    ...model.schedules.map(({ name, stack, expression, timezone, target }) =>
      edge({ kind: 'schedule', name, stack }, node(target.arn), `${expression} ${timezone}`),
    ),
    ...model.rules.flatMap(({ name, stack, targets }) =>
      targets.map(({ functionArn }) => edge({ kind: 'rule', name, stack }, node(functionArn))),
    ),
    ...routeEdges(model).map(({ from, functionArn, label }) => edge(from, node(functionArn), label)),
    ...model.subscriptions.map(({ topicArn, queueArn, filterPolicy }) =>
      edge(node(topicArn), node(queueArn), filterPolicy === undefined ? '' : filterText(filterPolicy)),
    ),
    ...model.eventSourceMappings.map(({ queueArn, functionName, maximumConcurrency }) =>
      edge(
        node(queueArn),
        node(functionArn(model, functionName)),
        maximumConcurrency === undefined ? '' : `at most ${maximumConcurrency} at once`,
      ),
    ),
    ...model.queues.flatMap(({ arn, redrivePolicy }) =>
      redrivePolicy === undefined
        ? []
        : [
            edge(
              node(arn),
              node(redrivePolicy.deadLetterTargetArn),
              `after ${redrivePolicy.maxReceiveCount} receives`,
              true,
            ),
          ],
    ),
    ...roleEdges(model, nodes),
  ]);
}

function nodesByArn(model: LocalModel): Map<string, TopologyNode> {
  const of = (kind: NodeKind, all: readonly { arn: string; name: string; stack: string }[]) =>
    all.map(({ arn, name, stack }): [string, TopologyNode] => [arn, { kind, name, stack }]);
  return new Map([
    ...of('function', model.functions),
    ...of('queue', model.queues),
    ...of('topic', model.topics),
    ...of('machine', model.stateMachines),
  ]);
}

/** What functions and machines may reach; and by whose hand the roles that are passed on come to work. */
function roleEdges(model: LocalModel, nodes: ReadonlyMap<string, TopologyNode>): TopologyEdge[] {
  const roles = roleGrants(model).map(({ arn, statements }) => ({
    arn,
    rights: statements
      .filter(({ effect }) => effect === 'Allow')
      .flatMap(({ actions, resources }) =>
        actions.flatMap((action) => resources.map((resource) => ({ action, resource }))),
      ),
  }));
  const reached = (from: TopologyNode, rights: readonly { action: string; resource: string }[]) =>
    rights.flatMap(({ action, resource }): TopologyEdge[] => {
      const label = CALLS[action];
      const to = nodes.get(resource);
      // A machine starts itself for the children of a distributed Map.
      if (label === undefined || to === undefined || to === from) return [];
      return [{ from, to, label, dotted: false }];
    });

  return roles.flatMap(({ arn, rights }) => {
    const holder = [...model.functions, ...model.stateMachines].find(({ roleArn }) => roleArn === arn);
    const from = holder === undefined ? undefined : nodes.get(holder.arn);
    if (from !== undefined) return reached(from, rights);
    const giver = roles.find((role) =>
      role.rights.some(({ action, resource }) => action === 'iam:PassRole' && resource === arn),
    );
    const maker = model.functions.find(({ roleArn }) => roleArn === giver?.arn);
    const made = maker === undefined ? undefined : nodes.get(maker.arn);
    if (made === undefined) return [];
    const schedules: TopologyNode = {
      kind: 'schedule',
      name: `made by ${made.name}`,
      stack: made.stack,
    };
    return [{ from: made, to: schedules, label: 'keeps', dotted: true }, ...reached(schedules, rights)];
  });
}

function routeEdges(
  model: LocalModel,
): readonly { readonly from: TopologyNode; readonly functionArn: string; readonly label: string }[] {
  return model.httpApis.flatMap(({ id, name, stack }) => {
    const routes = model.httpRoutes.filter(({ apiId }) => apiId === id);
    const byFunction = Map.groupBy(routes, ({ integrationId }) => {
      const integration = model.httpIntegrations.find((one) => one.id === integrationId);
      if (integration === undefined) throw new Error(`no integration ${integrationId}`);
      return integration.functionArn;
    });
    return [...byFunction].map(([arn, those]) => ({
      from: { kind: 'api', name, stack } as const,
      functionArn: arn,
      label: `${those.length} ${those.length === 1 ? 'route' : 'routes'}`,
    }));
  });
}

function functionArn({ functions }: LocalModel, name: string): string {
  return functions.find((one) => one.name === name)?.arn ?? name;
}

function filterText(filter: object): string {
  return Object.entries(filter)
    .map(([attribute, values]) => `${attribute} = ${String(values)}`)
    .join(', ');
}

function distinct(edges: readonly TopologyEdge[]): TopologyEdge[] {
  const keys = new Map(
    edges.map((edge) => [`${edge.from.name} ${edge.to.kind} ${edge.to.name} ${edge.label}`, edge]),
  );
  return [...keys.values()];
}
