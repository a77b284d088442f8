import { Alarm, ComparisonOperator } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { alarmDefinitions } from './alarm-definitions.ts';
import type { AlarmDefinition } from './alarm-definitions.ts';
import { runbookOf } from './watched.ts';
import type { Watched } from './watched.ts';

export interface AlarmsProps {
  readonly watched: Watched;
  /** Each is told when an alarm begins and when it is over. */
  readonly topics: readonly ITopic[];
}

/** Each alarm has a severity and a heading of docs/runbook.md, which says what to do. */
export class Alarms extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, { watched, topics }: AlarmsProps) {
    super(scope, id);
    this.alarms = alarmDefinitions(this, watched).map((definition) => {
      const alarm = this.alarm(definition, watched);
      const actions = topics.map((topic) => new SnsAction(topic));
      alarm.addAlarmAction(...actions);
      alarm.addOkAction(...actions);
      return alarm;
    });
  }

  private alarm(definition: AlarmDefinition, { config }: Watched): Alarm {
    const {
      heading,
      severity,
      of,
      means,
      metric,
      threshold,
      periods,
      breachingPeriods = periods,
    } = definition;
    const anchor = heading.toLowerCase().replaceAll(' ', '-');
    const name = of === undefined ? anchor : `${anchor}-${of}`;
    return new Alarm(this, pascalCase(name), {
      alarmName: `grantline-${config.stage}-${severity}-${name}`,
      alarmDescription: `${severity}: ${means} What to do: ${runbookOf(config)}#${anchor}`,
      metric,
      threshold,
      comparisonOperator: definition.comparison ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: periods,
      datapointsToAlarm: breachingPeriods,
      treatMissingData: definition.missing,
      actionsEnabled: config.alarms.enabled,
      ...(definition.ignoresFewSamples && { evaluateLowSampleCountPercentile: 'ignore' }),
    });
  }
}

function pascalCase(words: string): string {
  return words.replaceAll(/(?:^|-)(\w)/g, (_, first: string) => first.toUpperCase());
}
