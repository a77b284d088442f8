import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

const template = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), Properties: z.looseObject({}).optional() }),
  ),
});
const environment = z.looseObject({ Variables: z.record(z.string(), z.unknown()) });

/** Of any campaign: publishing never waits. */
const UNBOUNDED = { BACKLOG_LIMIT: '1000000000', MONEY_TPS: '1000000' };

/** Changes a cloud assembly so that nothing takes messages out of a queue, and publishing waits for nobody. */
export async function leaveUnpaid(assemblyDirectory: string): Promise<void> {
  for (const file of await readdir(assemblyDirectory)) {
    if (!file.endsWith('.template.json')) continue;
    const path = join(assemblyDirectory, file);
    const parsed = template.parse(JSON.parse(await readFile(path, 'utf8')));
    for (const { Type, Properties } of Object.values(parsed.Resources)) {
      if (Properties === undefined) continue;
      if (Type === 'AWS::Lambda::EventSourceMapping') Properties['Enabled'] = false;
      const variables = environment.safeParse(Properties['Environment']);
      if (variables.success && 'BACKLOG_LIMIT' in variables.data.Variables) {
        Properties['Environment'] = { Variables: { ...variables.data.Variables, ...UNBOUNDED } };
      }
    }
    await writeFile(path, JSON.stringify(parsed));
  }
}
