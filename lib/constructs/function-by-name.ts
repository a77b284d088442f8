import { UnknownPrincipal } from 'aws-cdk-lib/aws-iam';
import type { IPrincipal, IRole } from 'aws-cdk-lib/aws-iam';
import { Architecture, FunctionBase } from 'aws-cdk-lib/aws-lambda';
import type { TenancyConfig } from 'aws-cdk-lib/aws-lambda';
import { ArnFormat, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/** A function of another stack, by its name: a reference would be an export of that stack, and hold up its changes. */
export class FunctionByName extends FunctionBase {
  override readonly functionName: string;
  override readonly functionArn: string;
  override readonly architecture = Architecture.ARM_64;
  override readonly grantPrincipal: IPrincipal;
  override readonly role?: IRole;
  override readonly tenancyConfig?: TenancyConfig;
  override readonly permissionsNode = this.node;
  override readonly canCreatePermissions = false;

  constructor(scope: Construct, functionName: string) {
    super(scope, functionName);
    this.functionName = functionName;
    this.functionArn = Stack.of(this).formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: functionName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.grantPrincipal = new UnknownPrincipal({ resource: this });
  }

  /** As PipelineFunction's: no version is asked for. */
  override get resourceArnsForGrantInvoke(): string[] {
    return [this.functionArn];
  }
}
