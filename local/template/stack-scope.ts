/** One stack of the assembly: looks up what its intrinsic functions refer to. */
import { z } from 'zod';
import type { AssemblyStack, Json, TemplateResource } from './assembly.ts';
import { NotKnownLocally, refuse } from './errors.ts';
import { NO_VALUE, evaluate } from './intrinsics.ts';
import type { Lookup } from './intrinsics.ts';
import type { OutputModel } from './model.ts';
import { generatedName, resourceType } from './resource-types.ts';
import type { Endpoints, ResourceType, ResourceView } from './resource-types.ts';

const LOCAL_ACCOUNT = '000000000000';
const LOCAL_REGION = 'ap-northeast-2';

const customResource = z.object({
  ServiceToken: z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
});

export class StackScope {
  readonly stack: AssemblyStack;
  readonly #endpoints: Endpoints;
  /** Every stack of the assembly, filled after this one is made: exports are looked up late. */
  readonly #all: readonly StackScope[];

  constructor(stack: AssemblyStack, endpoints: Endpoints, all: readonly StackScope[]) {
    this.stack = stack;
    this.#endpoints = endpoints;
    this.#all = all;
  }

  // A stack bound to an account has it written into its ARNs, so the rest of the stack must agree with it.
  static accountOf(stack: AssemblyStack | undefined): string {
    return stack?.account ?? LOCAL_ACCOUNT;
  }

  static regionOf(stack: AssemblyStack | undefined): string {
    return stack?.region ?? LOCAL_REGION;
  }

  /** The resources whose conditions hold. */
  *resources(): Generator<[logicalId: string, resource: TemplateResource]> {
    for (const [logicalId, resource] of Object.entries(this.stack.template.Resources)) {
      if (resource.Condition === undefined || this.#condition(resource.Condition, logicalId)) {
        yield [logicalId, resource];
      }
    }
  }

  /** Functions that are only there for CloudFormation to call, as the providers of custom resources. */
  customResourceFunctions(): Set<string> {
    const providers = new Set<string>();
    for (const [, { Properties }] of this.resources()) {
      const parsed = customResource.safeParse(Properties);
      if (parsed.success) providers.add(parsed.data.ServiceToken['Fn::GetAtt'][0]);
    }
    return providers;
  }

  view(logicalId: string): ResourceView {
    const place = { stack: this.stack.name, logicalId, type: this.#resource(logicalId).Type };
    const property = (name: string) => this.#property(logicalId, name);
    return {
      ...place,
      name: this.#physicalName(place, property),
      account: StackScope.accountOf(this.stack),
      region: StackScope.regionOf(this.stack),
      endpoints: this.#endpoints,
      property,
      textProperty: (name) => {
        const value = property(name);
        return typeof value === 'string' ? value : refuse(place, `the property ${name}, which is no text`);
      },
    };
  }

  attribute(logicalId: string, name: string): Json {
    const give = this.#type(logicalId).attributes[name];
    return give ? give(this.view(logicalId)) : refuse(this.#place(logicalId), `the attribute ${name}`);
  }

  /** The outputs for people: those that tie stacks together, or name what only AWS has, are left out. */
  outputs(): OutputModel[] {
    const outputs: OutputModel[] = [];
    for (const [name, output] of Object.entries(this.stack.template.Outputs)) {
      if (output.Export || (output.Condition !== undefined && !this.#condition(output.Condition, name)))
        continue;
      try {
        const value = this.#evaluate(output.Value, name) ?? null;
        this.#requireLocal(value, 'its value', name);
        outputs.push({ stack: this.stack.name, name, value });
      } catch (error) {
        if (!(error instanceof NotKnownLocally)) throw error;
      }
    }
    return outputs;
  }

  /** The value that this stack exports under a name; undefined when it exports no such name. */
  exported(exportName: string): Json | undefined {
    for (const [name, output] of Object.entries(this.stack.template.Outputs)) {
      if (output.Export && this.#evaluate(output.Export.Name, name) === exportName) {
        return this.#evaluate(output.Value, name);
      }
    }
    return undefined;
  }

  #place(logicalId: string) {
    return { stack: this.stack.name, logicalId, type: this.stack.template.Resources[logicalId]?.Type };
  }

  #resource(logicalId: string): TemplateResource {
    return (
      this.stack.template.Resources[logicalId] ??
      refuse(this.#place(logicalId), 'something refers to it, and the template has no such resource')
    );
  }

  #type(logicalId: string): ResourceType {
    const { Type } = this.#resource(logicalId);
    return resourceType(Type) ?? refuse(this.#place(logicalId), 'its type is in no list');
  }

  #property(logicalId: string, name: string): Json | undefined {
    const value = this.stack.template.Resources[logicalId]?.Properties[name];
    if (value === undefined) return undefined;
    const evaluated = this.#evaluate(value, logicalId);
    this.#requireLocal(evaluated, `its property ${name}`, logicalId);
    return evaluated;
  }

  /** Refuses what would only mean something on AWS, and be used as it stands here. */
  #requireLocal(value: Json | undefined, where: string, user: string): void {
    const text = value === undefined ? '' : JSON.stringify(value);
    // CloudFormation fills it in at deploy.
    if (text.includes('{{resolve:')) refuse(this.#place(user), `the dynamic reference in ${where}`);
    if (/\.execute-api\./.test(text)) {
      refuse(this.#place(user), `an API's address on AWS in ${where}: take the attribute ApiEndpoint`);
    }
  }

  #physicalName(
    place: { stack: string; logicalId: string },
    property: (name: string) => Json | undefined,
  ): string {
    const { nameProperty, nameSuffix } = this.#type(place.logicalId);
    const given = nameProperty === undefined ? undefined : property(nameProperty);
    return typeof given === 'string' ? given : generatedName(place, nameSuffix?.(property) ?? '');
  }

  #evaluate(value: Json, user: string): Json | undefined {
    const evaluated = evaluate(value, this.#lookup(user));
    return evaluated === NO_VALUE ? undefined : evaluated;
  }

  #condition(name: string, user: string): boolean {
    const condition = this.stack.template.Conditions[name];
    if (condition === undefined) return refuse(this.#place(user), `the condition ${name}`);
    return this.#evaluate(condition, user) === true;
  }

  /** `user` is the resource or output whose value is evaluated: the one that an error names. */
  #lookup(user: string): Lookup {
    const { stack } = this;
    const place = this.#place(user);
    return {
      ref: (name) => {
        if (name in pseudoParameters) return pseudoParameters[name]?.(stack) ?? NO_VALUE;
        const parameter = stack.template.Parameters[name];
        if (!parameter) return this.#type(name).ref(this.view(name));
        // An SSM parameter's default is the name under which AWS would look the value up.
        if (parameter.Default === undefined || parameter.Type.startsWith('AWS::SSM::')) {
          return refuse(place, `the value of the parameter ${name}`);
        }
        return parameter.Default;
      },
      attribute: (logicalId, name) => this.attribute(logicalId, name),
      importValue: (name) => {
        for (const other of this.#all) {
          const value = other.exported(name);
          if (value !== undefined) return value;
        }
        return refuse(place, `the import of ${name}: no stack exports it`);
      },
      condition: (name) => this.#condition(name, user),
      mapping: (map, top, second) =>
        stack.template.Mappings[map]?.[top]?.[second] ?? refuse(place, `the mapping ${map}.${top}.${second}`),
      refuse: (what) => refuse(place, what),
    };
  }
}

const pseudoParameters: Partial<Record<string, (stack: AssemblyStack) => Json | undefined>> = {
  'AWS::AccountId': (stack) => StackScope.accountOf(stack),
  'AWS::Region': (stack) => StackScope.regionOf(stack),
  'AWS::Partition': () => 'aws',
  'AWS::URLSuffix': () => 'amazonaws.com',
  'AWS::StackName': (stack) => stack.name,
  'AWS::StackId': (stack) =>
    `arn:aws:cloudformation:${StackScope.regionOf(stack)}:${StackScope.accountOf(stack)}:stack/${stack.name}/local`,
  'AWS::NoValue': () => undefined,
};
