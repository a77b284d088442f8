import type { Command } from 'commander';
import { running } from '../campaigns/run-command.ts';
import { examine } from '../doctor/examine.ts';
import type { Finding } from '../doctor/rules/finding.ts';
import { table } from '../output/table.ts';
import { addWhereOptions, openDeployment } from '../where/where-options.ts';
import type { WhereOptions } from '../where/where-options.ts';

interface DoctorOptions extends WhereOptions {
  readonly json: boolean;
}

const WORDS = { ok: 'ok', warn: 'warn', fail: 'FAIL', skipped: 'skip' } as const;

const HELP = `
It looks and changes nothing: credentials, stacks, database (reached, migrated, its time zone and mode), clock, breaker,
alerts that nobody was told, queues, state machines, the Money API and Redis. What only the functions reach is known by
what they do with it while a campaign is paid, and skipped otherwise: a skip is no answer. To have one, pay a promotion of
one target and run each of the jobs. Slack and the coupon services are not looked at: these runs show them too.

Exit codes:
  0  nothing is wrong; what is worth a look says warn
  1  something is: each FAIL says what to do
  2  it could not look: a wrong option, no local runtime

Example:
  npx grantline doctor --local`;

export function registerDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description('Looks at everything that Grantline needs: each is ok, or says what to do.')
    .option('--json', 'one JSON object instead of lines', false);
  addWhereOptions(command)
    .addHelpText('after', HELP)
    .action((options: DoctorOptions) =>
      running('doctor', async () => {
        const findings = await examine(await openDeployment(options));
        const isWell = findings.every(({ status }) => status !== 'fail');
        process.stdout.write(options.json ? `${JSON.stringify({ isWell, findings })}\n` : asText(findings));
        process.exitCode = isWell ? 0 : 1;
      }),
    );
}

function asText(findings: readonly Finding[]): string {
  return table(
    findings.map(({ part, status, says, todo }) => [
      WORDS[status],
      part,
      todo === undefined ? says : `${says}: ${todo}`,
    ]),
  );
}
