/** Roles of templates, and what is in them. */

export const allow = <A extends string | readonly string[]>(
  Action: A,
  Resource: unknown,
  Condition?: object,
) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
});

/** What Lambda does by the role of every function. */
export const LOGS = allow(['logs:CreateLogStream', 'logs:PutLogEvents'], '*');

/** @param service that may assume it, as `lambda` */
export const makeRole = (service: string, Statement: readonly object[], properties: object = {}) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Statement: {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { Service: `${service}.amazonaws.com` },
      },
    },
    ...(Statement.length === 0
      ? {}
      : { Policies: [{ PolicyName: 'inline', PolicyDocument: { Statement } }] }),
    ...properties,
  },
});
