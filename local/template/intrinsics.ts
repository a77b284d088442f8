/**
 * CloudFormation's intrinsic functions over one stack. What they refer to (resources, exports, parameters) comes
 * from `Lookup`, so that this file is the language and nothing else.
 */
import type { Json } from './assembly.ts';

export interface Lookup {
  ref(logicalId: string): Json | typeof NO_VALUE;
  attribute(logicalId: string, attribute: string): Json;
  importValue(exportName: string): Json;
  condition(name: string): boolean;
  mapping(map: string, top: string, second: string): Json;
  /** Throws the caller's error, which names the place. */
  refuse(what: string): never;
}

/** What `Ref: AWS::NoValue` gives: the property or the list element that holds it is left out. */
export const NO_VALUE = Symbol('AWS::NoValue');
type Value = Json | typeof NO_VALUE;

/** Evaluates a template value; everything in the answer is plain JSON. */
export function evaluate(value: Json, lookup: Lookup): Value {
  if (Array.isArray(value)) return value.map((item) => evaluate(item, lookup)).filter(isPresent);
  if (value === null || typeof value !== 'object') return value;

  const entries = Object.entries(value);
  const [first] = entries;
  if (first && entries.length === 1) {
    const [name, argument] = first;
    const intrinsic = intrinsics[name];
    if (intrinsic) return intrinsic(argument, lookup);
    if (name.startsWith('Fn::')) return lookup.refuse(`the intrinsic function ${name}`);
  }
  const object: Record<string, Json> = {};
  for (const [key, item] of entries) {
    const evaluated = evaluate(item, lookup);
    if (isPresent(evaluated)) object[key] = evaluated;
  }
  return object;
}

type Intrinsic = (argument: Json, lookup: Lookup) => Value;

const intrinsics: Partial<Record<string, Intrinsic>> = {
  Ref: (argument, lookup) => lookup.ref(text(argument, lookup)),
  Condition: (argument, lookup) => lookup.condition(text(argument, lookup)),
  'Fn::GetAtt': (argument, lookup) => {
    // 'Resource.Attribute' is the YAML short form; an attribute may itself have dots (Endpoint.Address).
    const [logicalId = '', ...attribute] =
      typeof argument === 'string'
        ? argument.split('.')
        : list(argument, lookup).map((part) => text(part, lookup));
    return lookup.attribute(logicalId, attribute.join('.'));
  },
  'Fn::ImportValue': (argument, lookup) => lookup.importValue(text(argument, lookup)),
  'Fn::Join': (argument, lookup) => {
    const [separator = '', parts = []] = raw(argument, lookup);
    const strings = list(parts, lookup).map((part) => text(part, lookup));
    return strings.join(text(separator, lookup));
  },
  'Fn::Sub': (argument, lookup) => {
    const [template = '', variables = {}] = typeof argument === 'string' ? [argument] : raw(argument, lookup);
    return substitute(text(template, lookup), object(variables, lookup), lookup);
  },
  'Fn::Select': (argument, lookup) => {
    const [index = 0, from = []] = raw(argument, lookup);
    const chosen = list(from, lookup)[Number(text(index, lookup))];
    return (
      chosen ?? lookup.refuse(`Fn::Select of element ${text(index, lookup)}, which the list does not have`)
    );
  },
  'Fn::Split': (argument, lookup) => {
    const [separator = '', whole = ''] = raw(argument, lookup);
    return text(whole, lookup).split(text(separator, lookup));
  },
  'Fn::Base64': (argument, lookup) => Buffer.from(text(argument, lookup)).toString('base64'),
  'Fn::FindInMap': (argument, lookup) => {
    const [map = '', top = '', second = ''] = list(argument, lookup).map((part) => text(part, lookup));
    return lookup.mapping(map, top, second);
  },
  // Only what the runtime never starts (subnets) depends on the values of these two.
  'Fn::GetAZs': (_argument, lookup) =>
    ['a', 'b', 'c'].map((zone) => `${text({ Ref: 'AWS::Region' }, lookup)}${zone}`),
  'Fn::Cidr': (argument, lookup) => {
    const [block = '', count = 1] = list(argument, lookup);
    return Array.from({ length: Number(text(count, lookup)) }, () => text(block, lookup));
  },
  'Fn::If': (argument, lookup) => {
    const [condition = '', whenTrue = null, whenFalse = null] = raw(argument, lookup);
    return evaluate(lookup.condition(text(condition, lookup)) ? whenTrue : whenFalse, lookup);
  },
  'Fn::Equals': (argument, lookup) => {
    const [left, right] = list(argument, lookup);
    return comparable(left) === comparable(right);
  },
  'Fn::Not': (argument, lookup) => !truths(argument, lookup)[0],
  'Fn::And': (argument, lookup) => truths(argument, lookup).every(Boolean),
  'Fn::Or': (argument, lookup) => truths(argument, lookup).some(Boolean),
};

/** ${Variable}, ${Resource}, ${Resource.Attribute}; ${!Literal} stays as ${Literal}. */
function substitute(template: string, variables: Record<string, Json>, lookup: Lookup): string {
  return template.replace(/\$\{(!?)([^}]+)\}/g, (_whole, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    const variable = variables[name];
    if (variable !== undefined) return text(variable, lookup);
    return text(name.includes('.') ? { 'Fn::GetAtt': name } : { Ref: name }, lookup);
  });
}

/** CloudFormation compares text: true and 'true' are equal. */
function comparable(value: Json | undefined): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function truths(argument: Json, lookup: Lookup): boolean[] {
  return list(argument, lookup).map((value) => value === true || value === 'true');
}

/** The arguments of a function as they stand, not evaluated yet. */
function raw(argument: Json, lookup: Lookup): Json[] {
  return Array.isArray(argument) ? argument : lookup.refuse(`the arguments ${JSON.stringify(argument)}`);
}

function list(argument: Json, lookup: Lookup): Json[] {
  const evaluated = evaluate(argument, lookup);
  return Array.isArray(evaluated)
    ? evaluated
    : lookup.refuse(`${JSON.stringify(argument)}, which is no list`);
}

function object(argument: Json, lookup: Lookup): Record<string, Json> {
  const evaluated = evaluate(argument, lookup);
  const isObject = typeof evaluated === 'object' && evaluated !== null && !Array.isArray(evaluated);
  return isObject ? evaluated : lookup.refuse(`${JSON.stringify(argument)}, which is no object`);
}

function text(argument: Json, lookup: Lookup): string {
  const evaluated = evaluate(argument, lookup);
  const isScalar =
    typeof evaluated === 'string' || typeof evaluated === 'number' || typeof evaluated === 'boolean';
  return isScalar ? String(evaluated) : lookup.refuse(`${JSON.stringify(argument)}, which is no text`);
}

function isPresent(value: Value): value is Json {
  return value !== NO_VALUE;
}
