/** The Money API stand-in on its own: it stays up while the pipeline is stopped, killed and started again. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { moneyApiOptions } from './options.ts';
import { startMoneyApi } from './server.ts';

const program = new Command('money-api')
  .description('Stand-in of the Money API (stand-ins/money-api/money-api.openapi.yaml) on 127.0.0.1.')
  .addOption(
    new Option('--api-key <key>', 'what clients must send as X-API-Key')
      .env('MONEY_API_KEY')
      .makeOptionMandatory(),
  )
  .option('--port <port>', 'port to listen on; 0 = a free one', toNumber, 8090)
  .option('--ceiling <count>', 'requests admitted in any one-second window; 0 = no limit', toNumber, 1000)
  .option('--latency <ms>', 'mean service time, log-normal', toNumber, 0)
  .option('--latency-tail <share:ms>', 'this share of the requests takes this long, e.g. 0.01:1000', toTail)
  .option('--fail-rate <share>', 'share of requests answered 500 or 503', toNumber, 0)
  .option('--reject-rate <share>', 'share of keys rejected with 404 or 422', toNumber, 0)
  .option('--timeout-rate <share>', 'share of requests granted but answered after 10 s', toNumber, 0)
  .option('--reset-rate <share>', 'share of requests whose connection breaks', toNumber, 0)
  .option('--seed <integer>', 'the same seed gives each key the same faults', toNumber, 1)
  .option('--ledger-file <path>', 'remember keys in this file over restarts')
  .addHelpText(
    'after',
    `
Example:
  node stand-ins/money-api/cli.ts --port 8090 --api-key k --ceiling 1000 --latency 30 --fail-rate 0.01

Beside the contract's paths, without a key:
  GET /ledger      every grant, NDJSON
  GET /stats       counts, busiest second, latency;   DELETE /stats starts them anew
  POST /control    change faults, e.g. {"down": true} or {"failRate": 0.5, "latencyMs": 100}`,
  )
  .action(async (flags: Record<string, unknown>) => {
    const { latency, ...rest } = flags;
    const options = moneyApiOptions.safeParse({ ...rest, latencyMs: latency });
    if (!options.success) {
      fail(options.error.issues.map((i) => [...i.path, i.message].join(' ')).join('; '));
      return;
    }
    try {
      const service = await startMoneyApi(options.data);
      console.log(`Money API stand-in at ${service.url} — Ctrl-C ends it`);
      const end = () => void service.close().finally(() => process.exit(0));
      process.once('SIGINT', end).once('SIGTERM', end);
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error));
    }
  });

function toNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

function toTail(text: string): { share: number; ms: number } {
  const [share, ms] = text.split(':');
  if (share === undefined || ms === undefined) throw new InvalidArgumentError('It must be share:ms.');
  return { share: toNumber(share), ms: toNumber(ms) };
}

function fail(message: string): void {
  console.error(`money-api: ${message}`);
  process.exitCode = 1;
}

await program.parseAsync();
