import type { Template } from 'aws-cdk-lib/assertions';
import { z } from 'zod';

/** What the machine of this name runs. */
export function readDefinition(template: Template, stateMachineName: string): unknown {
  const machines = template.findResources('AWS::StepFunctions::StateMachine', {
    Properties: { StateMachineName: stateMachineName },
  });
  const [machine] = Object.values(machines);
  const definition = z
    .object({
      Properties: z.object({
        DefinitionString: z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) }),
      }),
    })
    .parse(machine).Properties.DefinitionString['Fn::Join'][1];
  // References become a word: what they resolve to is not these tests' business.
  return JSON.parse(definition.map((part) => (typeof part === 'string' ? part : 'reference')).join(''));
}
