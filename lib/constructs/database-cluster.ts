import { SecurityGroup, SubnetType } from 'aws-cdk-lib/aws-ec2';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import {
  AuroraMysqlEngineVersion,
  ClusterInstance,
  Credentials,
  DatabaseCluster as Cluster,
  DatabaseClusterEngine,
} from 'aws-cdk-lib/aws-rds';
import { Duration, RemovalPolicies } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { TIME_ZONE } from '../config.ts';
import type { Config } from '../config.ts';
import { removalPolicyOf } from '../removal-policy.ts';
import { acknowledge } from './acknowledge.ts';
import { logGroupFor } from './log-group.ts';

export interface DatabaseClusterProps {
  readonly config: Config;
  readonly vpc: IVpc;
}

/** The audit log says who did what, without the rows' values; the slow log would have them, as text of statements. */
const EXPORTED_LOGS = ['audit', 'error'];
/** Performance Insights keeps its figures in the instance: a smaller one would not scale down any more. */
const LEAST_CAPACITY_FOR_INSIGHTS = 2;

/** In UTC: 04:00 in Seoul, when the nightly jobs of 01:00 are done. */
const BACKUP_WINDOW = '19:00-19:30';
/** Minor versions restart the writer: Mondays at 04:30 in Seoul. */
const MAINTENANCE_WINDOW = 'Sun:19:30-Sun:20:30';

/** Aurora MySQL, serverless v2, used through the RDS Data API alone. */
export class DatabaseCluster extends Construct {
  readonly clusterArn: string;
  readonly secretArn: string;
  /** As text, for who only looks at it. */
  readonly plainName: string;

  constructor(scope: Construct, id: string, { config, vpc }: DatabaseClusterProps) {
    super(scope, id);
    const { capacity, readers, deletionProtection, backupDays, name } = config.database;
    const clusterIdentifier = `grantline-${config.stage}`;
    this.plainName = clusterIdentifier;
    // Which statements take the time, for seven days without a charge: CloudWatch → Database Insights. Cluster and
    // instances have to say the same.
    const enablePerformanceInsights = capacity.min >= LEAST_CAPACITY_FOR_INSIGHTS;

    const removalPolicy = removalPolicyOf(config);
    const instance = { autoMinorVersionUpgrade: true, enablePerformanceInsights };
    const cluster = new Cluster(this, 'Cluster', {
      clusterIdentifier,
      engine: DatabaseClusterEngine.auroraMysql({ version: AuroraMysqlEngineVersion.VER_3_12_0 }),
      writer: ClusterInstance.serverlessV2('Writer', instance),
      // Nobody reads from them, the Data API asks the writer alone: they are as large as it is, to take its place.
      readers: Array.from({ length: readers }, (_, index) =>
        ClusterInstance.serverlessV2(`Reader${index + 1}`, { ...instance, scaleWithWriter: true }),
      ),
      serverlessV2MinCapacity: capacity.min,
      serverlessV2MaxCapacity: capacity.max,
      enableDataApi: true,
      enablePerformanceInsights,
      defaultDatabaseName: name,
      // No port is reachable: the security group lets nothing in. Auditors ask for another one than the default.
      port: 13306,
      // RDS keeps this secret and changes the password every seven days: there is no rotation function to run.
      credentials: Credentials.fromUsername('grantline'),
      manageMasterUserPassword: true,
      iamAuthentication: true,
      storageEncrypted: true,
      deletionProtection,
      removalPolicy,
      backup: { retention: Duration.days(backupDays), preferredWindow: BACKUP_WINDOW },
      preferredMaintenanceWindow: MAINTENANCE_WINDOW,
      copyTagsToSnapshot: true,
      parameters: {
        // NOW() and every DATETIME of the schema are local times of Korea.
        time_zone: TIME_ZONE,
        character_set_server: 'utf8mb4',
        character_set_database: 'utf8mb4',
        server_audit_logging: '1',
        // Connections, and changes of tables and rights; queries would be every grant.
        server_audit_events: 'CONNECT,QUERY_DDL,QUERY_DCL',
      },
      cloudwatchLogsExports: EXPORTED_LOGS,
      vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      securityGroups: [
        new SecurityGroup(this, 'SecurityGroup', {
          vpc,
          description: 'The database: nobody connects to it, the Data API needs no network path',
          allowAllOutbound: false,
        }),
      ],
    });
    // CDK keeps them with the cluster for RETAIN alone: a cluster that outlives its stack would have no instance.
    RemovalPolicies.of(cluster).apply(removalPolicy, {
      applyToResourceTypes: ['AWS::RDS::DBInstance', 'AWS::RDS::DBSubnetGroup'],
    });
    for (const log of EXPORTED_LOGS) {
      // There before the engine writes, which would make one that is kept for ever.
      const logGroup = logGroupFor(
        this,
        `${log}Logs`,
        config,
        `/aws/rds/cluster/${clusterIdentifier}/${log}`,
      );
      cluster.node.addDependency(logGroup);
    }

    if (!cluster.secret) throw new Error('unreachable: RDS manages the password in a secret');
    this.clusterArn = cluster.clusterArn;
    this.secretArn = cluster.secret.secretArn;

    acknowledge(
      cluster,
      'AwsSolutions-RDS14',
      'Aurora serverless v2 has no backtrack; backups restore to a second.',
    );
    if (!deletionProtection) {
      acknowledge(cluster, 'AwsSolutions-RDS10', 'The dev stage is made to be thrown away.');
    }
  }
}
