import { CfnQueryDefinition } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { SAVED_QUERIES } from '../../../schema/saved-queries.ts';
import type { Watched } from './watched.ts';

/** Under CloudWatch → Logs Insights → Saved queries → grantline-<stage>. */
export class SavedQueries extends Construct {
  constructor(scope: Construct, id: string, { config, functions }: Watched) {
    super(scope, id);
    for (const [name, { text, parameters }] of Object.entries(SAVED_QUERIES)) {
      new CfnQueryDefinition(this, name, {
        name: `grantline-${config.stage}/${name}`,
        queryString: text.trim(),
        logGroupNames: functions.map((functionName) => `/aws/lambda/${functionName}`),
        ...(parameters && {
          parameters: Object.entries(parameters).map(([parameter, description]) => ({
            name: parameter,
            description,
          })),
        }),
      });
    }
  }
}
