/** One deployed Grantline: what its stacks put out, and how its AWS services are reached. */

/** The last parts of the stacks' names. */
export type StackName = 'Data' | 'CampaignGrant' | 'AdminApi';

/** Services as the local runtime names them. */
export type ServiceName =
  'sqs' | 'rdsData' | 'lambda' | 'stepFunctions' | 'scheduler' | 'secretsManager' | 'sns' | 'cloudwatch';

/** What an AWS SDK client is built with. Empty on AWS: the caller's own credentials and region. */
export interface ClientSettings {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface Deployment {
  /** @throws Error of one line when the stack is not deployed or has no such output */
  output(stack: StackName, name: string): Promise<string>;
  clientSettings(service: ServiceName): ClientSettings;
}
