/** That AWS's services may reach what the templates connect them to: without it nothing arrives, in silence. */
import { functionNameOf, qualifierOf } from '../template/function-name.ts';
import type { LocalModel } from '../template/model.ts';
import { decideFor, matchesArn } from './decide.ts';

/** @throws Error of one line that names the connection, and the permission or the statement that is missing */
export function requireServiceAccess(model: LocalModel): void {
  for (const { name, arn, targets } of model.rules) {
    for (const { functionArn } of targets) {
      requirePermission(
        model,
        { functionArn, principal: 'events.amazonaws.com', sourceArn: arn },
        `rule ${name}`,
      );
    }
  }
  for (const { apiId, routeKey, integrationId } of model.httpRoutes) {
    const integration = model.httpIntegrations.find(({ id }) => id === integrationId);
    if (integration === undefined) continue;
    const sourceArn = `arn:aws:execute-api:${model.region}:${model.account}:${apiId}/$default/${routePath(routeKey)}`;
    const { functionArn } = integration;
    requirePermission(
      model,
      { functionArn, principal: 'apigateway.amazonaws.com', sourceArn },
      `route ${routeKey}`,
    );
  }
  for (const { topicArn, queueArn } of model.subscriptions) requireDelivery(model, topicArn, queueArn);
}

/** `GET /a/{b}` is `GET/a/{b}` in a source ARN. */
function routePath(routeKey: string): string {
  return routeKey.replace(' ', '');
}

function requirePermission(
  { permissions }: LocalModel,
  wanted: { readonly functionArn: string; readonly principal: string; readonly sourceArn: string },
  who: string,
): void {
  const name = functionNameOf(wanted.functionArn) + qualifierOf(wanted.functionArn);
  const has = permissions.some(
    (permission) =>
      functionNameOf(permission.function) + qualifierOf(permission.function) === name &&
      permission.action === 'lambda:InvokeFunction' &&
      permission.principal === wanted.principal &&
      (permission.sourceArn === undefined || matchesArn(permission.sourceArn, wanted.sourceArn)),
  );
  if (has) return;
  throw new Error(
    `${who} may not invoke ${name}: no AWS::Lambda::Permission lets ${wanted.principal} with the source ` +
      wanted.sourceArn,
  );
}

function requireDelivery(
  { account, queues, queuePolicies }: LocalModel,
  topicArn: string,
  queueArn: string,
): void {
  const url = queues.find(({ arn }) => arn === queueArn)?.url ?? '';
  const statements = queuePolicies
    .filter(({ queueUrls }) => queueUrls.includes(url))
    .flatMap((policy) => policy.statements);
  const decision = decideFor('sns.amazonaws.com', statements, {
    action: 'sqs:SendMessage',
    resource: queueArn,
    context: {
      'aws:SourceArn': topicArn,
      'aws:SourceAccount': account,
      'aws:SecureTransport': 'true',
    },
  });
  if (decision === 'allowed') return;
  throw new Error(
    `topic ${topicArn} may not deliver to ${queueArn}: ` +
      (decision === 'not allowed'
        ? 'no AWS::SQS::QueuePolicy lets sns.amazonaws.com send a message to it from there'
        : `its AWS::SQS::QueuePolicy denies it: ${JSON.stringify(decision.deniedBy)}`),
  );
}
