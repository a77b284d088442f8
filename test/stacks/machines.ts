/** The state machines of a stage, as Step Functions is told of them once CloudFormation has put in the references. */
import { z } from 'zod';
import type { Templates } from './synthesised.ts';

export interface Machine {
  /** Without the stage. */
  readonly name: string;
  readonly definition: string;
}

const reference = z.union([
  z.strictObject({ Ref: z.string() }),
  z.strictObject({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
]);
const machine = z.looseObject({
  Properties: z.looseObject({
    StateMachineName: z.string(),
    DefinitionString: z.strictObject({
      'Fn::Join': z.tuple([z.literal(''), z.array(z.union([z.string(), reference]))]),
    }),
  }),
});

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'ap-northeast-2',
  'AWS::AccountId': '111122223333',
};

/** As long as ARNs get: what is measured is no less than what is deployed. */
const FUNCTION_ARN = `arn:aws:lambda:ap-northeast-2:111122223333:function:${'x'.repeat(64)}`;

export function machinesOf(templates: Templates): Machine[] {
  return Object.values(templates)
    .flatMap((template) => Object.values(template.findResources('AWS::StepFunctions::StateMachine')))
    .map((resource) => {
      const { StateMachineName, DefinitionString } = machine.parse(resource).Properties;
      return {
        name: StateMachineName.replace(/^grantline-[a-z]+-/, ''),
        definition: DefinitionString['Fn::Join'][1].map(resolved).join(''),
      };
    });
}

function resolved(part: string | z.infer<typeof reference>): string {
  if (typeof part === 'string') return part;
  if ('Fn::GetAtt' in part) return FUNCTION_ARN;
  const value = PSEUDO[part.Ref];
  if (value === undefined) throw new Error(`A definition refers to ${part.Ref}, of which nothing is known`);
  return value;
}
