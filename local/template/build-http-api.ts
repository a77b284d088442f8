/** The part of the model that API Gateway's HTTP APIs make. */
import { attribute, parse, placed } from './built-resource.ts';
import type { Resource } from './built-resource.ts';
import type * as model from './model.ts';
import * as properties from './http-api-properties.ts';

export function httpApi(resource: Resource): model.HttpApiModel {
  parse(properties.httpApi, resource);
  return { ...placed(resource), id: attribute(resource, 'ApiId') };
}

export function httpStage(resource: Resource): model.HttpStageModel {
  const { stack, logicalId } = resource.view;
  return { stack, logicalId, apiId: parse(properties.httpStage, resource).ApiId };
}

export function httpRoute(resource: Resource): model.HttpRouteModel {
  const { stack, logicalId } = resource.view;
  const { ApiId, RouteKey, Target } = parse(properties.httpRoute, resource);
  return {
    stack,
    logicalId,
    apiId: ApiId,
    routeKey: RouteKey,
    integrationId: Target.slice(Target.indexOf('/') + 1),
  };
}

export function httpIntegration(resource: Resource): model.HttpIntegrationModel {
  const { stack, logicalId } = resource.view;
  const { ApiId, IntegrationUri, TimeoutInMillis } = parse(properties.httpIntegration, resource);
  return {
    stack,
    logicalId,
    apiId: ApiId,
    id: attribute(resource, 'IntegrationId'),
    functionArn: IntegrationUri,
    timeoutMilliseconds: TimeoutInMillis,
  };
}
