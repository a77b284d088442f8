import * as z from 'zod';

/**
 * The function's environment, parsed once on cold start.
 * @throws Error with one line that names every variable that is missing or wrong.
 */
export function parseEnvironment<Shape extends z.ZodType>(
  shape: Shape,
  environment: NodeJS.ProcessEnv,
): z.output<Shape> {
  const parsed = shape.safeParse(environment);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`the environment of this function is wrong: ${problems.join('; ')}`);
}
