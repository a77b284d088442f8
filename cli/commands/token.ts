import { userInfo } from 'node:os';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { memberType } from '../../schema/admin-api/token.ts';
import type { MemberType } from '../../schema/admin-api/token.ts';
import { running } from '../campaigns/run-command.ts';
import { mintToken } from '../token/mint-token.ts';
import { addWhereOptions, openDeployment } from '../where/where-options.ts';
import type { WhereOptions } from '../where/where-options.ts';

interface TokenOptions extends WhereOptions {
  readonly memberType: MemberType;
  readonly expires: number;
  readonly subject: string;
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
/** A token cannot be taken back: the secret would have to be replaced, for everybody. */
const LONGEST_SECONDS = 30 * 86_400;

const HELP = `
It is printed alone on standard output, for whoever has it to ask what an operator asks. It needs the right to read the
secret (output JwtSecretArn of the stack AdminApi).

Exit codes:
  0  the token is printed
  2  it could not be made: a wrong option, no deployment, no right to read the secret

Example:
  curl -H "Authorization: Bearer $(npx grantline token --local)" "$ADMIN_API/api/v1/campaigns"`;

export function registerToken(program: Command): void {
  const command = program
    .command('token')
    .description('Makes a token for the HTTP API.')
    .addOption(new Option('--member-type <type>', 'whose it is').choices(memberType.options).default('ADMIN'))
    .option('--expires <time>', 'for so long it is valid: 90s, 15m, 1h, 7d', lifetime, SECONDS['h'])
    .option('--subject <name>', 'who asks, for the log and the memos of campaigns', subject, whoAmI());
  addWhereOptions(command)
    .addHelpText('after', HELP)
    .action((options: TokenOptions) =>
      running('token', async () => {
        const token = await mintToken(await openDeployment(options), {
          memberType: options.memberType,
          subject: options.subject,
          lifetimeSeconds: options.expires,
          nowMs: Date.now(),
        });
        process.stdout.write(`${token}\n`);
      }),
    );
}

function whoAmI(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container the user may have no name.
    return 'operator';
  }
}

function lifetime(text: string): number {
  const [, count = '', unit = ''] = /^([1-9][0-9]{0,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (SECONDS[unit] ?? 0);
  if (seconds > 0 && seconds <= LONGEST_SECONDS) return seconds;
  throw new InvalidArgumentError('It must be a time like 90s, 15m, 1h or 7d, 30d at most.');
}

function subject(text: string): string {
  if (/^[^\p{Cc}\p{Cf}\p{Cs}]{1,60}$/u.test(text.trim())) return text.trim();
  throw new InvalidArgumentError('It must be 1 to 60 printable characters.');
}
