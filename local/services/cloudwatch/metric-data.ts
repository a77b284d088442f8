/** PutMetricData's request, checked against the limits of the real one. Source: its API reference. */
import { z } from 'zod';
import { CloudWatchError, invalid } from './errors.ts';

const METRICS = 1_000;
const VALUES = 150;
const DIMENSIONS = 30;
const LARGEST = 2 ** 360;
const PAST_MS = 14 * 24 * 3_600_000;
const FUTURE_MS = 2 * 3_600_000;

const AMOUNTS = [
  ...['Bytes', 'Kilobytes', 'Megabytes', 'Gigabytes', 'Terabytes'],
  ...['Bits', 'Kilobits', 'Megabits', 'Gigabits', 'Terabits'],
  'Count',
];
const UNITS = new Set([
  ...AMOUNTS,
  ...AMOUNTS.map((amount) => `${amount}/Second`),
  ...['Seconds', 'Milliseconds', 'Microseconds', 'Percent', 'None'],
]);

// JSON has no word for these numbers; the SDK writes their names.
const number = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)]);

const datum = z.object({
  MetricName: z.string().optional(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
  /** Seconds since the epoch. */
  Timestamp: z.number().optional(),
  Value: number.optional(),
  Values: z.array(number).optional(),
  Counts: z.array(number).optional(),
  StatisticValues: z
    .object({ SampleCount: number, Sum: number, Minimum: number, Maximum: number })
    .optional(),
  Unit: z.string().optional(),
  StorageResolution: z.number().optional(),
});
type Datum = z.output<typeof datum>;

// Strict: EntityMetricData would be lost.
const request = z.strictObject({
  Namespace: z.string().optional(),
  MetricData: z.array(datum).optional(),
});

export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly unit: string;
  /** What was put: one value, values with how often each was seen, or their statistics. */
  readonly data:
    | { readonly value: number }
    | { readonly values: readonly number[]; readonly counts: readonly number[] }
    | {
        readonly sampleCount: number;
        readonly sum: number;
        readonly minimum: number;
        readonly maximum: number;
      };
  readonly at: Date;
}

/** @throws CloudWatchError for the first thing that CloudWatch would refuse; nothing of the request is taken then */
export function readMetricData(body: unknown, now: Date): Metric[] {
  const parsed = request.safeParse(body);
  if (!parsed.success) {
    throw new CloudWatchError('SerializationException', z.prettifyError(parsed.error));
  }
  const { Namespace: namespace, MetricData: data } = parsed.data;
  if (namespace === undefined || namespace === '') throw missing('Namespace');
  if (namespace.startsWith('AWS/') || !/^[^:\P{ASCII}][ -~]{0,254}$/u.test(namespace)) {
    throw invalid(`The value ${namespace} for parameter Namespace is invalid.`);
  }
  if (data === undefined || data.length === 0) throw missing('MetricData');
  requireSize('MetricData', data, METRICS);
  return data.map((one, index) => readDatum(namespace, one, `MetricData.member.${index + 1}`, now));
}

function readDatum(namespace: string, one: Datum, at: string, now: Date): Metric {
  const { MetricName: name, Dimensions: dimensions, Timestamp: seconds, Unit: unit = 'None' } = one;
  if (name === undefined || name === '') throw missing(`${at}.MetricName`);
  if (name.length > 255) throw invalid(`The value ${name} for parameter ${at}.MetricName is invalid.`);
  requireSize(`${at}.Dimensions`, dimensions, DIMENSIONS);
  for (const [index, dimension] of dimensions.entries())
    requireDimension(dimension, `${at}.Dimensions.member.${index + 1}`);
  if (!UNITS.has(unit))
    throw invalid(`The parameter ${at}.Unit must be a value in the set of CloudWatch's units.`);
  const { StorageResolution: resolution = 60 } = one;
  if (resolution !== 1 && resolution !== 60)
    throw invalid(`The parameter ${at}.StorageResolution must be 1 or 60.`);
  const timestamp = seconds === undefined ? now : new Date(seconds * 1000);
  requireNear(timestamp, now, `${at}.Timestamp`);
  return {
    namespace,
    name,
    dimensions: Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, Value])),
    unit,
    data: readData(one, at),
    at: timestamp,
  };
}

function readData({ Value, Values, Counts, StatisticValues }: Datum, at: string): Metric['data'] {
  const given = Object.entries({ Value, Values, StatisticValues }).flatMap(([name, data]) =>
    data === undefined ? [] : name,
  );
  const [first, second] = given;
  if (second !== undefined) {
    throw new CloudWatchError(
      'InvalidParameterCombinationException',
      `The parameters ${at}.${first ?? ''} and ${at}.${second} are mutually exclusive and you have specified both.`,
    );
  }
  if (Values !== undefined) {
    requireSize(`${at}.Values`, Values, VALUES);
    const counts = Counts ?? Values.map(() => 1);
    if (counts.length !== Values.length || Values.length === 0) {
      throw invalid(`The parameters ${at}.Values and ${at}.Counts must have the same length, 1 or more.`);
    }
    for (const value of [...Values, ...counts]) requireRange(value, `${at}.Values`);
    return { values: Values, counts };
  }
  if (StatisticValues !== undefined) {
    const { SampleCount, Sum, Minimum, Maximum } = StatisticValues;
    for (const value of [SampleCount, Sum, Minimum, Maximum]) requireRange(value, `${at}.StatisticValues`);
    return { sampleCount: SampleCount, sum: Sum, minimum: Minimum, maximum: Maximum };
  }
  if (Value === undefined) throw missing(`${at}.Value`);
  requireRange(Value, `${at}.Value`);
  return { value: Value };
}

function missing(parameter: string): CloudWatchError {
  return new CloudWatchError('MissingRequiredParameterException', `The parameter ${parameter} is required.`);
}

function requireSize(parameter: string, list: readonly unknown[], limit: number): void {
  if (list.length <= limit) return;
  throw invalid(`The collection ${parameter} must not have a size greater than ${limit}.`);
}

function requireDimension({ Name, Value }: { Name: string; Value: string }, at: string): void {
  const isText = (text: string, limit: number) => /^[ -~]*[!-~][ -~]*$/.test(text) && text.length <= limit;
  if (!isText(Name, 255) || Name.startsWith(':')) {
    throw invalid(`The value ${Name} for parameter ${at}.Name is invalid.`);
  }
  if (!isText(Value, 1024)) throw invalid(`The value ${Value} for parameter ${at}.Value is invalid.`);
}

function requireRange(value: number, parameter: string): void {
  if (Math.abs(value) <= LARGEST) return;
  throw invalid(`The value ${value} for parameter ${parameter} is invalid.`);
}

function requireNear(timestamp: Date, now: Date, parameter: string): void {
  const ahead = timestamp.getTime() - now.getTime();
  if (ahead > FUTURE_MS) {
    throw invalid(`The parameter ${parameter} must specify a time no more than two hours in the future.`);
  }
  if (ahead < -PAST_MS) {
    throw invalid(`The parameter ${parameter} must specify a time within the past two weeks.`);
  }
}
