/** What a configuration names and is not where the stage is: nothing of it would work there. */
import type { ExistingSecret } from './existing-config.ts';

export interface Place {
  readonly account: string;
  readonly region: string;
}

/** The fields of the configuration that say where something is. */
export interface Located {
  readonly network: {
    readonly existing?: { readonly subnets: readonly { readonly availabilityZone: string }[] } | undefined;
  };
  readonly database: {
    readonly existing?:
      | {
          readonly clusterArn: string;
          readonly secret: { readonly arn: string; readonly kmsKeyArn?: string | undefined };
        }
      | undefined;
  };
  readonly redis: {
    readonly existing?: { readonly authTokenSecret?: ExistingSecret | undefined } | undefined;
  };
  readonly money: { readonly apiKeySecret?: ExistingSecret | undefined };
  readonly coupons: { readonly systemTokenSecret?: ExistingSecret | undefined };
  readonly alerts: { readonly slackWebhookSecret?: ExistingSecret | undefined };
  readonly alarms: { readonly topicArn?: string | undefined };
}

export interface Elsewhere {
  readonly path: readonly (string | number)[];
  readonly foreign: string;
}

export function elsewhere({ account, region }: Place, config: Located): Elsewhere[] {
  const { network, database, redis, money, coupons, alerts, alarms } = config;
  const cluster = database.existing;
  const inAccount = [
    { path: ['database', 'existing', 'clusterArn'], arn: cluster?.clusterArn },
    { path: ['database', 'existing', 'secret', 'arn'], arn: cluster?.secret.arn },
    { path: ['alarms', 'topicArn'], arn: alarms.topicArn },
  ];
  // Another account may share its key.
  const inRegion = [
    { path: ['database', 'existing', 'secret', 'kmsKeyArn'], arn: cluster?.secret.kmsKeyArn },
    {
      path: ['redis', 'existing', 'authTokenSecret', 'kmsKeyArn'],
      arn: redis.existing?.authTokenSecret?.kmsKeyArn,
    },
    { path: ['money', 'apiKeySecret', 'kmsKeyArn'], arn: money.apiKeySecret?.kmsKeyArn },
    { path: ['coupons', 'systemTokenSecret', 'kmsKeyArn'], arn: coupons.systemTokenSecret?.kmsKeyArn },
    { path: ['alerts', 'slackWebhookSecret', 'kmsKeyArn'], arn: alerts.slackWebhookSecret?.kmsKeyArn },
  ];
  const zones = (network.existing?.subnets ?? []).map(({ availabilityZone }, index) => ({
    path: ['network', 'existing', 'subnets', index, 'availabilityZone'],
    foreign: availabilityZone.slice(0, -1),
  }));
  return [
    ...inAccount
      .flatMap(({ path, arn }) =>
        arn === undefined ? [] : [{ path, foreign: arn.split(':').slice(3, 5).join(':') }],
      )
      .filter(({ foreign }) => foreign !== `${region}:${account}`),
    ...inRegion
      .flatMap(({ path, arn }) => (arn === undefined ? [] : [{ path, foreign: arn.split(':')[3] ?? '' }]))
      .filter(({ foreign }) => foreign !== region),
    ...zones.filter(({ foreign }) => foreign !== region),
  ];
}
