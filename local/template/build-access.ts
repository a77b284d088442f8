/** The part of the model that says who may call what. */
import * as properties from './access-properties.ts';
import { attribute, parse, placed } from './built-resource.ts';
import type { Resource } from './built-resource.ts';
import type * as model from './model.ts';

export function role(resource: Resource): model.RoleModel {
  const { AssumeRolePolicyDocument, ManagedPolicyArns, Policies } = parse(properties.role, resource);
  return {
    ...placed(resource),
    arn: attribute(resource, 'Arn'),
    managedPolicyArns: ManagedPolicyArns,
    trust: AssumeRolePolicyDocument,
    statements: Policies.flatMap(({ PolicyDocument }) => PolicyDocument),
  };
}

export function rolePolicy(resource: Resource): model.RolePolicyModel {
  const { PolicyDocument, Roles } = parse(properties.policy, resource);
  const { stack, logicalId } = resource.view;
  return { stack, logicalId, roleNames: Roles, statements: PolicyDocument };
}

export function permission(resource: Resource): model.PermissionModel {
  const { Action, FunctionName, Principal, SourceArn } = parse(properties.permission, resource);
  const { stack, logicalId } = resource.view;
  return {
    stack,
    logicalId,
    action: Action,
    function: FunctionName,
    principal: Principal,
    sourceArn: SourceArn,
  };
}

export function queuePolicy(resource: Resource): model.QueuePolicyModel {
  const { PolicyDocument, Queues } = parse(properties.queuePolicy, resource);
  const { stack, logicalId } = resource.view;
  return { stack, logicalId, queueUrls: Queues, statements: PolicyDocument };
}
