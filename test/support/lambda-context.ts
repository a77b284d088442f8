import type { Context } from 'aws-lambda';

/** Of an invocation that has all the time. What is deprecated is left out: nobody here uses it. */
export function makeLambdaContext(functionName: string): Context {
  const context: Omit<Context, 'done' | 'fail' | 'succeed'> = {
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:ap-northeast-2:000000000000:function:${functionName}`,
    memoryLimitInMB: '512',
    awsRequestId: '00000000-0000-4000-8000-000000000000',
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'stream',
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => 29_000,
  };
  return context as Context;
}
