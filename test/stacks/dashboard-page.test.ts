/** docs/dashboard.md and its picture are those of the template; `npm run docs:dashboard` writes them anew. */
import { describe, expect, test } from 'vitest';
import { dashboardPage } from '../../lib/dashboard-page.ts';
import { makeConfig, synthesise } from './synthesised.ts';

const PAGE = '../../docs/dashboard.md';
const PICTURE = '../../docs/dashboard.svg';

const page = dashboardPage(synthesise(makeConfig({ stage: 'prod' })).monitoring.toJSON());

test('the page is up to date', async () => {
  await expect(page.markdown).toMatchFileSnapshot(PAGE);
});

test('its picture is up to date', async () => {
  await expect(page.svg).toMatchFileSnapshot(PICTURE);
});

describe('a page', () => {
  test('is not made of a template without a dashboard', () => {
    expect(() => dashboardPage({ Resources: {} })).toThrow('the template has no dashboard');
  });

  test('shows a metric, an expression and a line of a graph, and what an alarm watches', () => {
    const widget = {
      type: 'metric',
      x: 0,
      y: 0,
      width: 12,
      height: 6,
      properties: {
        title: 'Speed <now>',
        metrics: [
          ['Grantline', 'MoneyCalls', 'stage', 'dev', { label: 'calls', stat: 'Sum' }],
          [{ expression: 'a / b', label: 'ratio' }],
          ['Grantline', 'Hidden', { visible: false }],
        ],
        annotations: { horizontal: [{ value: 1000, label: 'ceiling' }] },
      },
    };
    const parts = JSON.stringify({ region: 'REGION', widgets: [widget] }).split('REGION');
    const { markdown, svg } = dashboardPage({
      Resources: {
        Board: {
          Type: 'AWS::CloudWatch::Dashboard',
          Properties: {
            DashboardBody: { 'Fn::Join': ['', [parts[0], { Ref: 'AWS::Region' }, parts[1]]] },
          },
        },
        Alarm: {
          Type: 'AWS::CloudWatch::Alarm',
          Properties: {
            AlarmName: 'grantline-dev-P1-breaker-open',
            AlarmDescription: 'P1: It is: open. What to do: docs/runbook.md#breaker-open',
            MetricName: 'BreakerOpen',
            Statistic: 'Minimum',
            Period: 60,
            ComparisonOperator: 'GreaterThanOrEqualToThreshold',
            Threshold: 1,
            DatapointsToAlarm: 5,
            EvaluationPeriods: 5,
            TreatMissingData: 'ignore',
          },
        },
      },
    });

    expect(markdown).toContain(
      '| 1 | Speed <now> | MoneyCalls (Sum): calls<br>ratio: `a / b` | ceiling: 1000 |',
    );
    expect(markdown).toContain(
      '| P1 | [breaker-open](runbook.md#breaker-open)<br>It is: open. | BreakerOpen (Minimum) | ≥ 1 in 5 of 5 × 1 min | ignore |',
    );
    expect(svg).toContain('Speed &lt;now&gt;');
    expect(svg).toContain('ceiling (1000)');
  });
});
