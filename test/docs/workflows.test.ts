/** The workflows of GitHub: what starts them, what they may do, and that no key is stored for them. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { STAGES } from '../../config/stages.ts';

const step = z.object({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
});
const workflow = z.object({
  on: z.record(z.string(), z.unknown()),
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.object({
      needs: z.string().optional(),
      permissions: z.unknown().optional(),
      environment: z.string().optional(),
      steps: z.array(step),
    }),
  ),
});

const FOLDER = new URL('../../.github/workflows/', import.meta.url);

async function read(name: string) {
  const text = await readFile(new URL(name, FOLDER), 'utf8');
  const read = workflow.parse(parse(text));
  return { ...read, text, steps: Object.values(read.jobs).flatMap(({ steps }) => steps) };
}

const dispatch = z.object({ inputs: z.object({ stage: z.object({ options: z.array(z.string()) }) }) });

describe.each(['ci.yml', 'deploy.yml'])('%s', (name) => {
  it('uses no secret, and no key of AWS', async () => {
    const { text } = await read(name);

    expect(text).not.toMatch(/secrets\s*[.[]/i);
    expect(text).not.toMatch(/access-key|AWS_SECRET|AWS_ACCESS/i);
  });

  it('names a major version or a commit of each action, and gives none the token of the checkout', async () => {
    const { steps } = await read(name);
    const actions = steps.flatMap(({ uses }) => uses ?? []);

    expect(actions).not.toEqual([]);
    for (const action of actions) expect(action).toMatch(/@(v\d+|[0-9a-f]{40})$/);
    for (const checkout of steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))) {
      expect(checkout.with['persist-credentials']).toBe(false);
    }
  });

  it('puts nothing that somebody typed into a command', async () => {
    const { steps } = await read(name);

    for (const { run } of steps) expect(run ?? '').not.toContain('${{');
  });

  it('runs on the Node of the functions, and gives its jobs no rights beyond its own', async () => {
    const { jobs } = await read(name);

    for (const { steps, permissions } of Object.values(jobs)) {
      const setup = steps.find(({ uses }) => uses?.startsWith('actions/setup-node@'));
      expect(setup?.with['node-version']).toBe(24);
      expect(permissions).toBeUndefined();
    }
  });
});

describe('CI', () => {
  it('may read, and runs what runs everywhere', async () => {
    const { permissions, steps } = await read('ci.yml');

    expect(permissions).toEqual({ contents: 'read' });
    expect(steps.flatMap(({ run }) => run ?? [])).toEqual(['.ci/run']);
  });
});

describe('a deployment', () => {
  it('is begun by hand alone, for one of the stages', async () => {
    const { on } = await read('deploy.yml');

    expect(Object.keys(on)).toEqual(['workflow_dispatch']);
    const { inputs } = dispatch.parse(on['workflow_dispatch']);
    expect(inputs.stage.options).toEqual(Object.keys(STAGES));
  });

  it('signs in by OIDC, as the role that the environment names', async () => {
    const { permissions, jobs } = await read('deploy.yml');

    expect(permissions).toEqual({ contents: 'read', 'id-token': 'write' });
    for (const { steps } of Object.values(jobs)) {
      const signIn = steps.find(({ uses }) => uses?.startsWith('aws-actions/configure-aws-credentials@'));
      expect(signIn?.with['role-to-assume']).toBe('${{ vars.AWS_DEPLOY_ROLE_ARN }}');
    }
  });

  it('shows the difference first, and deploys when the environment lets it', async () => {
    const { jobs } = await read('deploy.yml');

    expect(jobs['deploy']?.needs).toBe('diff');
    expect(jobs['deploy']?.environment).toBe('${{ inputs.stage }}');
    expect(jobs['diff']?.steps.at(-1)?.run).toBe('npm run diff -- --stage "$STAGE"');
    expect(jobs['deploy']?.steps.at(-1)?.run).toBe('npm run deploy -- --stage "$STAGE" --yes');
  });
});
