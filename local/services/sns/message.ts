/** A message that is published, checked as SNS checks it. */
import { SnsError } from '../sqs/fauxqs.ts';
import type { MessageAttributeValue } from '../sqs/fauxqs.ts';
import { members } from './form.ts';
import type { Form } from './form.ts';

/** Of a message with its attributes, and of all messages of a batch together. */
export const SIZE_LIMIT = 256 * 1024;

export interface PublishedMessage {
  readonly message: string;
  readonly subject: string | undefined;
  readonly attributes: Record<string, MessageAttributeValue>;
}

/** @throws SnsError naming the first parameter that SNS would refuse */
export function readMessage(form: Form): PublishedMessage {
  const message = form.get('Message') ?? '';
  if (message === '') throw invalid('Empty message');
  if (form.has('MessageStructure')) throw invalid('MessageStructure: the local SNS has one text for all');
  const subject = form.get('Subject');
  // Line breaks and control characters would be headers of the mail that it may become.
  if (subject !== undefined && !/^[!-~][ -~]{0,99}$/.test(subject)) throw invalid('Subject');
  if (sizeOf(form) > SIZE_LIMIT) throw invalid('Message too long');
  return { message, subject, attributes: readAttributes(form) };
}

/** Bytes of text and attributes, of a message that may be refused yet. */
export function sizeOf(form: Form): number {
  const attributes = members(form, 'MessageAttributes.entry.').flatMap((attribute) => [
    ...attribute.values(),
  ]);
  return [form.get('Message') ?? '', ...attributes].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

export function invalid(what: string): SnsError {
  return new SnsError('InvalidParameter', `Invalid parameter: ${what}`);
}

function readAttributes(form: Form): Record<string, MessageAttributeValue> {
  const attributes: Record<string, MessageAttributeValue> = {};
  for (const attribute of members(form, 'MessageAttributes.entry.')) {
    const name = attribute.get('Name') ?? '';
    if (!/^(?!\.|AWS\.|Amazon\.)[\w.-]{1,256}(?<!\.)$/i.test(name)) {
      throw new SnsError('ParameterValueInvalid', `The message attribute name '${name}' is not allowed.`);
    }
    attributes[name] = readValue(name, attribute);
  }
  return attributes;
}

function readValue(name: string, attribute: Form): MessageAttributeValue {
  const type = attribute.get('Value.DataType') ?? '';
  const refuse = (why: string) =>
    new SnsError('ParameterValueInvalid', `The message attribute '${name}' ${why}`);
  // fauxqs would compare an array's JSON text as a whole, and SNS each of its values.
  if (type !== 'String' && type !== 'Number' && type !== 'Binary') {
    throw refuse(`has the type '${type}'; the local SNS knows String, Number and Binary.`);
  }
  const kind = type === 'Binary' ? 'BinaryValue' : 'StringValue';
  const value = attribute.get(`Value.${kind}`) ?? '';
  if (value === '')
    throw refuse(`must contain non-empty message attribute value for message attribute type '${type}'.`);
  if (type === 'Number' && !Number.isFinite(Number(value))) throw refuse('has a value that is no number.');
  return { DataType: type, [kind]: value };
}
