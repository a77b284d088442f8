/** One deployed Grantline: what its stacks put out, and how its AWS services are reached. */

/** The last parts of the stacks' names. */
export type StackName = 'Data' | 'CampaignGrant' | 'AdminApi' | 'PointSync' | 'CouponStats';

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
  readonly kind: 'aws' | 'local';
  /** @throws Error of one line when the stack is not deployed or has no such output */
  output(stack: StackName, name: string): Promise<string>;
  /** undefined when the stack is not deployed or has no such output */
  findOutput(stack: StackName, name: string): Promise<string | undefined>;
  clientSettings(service: ServiceName): ClientSettings;
  /** Where the Money API can be reached from here; undefined on AWS, where only its functions can. */
  readonly moneyApiUrl: string | undefined;
}
