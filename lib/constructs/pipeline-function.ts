import { basename } from 'node:path';
import type { ISecurityGroup, IVpc } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import type { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { z } from 'zod';
import type { Config } from '../config.ts';
import type { Binding, BoundName } from './binding.ts';
import { bundledCode } from './bundled-code.ts';
import type { BundledFolder } from './bundled-code.ts';
import { logGroupFor } from './log-group.ts';

/** Where a function runs when it needs more than AWS's public endpoints. */
export interface FunctionNetwork {
  readonly vpc: IVpc;
  readonly securityGroups: ISecurityGroup[];
}

export interface PipelineFunctionProps<Schema extends z.ZodObject, Bound extends Binding> {
  readonly config: Config;
  /** `lambdas/<pipeline>/<step>.lambda.ts`, from the repository's root. */
  readonly entry: `lambdas/${string}/${string}.lambda.ts`;
  readonly description: string;
  /** The schema with which the handler parses its environment: `tsc` then asks for each of its variables. */
  readonly environmentSchema: Schema;
  readonly bindings: readonly Bound[];
  /** What the bindings leave open. */
  readonly environment: Readonly<Record<Exclude<keyof z.input<Schema> & string, BoundName<Bound>>, string>>;
  readonly timeout: Duration;
  readonly memorySize?: number;
  readonly reservedConcurrency?: number;
  readonly network?: FunctionNetwork;
  /** Folders that travel with the code. */
  readonly folders?: readonly BundledFolder[];
}

/** The one way in which this project makes a function. */
export class PipelineFunction<
  Schema extends z.ZodObject = z.ZodObject,
  Bound extends Binding = Binding,
> extends LambdaFunction {
  /** As text, for who only looks at it: a reference would be an export of the stack, and hold up its changes. */
  readonly plainName: string;

  constructor(scope: Construct, id: string, props: PipelineFunctionProps<Schema, Bound>) {
    const { config, network, reservedConcurrency } = props;
    const functionName = `grantline-${config.stage}-${basename(props.entry, '.lambda.ts')}`;
    const logGroup = logGroupFor(scope, `${id}Logs`, config, `/aws/lambda/${functionName}`);
    const role = new Role(scope, `${id}Role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Execution role of ${functionName}`,
    });
    // In place of AWSLambdaBasicExecutionRole, which may write to every log group of the account.
    logGroup.grantWrite(role);
    if (network) {
      // On every resource, as in AWS's own policy for it: Lambda tries the role when the function is made, and documents
      // nothing narrower than the account that would pass.
      role.addToPolicy(
        new PolicyStatement({
          actions: [
            'ec2:CreateNetworkInterface',
            'ec2:DescribeNetworkInterfaces',
            'ec2:DescribeSubnets',
            'ec2:DeleteNetworkInterface',
            'ec2:AssignPrivateIpAddresses',
            'ec2:UnassignPrivateIpAddresses',
          ],
          resources: ['*'],
        }),
      );
    }
    super(scope, id, {
      functionName,
      description: props.description,
      code: bundledCode(props.entry, props.folders),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      role,
      logGroup,
      tracing: Tracing.ACTIVE,
      timeout: props.timeout,
      memorySize: props.memorySize ?? 512,
      // Stack traces of minified code name the source with this; all else is the schema's.
      environment: { NODE_OPTIONS: '--enable-source-maps', ...props.environment },
      ...(reservedConcurrency !== undefined && { reservedConcurrentExecutions: reservedConcurrency }),
      ...(network && { vpc: network.vpc, securityGroups: network.securityGroups }),
    });
    this.plainName = functionName;
    for (const binding of props.bindings) {
      for (const [name, value] of Object.entries(binding.environment)) this.addEnvironment(name, value);
      binding.grantTo(this);
    }
  }

  /** Of whoever may invoke it: nobody asks for a version, which CDK would grant by a wildcard. */
  override get resourceArnsForGrantInvoke(): string[] {
    return [this.functionArn];
  }
}
