/** docs/dashboard.md and its picture: what the synthesised template says, for people. */
import { z } from 'zod';

const dashboard = z.looseObject({
  Type: z.literal('AWS::CloudWatch::Dashboard'),
  Properties: z.object({ DashboardBody: z.unknown() }),
});
const metric = z.looseObject({
  MetricName: z.string().optional(),
  Namespace: z.string().optional(),
  Statistic: z.string().optional(),
  ExtendedStatistic: z.string().optional(),
  Period: z.number().optional(),
  Metrics: z
    .array(
      z.looseObject({
        Expression: z.string().optional(),
        MetricStat: z.looseObject({ Period: z.number() }).optional(),
      }),
    )
    .optional(),
});
const alarm = z.looseObject({
  Type: z.literal('AWS::CloudWatch::Alarm'),
  Properties: metric.extend({
    AlarmName: z.string(),
    AlarmDescription: z.string(),
    ComparisonOperator: z.enum([
      'GreaterThanThreshold',
      'GreaterThanOrEqualToThreshold',
      'LessThanThreshold',
    ]),
    Threshold: z.number(),
    DatapointsToAlarm: z.number(),
    EvaluationPeriods: z.number(),
    TreatMissingData: z.string(),
  }),
});
const savedQuery = z.looseObject({
  Type: z.literal('AWS::Logs::QueryDefinition'),
  Properties: z.looseObject({ Name: z.string(), QueryString: z.string() }),
});

/** A metric of a widget: namespace, name, dimensions, and how it is drawn; or an expression. */
const series = z
  .array(
    z.union([z.string(), z.looseObject({ label: z.string().optional(), expression: z.string().optional() })]),
  )
  .transform((parts) => {
    const texts = parts.filter((part) => typeof part === 'string');
    const drawn = z
      .looseObject({
        label: z.string().optional(),
        expression: z.string().optional(),
        visible: z.boolean().optional(),
        stat: z.string().optional(),
      })
      .parse(parts.find((part) => typeof part !== 'string') ?? {});
    const [namespace = '', name = ''] = texts;
    return { namespace, name, ...drawn };
  });
const widget = z.looseObject({
  type: z.enum(['text', 'alarm', 'metric']),
  x: z.number(),
  y: z.number(),
  width: z.number(),
  height: z.number(),
  properties: z.looseObject({
    title: z.string().optional(),
    markdown: z.string().optional(),
    metrics: z.array(series).default([]),
    annotations: z
      .looseObject({
        horizontal: z.array(z.looseObject({ value: z.number(), label: z.string().optional() })).default([]),
      })
      .default({ horizontal: [] }),
  }),
});
const body = z.looseObject({ widgets: z.array(widget) });

type Widget = z.output<typeof widget>;
type Series = z.output<typeof series>;
type Resources = Readonly<Record<string, unknown>>;

export interface DashboardPage {
  readonly markdown: string;
  readonly svg: string;
}

/** @param template what `cdk synth` wrote of the monitoring stack */
export function dashboardPage(template: unknown): DashboardPage {
  const { Resources: resources } = z
    .looseObject({ Resources: z.record(z.string(), z.unknown()) })
    .parse(template);
  const widgets = widgetsOf(resources);
  return { markdown: markdownOf(widgets, resources), svg: svgOf(widgets) };
}

function allOf<Shape extends z.ZodType>(resources: Resources, shape: Shape): z.output<Shape>[] {
  return Object.values(resources).flatMap((resource) => {
    const parsed = shape.safeParse(resource);
    return parsed.success ? [parsed.data] : [];
  });
}

function widgetsOf(resources: Resources): Widget[] {
  const [found] = allOf(resources, dashboard);
  if (found === undefined) throw new Error('the template has no dashboard');
  return body.parse(JSON.parse(textOf(found.Properties.DashboardBody))).widgets;
}

/** What CloudFormation joins; what it would look up is left out. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const joined = z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) }).safeParse(value);
  if (!joined.success) return '';
  const [separator, parts] = joined.data['Fn::Join'];
  return parts.map(textOf).join(separator);
}

function markdownOf(widgets: readonly Widget[], resources: Resources): string {
  const rows = Map.groupBy(widgets, ({ y }) => y);
  return `# The dashboard, the alarms and the saved queries

What \`cdk synth\` says, rendered by \`npm run docs:dashboard\`; a test fails when this page is out of date. What to do
about an alarm is in the [runbook](runbook.md).

![The dashboard](dashboard.svg)

## Widgets

| row | widget | shows | lines |
| --- | --- | --- | --- |
${[...rows.values()].flatMap((row, index) => row.map((item) => widgetRow(index + 1, item))).join('\n')}

## Alarms

| severity | alarm | watches | fires when | without data |
| --- | --- | --- | --- | --- |
${allOf(resources, alarm).map(alarmRow).join('\n')}

## Saved queries

CloudWatch → Logs Insights → Saved queries. \`{{…}}\` is asked for.

${allOf(resources, savedQuery)
  .map(({ Properties: { Name, QueryString } }) => `### ${afterSlash(Name)}\n\n\`\`\`\n${QueryString}\n\`\`\``)
  .join('\n\n')}
`;
}

function widgetRow(row: number, { type, properties }: Widget): string {
  const { title, metrics, annotations } = properties;
  const shows =
    type === 'metric' ? metrics.filter(isDrawn).map(seriesText).join('<br>') : 'every alarm, by state';
  const lines = annotations.horizontal.map(({ value, label = '' }) => `${label}: ${value}`).join('<br>');
  return type === 'text'
    ? `| ${row} | (text) | the stage, its ceiling, where to go on | |`
    : `| ${row} | ${title ?? ''} | ${shows} | ${lines} |`;
}

function isDrawn({ visible }: Series): boolean {
  return visible !== false;
}

function seriesText({ namespace, name, label, expression, stat }: Series): string {
  if (expression !== undefined) return `${label ?? ''}: \`${expression.replaceAll('|', '\\|')}\``;
  const metricName = namespace === 'Grantline' ? name : `${namespace} ${name}`;
  return `${metricName}${stat === undefined ? '' : ` (${stat})`}: ${label ?? name}`;
}

const COMPARISONS = {
  GreaterThanThreshold: '>',
  GreaterThanOrEqualToThreshold: '≥',
  LessThanThreshold: '<',
} as const;

function alarmRow({ Properties: properties }: z.output<typeof alarm>): string {
  const { AlarmName, AlarmDescription, DatapointsToAlarm, EvaluationPeriods, TreatMissingData } = properties;
  const [severity = '', means = ''] = AlarmDescription.split(/: (.*)/s, 2);
  const anchor = AlarmDescription.split('#').at(-1) ?? '';
  const minutes = periodOf(properties) / 60;
  const when = `${COMPARISONS[properties.ComparisonOperator]} ${properties.Threshold}`;
  const over = `in ${DatapointsToAlarm} of ${EvaluationPeriods} × ${minutes} min`;
  const name = AlarmName.split(`-${severity}-`).at(-1) ?? AlarmName;
  const shown = `[${name}](runbook.md#${anchor})<br>${means.split(' What to do:')[0] ?? ''}`;
  return `| ${severity} | ${shown} | ${watchedBy(properties)} | ${when} ${over} | ${TreatMissingData} |`;
}

function watchedBy({
  MetricName,
  Statistic,
  ExtendedStatistic,
  Metrics = [],
}: z.output<typeof metric>): string {
  const expression = Metrics.find((item) => item.Expression !== undefined)?.Expression;
  return expression === undefined
    ? `${MetricName ?? ''} (${Statistic ?? ExtendedStatistic ?? ''})`
    : `\`${expression}\``;
}

function periodOf({ Period, Metrics = [] }: z.output<typeof metric>): number {
  return Period ?? Metrics.find((item) => item.MetricStat !== undefined)?.MetricStat?.Period ?? 60;
}

function afterSlash(name: string): string {
  return name.split('/').at(-1) ?? name;
}

/** Pixels of a column and of a row of CloudWatch's grid. */
const COLUMN = 48;
const ROW = 24;
const GAP = 6;
const LINE = 15;
const CHARACTER = 6.2;
const COLOURS = ['#1f77b4', '#ff7f0e', '#2ca02c', '#d62728', '#9467bd', '#8c564b', '#e377c2', '#17becf'];

function svgOf(widgets: readonly Widget[]): string {
  const width = Math.max(...widgets.map((item) => item.x + item.width)) * COLUMN;
  const height = Math.max(...widgets.map((item) => item.y + item.height)) * ROW;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="Helvetica, Arial, sans-serif" font-size="11">
<rect width="${width}" height="${height}" fill="#f4f4f4"/>
${widgets.map(box).join('\n')}
</svg>
`;
}

function box({ type, x, y, width, height, properties }: Widget): string {
  const { title, metrics, annotations, markdown = '' } = properties;
  const [left, top] = [x * COLUMN + GAP / 2, y * ROW + GAP / 2];
  const [boxWidth, boxHeight] = [width * COLUMN - GAP, height * ROW - GAP];
  const room = Math.floor((boxWidth - 30) / CHARACTER);
  const drawn = metrics.filter(isDrawn);
  const entries = [
    ...drawn.map(({ label, name }, index) => ({
      text: label ?? name,
      mark: `fill="${COLOURS[index % COLOURS.length] ?? ''}"`,
    })),
    ...annotations.horizontal.map(({ label = '', value }) => ({
      text: `${label} (${value})`,
      mark: 'fill="none" stroke="#d13212" stroke-dasharray="2 1"',
    })),
  ];
  const most = Math.floor((boxHeight - 28) / LINE);
  const shown =
    entries.length <= most
      ? entries
      : [
          ...entries.slice(0, most - 1),
          { text: `and ${entries.length - most + 1} more`, mark: 'fill="none"' },
        ];
  const texts =
    type === 'text'
      ? markdown
          .split('\n\n')
          .map((text) => ({ text: text.replaceAll(/[#`]/g, '').trim(), mark: 'fill="none"' }))
      : type === 'alarm'
        ? [{ text: 'every alarm, those that are on first', mark: 'fill="#d13212"' }]
        : shown;
  const legend = texts.map(({ text, mark }, index) => {
    const lineTop = top + 26 + index * LINE;
    return `<rect x="${left + 10}" y="${lineTop}" width="9" height="9" ${mark}/><text x="${left + 24}" y="${lineTop + 9}" fill="#444">${escape(cut(text, room))}</text>`;
  });
  return `<rect x="${left}" y="${top}" width="${boxWidth}" height="${boxHeight}" rx="4" fill="#fff" stroke="#d5dbdb"/>
<text x="${left + 10}" y="${top + 17}" font-weight="bold" fill="#16191f">${escape(title ?? '')}</text>
${legend.join('\n')}`;
}

function cut(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
