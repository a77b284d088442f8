/**
 * The parts of fauxqs that its package does not export. They are reached by path, which is why the version is
 * pinned (pinned-version.ts) and why this is the only file that knows the paths.
 */
import { S3Store } from '../../../node_modules/fauxqs/dist/s3/s3Store.js';
import {
  INVALID_MESSAGE_BODY_CHAR,
  SETTABLE_ATTRIBUTES,
} from '../../../node_modules/fauxqs/dist/sqs/sqsTypes.js';

export { buildApp } from 'fauxqs';
export type { MessageAttributeValue } from 'fauxqs';
export { SnsError, SqsError } from '../../../node_modules/fauxqs/dist/common/errors.js';
export {
  escapeXml,
  snsErrorResponse,
  snsSuccessResponse,
} from '../../../node_modules/fauxqs/dist/common/xml.js';
export { fanOutToSubscriptions } from '../../../node_modules/fauxqs/dist/sns/actions/publish.js';
export { validateFilterPolicyLimits } from '../../../node_modules/fauxqs/dist/sns/filter.js';
export { SnsStore } from '../../../node_modules/fauxqs/dist/sns/snsStore.js';
export { SqsQueue, SqsStore } from '../../../node_modules/fauxqs/dist/sqs/sqsStore.js';
export type { ReceivedMessage, SqsMessage } from '../../../node_modules/fauxqs/dist/sqs/sqsTypes.js';

/** buildApp wants all three stores; nothing reaches this one, because the app lets SQS and SNS requests in only. */
export const unusedStore = () => new S3Store();

// SetQueueAttributes refuses what is not in this set, and fauxqs left the high-throughput attributes out.
if (SETTABLE_ATTRIBUTES instanceof Set) {
  SETTABLE_ATTRIBUTES.add('DeduplicationScope').add('FifoThroughputLimit');
}

// SQS accepts #x10000 to #x10FFFF (emoji) as well; fauxqs's expression lacks the u flag and refuses every
// surrogate pair. A lone surrogate stays refused.
// eslint-disable-next-line no-control-regex
const invalidCharacter = /[^\x09\x0A\x0D\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
INVALID_MESSAGE_BODY_CHAR.test = (text) => invalidCharacter.test(text);
