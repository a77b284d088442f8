/** The API's operations: a request is checked, given to the engine, and its answer put into the protocol's words. */
import { z } from 'zod';
import type { Machine, StepFunctionsEngine } from './engine.ts';
import { ServiceError } from './errors.ts';
import type { Execution } from './execution.ts';
import type { Counts, MapRun } from './map-run.ts';
import { pageOf } from './paging.ts';
import { redrivability } from './redrive.ts';

type Operation = (request: unknown, engine: StepFunctionsEngine) => object;

const arn = z.string().min(1);
const page = { maxResults: z.int().min(0).max(1000).optional(), nextToken: z.string().optional() };
const text = z.string().optional();
const status = z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE']);

export const operations: ReadonlyMap<string, Operation> = new Map([
  [
    'StartExecution',
    operation(z.object({ stateMachineArn: arn, name: text, input: text }), (request, engine) => {
      const { spec, startDate } = engine.start(request);
      return { executionArn: spec.arn, startDate: seconds(startDate) };
    }),
  ],
  [
    'StopExecution',
    operation(z.object({ executionArn: arn, error: text, cause: text }), (request, engine) => {
      const execution = engine.execution(request.executionArn);
      execution.stop(request.error, request.cause);
      return { stopDate: seconds(execution.stopDate) };
    }),
  ],
  [
    'RedriveExecution',
    operation(
      z.object({ executionArn: arn, clientToken: z.string().min(1).max(64).optional() }),
      ({ executionArn, clientToken }, engine) => ({
        redriveDate: seconds(engine.redrive(executionArn, clientToken)),
      }),
    ),
  ],
  [
    'DescribeExecution',
    operation(z.object({ executionArn: arn }), ({ executionArn }, engine) =>
      described(engine.execution(executionArn)),
    ),
  ],
  [
    'ListExecutions',
    operation(
      z.object({ stateMachineArn: text, mapRunArn: text, statusFilter: status.optional(), ...page }),
      (request, engine) => {
        const { statusFilter } = request;
        const { entries, nextToken } = pageOf(executionsOf(request, engine), request, {
          newestFirst: true,
          keep: (execution) => statusFilter === undefined || execution.status === statusFilter,
        });
        return { executions: entries.map(listed), nextToken };
      },
    ),
  ],
  [
    'GetExecutionHistory',
    operation(
      z.object({ executionArn: arn, reverseOrder: z.boolean().optional(), ...page }),
      (request, engine) => {
        const { events } = engine.execution(request.executionArn).history;
        const { entries, nextToken } = pageOf(events, request, {
          newestFirst: request.reverseOrder ?? false,
        });
        const shown = entries.map(({ details, timestamp, ...event }) => ({
          ...event,
          timestamp: seconds(timestamp),
          ...details,
        }));
        return { events: shown, nextToken };
      },
    ),
  ],
  [
    'ListStateMachines',
    operation(z.object(page), (request, engine) => {
      const { entries, nextToken } = pageOf([...engine.machines.values()], request, { newestFirst: false });
      return { stateMachines: entries.map(summary), nextToken };
    }),
  ],
  [
    'DescribeStateMachine',
    operation(z.object({ stateMachineArn: arn }), ({ stateMachineArn }, engine) => {
      const machine = engine.machine(stateMachineArn);
      return { ...summary(machine), status: 'ACTIVE', definition: machine.definitionText, roleArn: '' };
    }),
  ],
  [
    'DescribeMapRun',
    operation(z.object({ mapRunArn: arn }), ({ mapRunArn }, engine) =>
      describedRun(engine.mapRun(mapRunArn)),
    ),
  ],
  [
    'ListMapRuns',
    operation(z.object({ executionArn: arn, ...page }), (request, engine) => {
      const { spec } = engine.execution(request.executionArn);
      const { entries, nextToken } = pageOf(engine.mapRunsOf(spec.arn), request, { newestFirst: true });
      return { mapRuns: entries.map(listedRun), nextToken };
    }),
  ],
]);

/** A request that does not have the operation's shape is a ValidationException. */
function operation<Request>(
  shape: z.ZodType<Request>,
  run: (request: Request, engine: StepFunctionsEngine) => object,
): Operation {
  return (raw, engine) => {
    const request = shape.safeParse(raw);
    if (request.success) return run(request.data, engine);
    throw new ServiceError(
      'ValidationException',
      z.prettifyError(request.error).replaceAll(/\s*\n\s*/g, ' '),
    );
  };
}

function seconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}

function executionsOf(
  { stateMachineArn, mapRunArn }: { stateMachineArn?: string | undefined; mapRunArn?: string | undefined },
  engine: StepFunctionsEngine,
): readonly Execution[] {
  if (stateMachineArn !== undefined && mapRunArn === undefined)
    return engine.machine(stateMachineArn).executions;
  if (mapRunArn !== undefined && stateMachineArn === undefined) {
    return engine.mapRun(mapRunArn).childArns.map((childArn) => engine.execution(childArn));
  }
  throw new ServiceError('ValidationException', 'Exactly one of stateMachineArn and mapRunArn must be given');
}

function listed(execution: Execution): object {
  return { ...common(execution), itemCount: execution.spec.mapRun?.itemCount };
}

function described(execution: Execution): object {
  const { spec, output, error, cause } = execution;
  const may = redrivability(execution, Date.now());
  return {
    ...common(execution),
    redriveStatus: may.status,
    redriveStatusReason: may.status === 'NOT_REDRIVABLE' ? may.reason : undefined,
    input: spec.inputText,
    inputDetails: { included: true },
    ...(output === undefined ? {} : { output: JSON.stringify(output), outputDetails: { included: true } }),
    error,
    cause,
  };
}

function common(execution: Execution): object {
  const { spec, status: now, startDate, stopDate, redriveCount, redriveDate } = execution;
  return {
    executionArn: spec.arn,
    stateMachineArn: spec.stateMachineArn,
    name: spec.name,
    status: now,
    startDate: seconds(startDate),
    stopDate: seconds(stopDate),
    mapRunArn: spec.mapRun?.arn,
    redriveCount,
    redriveDate: seconds(redriveDate),
  };
}

function summary({ arn: stateMachineArn, name, type, creationDate }: Machine): object {
  return { stateMachineArn, name, type, creationDate: seconds(creationDate) };
}

function listedRun(run: MapRun): object {
  return {
    mapRunArn: run.arn,
    executionArn: run.executionArn,
    stateMachineArn: run.stateMachineArn,
    startDate: seconds(run.startDate),
    stopDate: seconds(run.stopDate),
  };
}

function describedRun(run: MapRun): object {
  return {
    mapRunArn: run.arn,
    executionArn: run.executionArn,
    status: run.status,
    startDate: seconds(run.startDate),
    stopDate: seconds(run.stopDate),
    maxConcurrency: run.maxConcurrency,
    toleratedFailureCount: run.tolerance.count ?? 0,
    toleratedFailurePercentage: run.tolerance.percentage ?? 0,
    itemCounts: protocolCounts(run.items),
    executionCounts: protocolCounts(run.executions),
    redriveCount: run.redriveCount,
    redriveDate: seconds(run.redriveDate),
  };
}

function protocolCounts(counts: Counts): object {
  // resultsWritten counts what a ResultWriter wrote, and none is served here.
  return { ...counts, resultsWritten: 0, failuresNotRedrivable: 0, pendingRedrive: 0 };
}
