/** Looks at each part of a deployment, and says what it found. */
import type { DataApi } from '../../lambdas/shared/data-api.ts';
import { oneLine } from '../failure.ts';
import type { Deployment, StackName } from '../where/deployment.ts';
import { openDatabase } from '../where/open-database.ts';
import { readAlerts, readAllMigrations, readBreaker, readDatabase, readPaying } from './read-database.ts';
import { callMoneyApi, readMachine, readQueue } from './read-services.ts';
import { fail, ok, skipped } from './rules/finding.ts';
import type { Finding } from './rules/finding.ts';
import { judgeAlerts } from './rules/judge-alerts.ts';
import { judgeBreaker, judgeMachines, judgeMoneyApi, judgeRedis } from './rules/judge-campaigns.ts';
import type { BreakerFacts, PayingCampaign } from './rules/judge-campaigns.ts';
import { judgeClock, judgeDatabase, judgeMigrations } from './rules/judge-database.ts';
import { judgeDeadLetterQueue, judgeGrantQueue } from './rules/judge-queues.ts';

const OUTPUTS: readonly (readonly [StackName, string])[] = [
  ['Data', 'DatabaseResourceArn'],
  ['Data', 'DatabaseSecretArn'],
  ['Data', 'DatabaseName'],
  ['Data', 'RedisUrl'],
  ['CampaignGrant', 'CampaignRunArn'],
  ['CampaignGrant', 'RedriveArn'],
  ['CampaignGrant', 'GrantRewardsFunctionName'],
  ['CampaignGrant', 'GrantQueueUrl'],
  ['CampaignGrant', 'GrantDeadLetterQueueUrl'],
];

/** What the other looks are judged by. */
interface Known {
  readonly paying: PayingCampaign | undefined;
  readonly breaker: BreakerFacts;
}

export async function examine(deployment: Deployment): Promise<Finding[]> {
  const deployed = await examineDeployment(deployment);
  // Without its outputs nothing is found.
  if (deployed.some(({ status }) => status === 'fail')) return deployed;
  const { findings, known } = await examineDatabase(await openDatabase(deployment));
  return [...deployed, ...findings, ...(await examineServices(deployment, known))];
}

/** Which are refused for who asks, not for what is asked. */
const NO_CREDENTIALS = /credential|token|signature|security|access ?denied|not authorized|region is missing/i;

async function examineDeployment(deployment: Deployment): Promise<Finding[]> {
  const stacks = 'stacks';
  try {
    const values = await Promise.all(OUTPUTS.map(([stack, name]) => deployment.findOutput(stack, name)));
    const missing = OUTPUTS.filter((_, index) => values[index] === undefined);
    const whose =
      deployment.kind === 'local'
        ? skipped('credentials', 'the local runtime asks for none')
        : ok('credentials', 'CloudFormation takes them');
    if (missing.length === 0) return [whose, ok(stacks, `all ${OUTPUTS.length} outputs are there`)];
    const names = missing.map(([stack, name]) => `${stack}.${name}`).join(', ');
    return [whose, fail(stacks, `without ${names}`, 'deploy this version, or restart npm run local')];
  } catch (error) {
    const says = oneLine(error);
    const name = error instanceof Error ? error.name : '';
    return NO_CREDENTIALS.test(`${name} ${says}`)
      ? [fail('credentials', says, 'log in (aws sso login), and set AWS_PROFILE and AWS_REGION')]
      : [fail(stacks, says, 'see whether CloudFormation can be reached')];
  }
}

/** `known` is undefined when the database cannot be asked. */
async function examineDatabase(db: DataApi): Promise<{ findings: Finding[]; known: Known | undefined }> {
  try {
    const facts = await readDatabase(db);
    const findings = [judgeDatabase(facts), judgeClock(facts)];
    try {
      const { known, applied } = await readAllMigrations(db);
      findings.push(judgeMigrations(known, applied));
      const breaker = await readBreaker(db);
      const paying = await readPaying(db);
      findings.push(judgeBreaker(breaker), judgeAlerts(await readAlerts(db)));
      return { findings, known: { paying, breaker } };
    } catch (error) {
      findings.push(fail('tables', oneLine(error), 'deploy this version, or restart npm run local'));
      return { findings, known: undefined };
    }
  } catch (error) {
    const todo = 'see whether the cluster is up and your rights include rds-data and its secret';
    return { findings: [fail('database', oneLine(error), todo)], known: undefined };
  }
}

const NOT_KNOWN = 'without the database nobody knows whether a campaign is being paid';

async function examineServices(deployment: Deployment, known: Known | undefined): Promise<Finding[]> {
  const paying = known?.paying;
  // A full queue is odd only where it is known that nobody is paid.
  const mayPay = known === undefined || paying !== undefined;
  const found = await Promise.all([
    looking('queue', async () => judgeGrantQueue(await readQueue(deployment, 'GrantQueueUrl'), mayPay)),
    looking('dead-letter queue', async () =>
      judgeDeadLetterQueue(await readQueue(deployment, 'GrantDeadLetterQueueUrl')),
    ),
    looking('state machines', async () =>
      judgeMachines(
        await Promise.all(['CampaignRunArn', 'RedriveArn'].map((output) => readMachine(deployment, output))),
        paying,
      ),
    ),
    looking('money API', async () => {
      const reached = await callMoneyApi(deployment);
      if (reached === undefined && known === undefined) return skipped('money API', NOT_KNOWN);
      return judgeMoneyApi(reached, known?.breaker, paying);
    }),
  ]);
  return [...found, known === undefined ? skipped('redis', NOT_KNOWN) : judgeRedis(paying)];
}

async function looking(part: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    return fail(part, oneLine(error), 'see whether it is deployed and your rights include it');
  }
}
