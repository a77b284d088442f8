import {
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import type { IHttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Operation } from '../../schema/admin-api/operation.ts';
import type { Config } from '../config.ts';
import { acknowledge } from './acknowledge.ts';
import { logGroupFor } from './log-group.ts';

/** People and a few programs: more than they ever ask, and far less than would get in the pipeline's way. */
const REQUESTS_PER_SECOND = 50;
const BURST = 100;

const METHODS: Readonly<Record<Operation['method'], HttpMethod>> = {
  get: HttpMethod.GET,
  post: HttpMethod.POST,
};

/**
 * The HTTP API. Its routes are those of the operations that are served, so what is described is what is reached; whatever
 * is not described goes to one function, which says so.
 */
export class AdminApi extends Construct {
  readonly url: string;
  private readonly api: IHttpApi;

  constructor(scope: Construct, id: string, { config }: { readonly config: Config }) {
    super(scope, id);
    const name = `grantline-${config.stage}-admin`;
    const api = new HttpApi(this, 'Api', {
      apiName: name,
      description: 'Operators start, watch, stop and redrive campaigns, and start jobs',
      createDefaultStage: false,
    });
    // CDK's classes are not written for exactOptionalPropertyTypes: tsc does not see that this is an IHttpApi.
    this.api = api as IHttpApi;
    this.url = api.apiEndpoint;
    new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: REQUESTS_PER_SECOND, burstLimit: BURST },
      accessLogSettings: {
        destination: new LogGroupLogDestination(
          // Under this prefix the log group's policy does not grow with every API of the account.
          logGroupFor(this, 'AccessLogs', config, `/aws/vendedlogs/apis/${name}`),
        ),
        format: AccessLogFormat.custom(
          JSON.stringify({
            requestId: AccessLogField.contextRequestId(),
            requestTime: AccessLogField.contextRequestTime(),
            sourceIp: AccessLogField.contextIdentitySourceIp(),
            routeKey: AccessLogField.contextRouteKey(),
            path: AccessLogField.contextPath(),
            status: AccessLogField.contextStatus(),
            responseLatency: AccessLogField.contextResponseLatency(),
            integrationError: AccessLogField.contextIntegrationErrorMessage(),
          }),
        ),
      },
    });
    acknowledge(
      this,
      'AwsSolutions-APIG4',
      'API Gateway checks no tokens that are signed by HS256: the functions do, before anything else. What is open is described so.',
    );
  }

  serve(id: string, operations: readonly Operation[], handler: IFunction): void {
    // One permission for the API: what it invokes the function for is said by its routes.
    const integration = new HttpLambdaIntegration(id, handler, { scopePermissionToRoute: false });
    for (const { operationId, method, path } of operations) {
      const routeKey = HttpRouteKey.with(path, METHODS[method]);
      new HttpRoute(this, operationId, { httpApi: this.api, integration, routeKey });
    }
  }

  serveTheRest(handler: IFunction): void {
    // The permission for all routes of an API has a method and a path in it, which this one has not.
    const integration = new HttpLambdaIntegration('Rest', handler);
    new HttpRoute(this, 'Rest', { httpApi: this.api, integration, routeKey: HttpRouteKey.DEFAULT });
  }
}
