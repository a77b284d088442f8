/** Names of errors by which state machines know what not to try again. */

/** Of every handler, for an input that is not of the shape. */
export const INVALID_INPUT = 'InvalidInput';

/** Of BeginJobRun, for an input that no run can have, or a second run at the same time. */
export const JOB_REFUSED = 'JobRefused';

/** Of a service that refuses our token: nobody can be asked anything, the run fails at once. */
export const SERVICE_REFUSED = 'ServiceRefused';
