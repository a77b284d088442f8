/**
 * What `cdk synth` wrote: the stacks of the assembly in the order in which they deploy, with their templates and
 * the folders of their file assets. Formats: cloud-assembly-schema (manifest.json, *.assets.json).
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';

const artifact = z.object({
  type: z.string(),
  environment: z.string().optional(),
  dependencies: z.array(z.string()).default([]),
  properties: z.object({ templateFile: z.string().optional(), stackName: z.string().optional() }).optional(),
});

const manifest = z.object({ artifacts: z.record(z.string(), artifact) });

const assetManifest = z.object({
  files: z
    .record(
      z.string(),
      z.object({
        source: z.object({ path: z.string().optional(), packaging: z.string().optional() }),
        destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
      }),
    )
    .default({}),
});

const resource = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.json()).default({}),
  Condition: z.string().optional(),
});

const output = z.object({
  Value: z.json(),
  Condition: z.string().optional(),
  Export: z.object({ Name: z.json() }).optional(),
});

const template = z.object({
  Resources: z.record(z.string(), resource).default({}),
  Outputs: z.record(z.string(), output).default({}),
  Conditions: z.record(z.string(), z.json()).default({}),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.json()))).default({}),
  Parameters: z.record(z.string(), z.object({ Type: z.string(), Default: z.json().optional() })).default({}),
});

export type Json = z.infer<ReturnType<typeof z.json>>;
export type Template = z.infer<typeof template>;
export type TemplateResource = z.infer<typeof resource>;

export interface AssemblyStack {
  /** The CloudFormation stack name. */
  readonly name: string;
  /** As the manifest names them; undefined in an environment-agnostic stack. */
  readonly account: string | undefined;
  readonly region: string | undefined;
  readonly template: Template;
  /** S3 key of a file asset → its path on this machine: a folder for what is zipped at deploy. */
  readonly assets: ReadonlyMap<string, string>;
}

export interface Assembly {
  readonly directory: string;
  /** Every stack comes after the stacks whose exports it imports. */
  readonly stacks: readonly AssemblyStack[];
}

/** Reads a cloud assembly directory (cdk.out). Nested assemblies (stages) are refused. */
export async function readAssembly(cdkOut: string): Promise<Assembly> {
  // Absolute: the asset folders are handed to other processes.
  const directory = resolve(cdkOut);
  const { artifacts } = manifest.parse(await readJson(join(directory, 'manifest.json')));
  const nested = Object.entries(artifacts).find(([, entry]) => entry.type === 'cdk:cloud-assembly');
  if (nested)
    throw new Error(`${directory} has the nested assembly ${nested[0]}: give its own directory instead`);

  const stacks = inDependencyOrder(artifacts).filter(
    (id) => artifacts[id]?.type === 'aws:cloudformation:stack',
  );
  return {
    directory,
    stacks: await Promise.all(stacks.map((id) => readStack(directory, id, artifacts[id]))),
  };
}

async function readStack(
  directory: string,
  id: string,
  entry: z.infer<typeof artifact> | undefined,
): Promise<AssemblyStack> {
  const templateFile = entry?.properties?.templateFile ?? `${id}.template.json`;
  const [, account, region] = /^aws:\/\/([^/]+)\/(.+)$/.exec(entry?.environment ?? '') ?? [];
  return {
    name: entry?.properties?.stackName ?? id,
    account: account === 'unknown-account' ? undefined : account,
    region: region === 'unknown-region' ? undefined : region,
    template: template.parse(await readJson(join(directory, templateFile))),
    assets: await readAssets(directory, id),
  };
}

async function readAssets(directory: string, id: string): Promise<Map<string, string>> {
  const { files } = assetManifest.parse(await readJson(join(directory, `${id}.assets.json`)));
  const assets = new Map<string, string>();
  for (const { source, destinations } of Object.values(files)) {
    if (source.path === undefined) continue;
    for (const { objectKey } of Object.values(destinations))
      assets.set(objectKey, join(directory, source.path));
  }
  return assets;
}

function inDependencyOrder(artifacts: Record<string, z.infer<typeof artifact>>): string[] {
  const ordered = new Set<string>();
  const visit = (id: string) => {
    if (ordered.has(id)) return;
    artifacts[id]?.dependencies.forEach(visit);
    ordered.add(id);
  };
  Object.keys(artifacts).forEach(visit);
  return [...ordered];
}

async function readJson(file: string): Promise<unknown> {
  return JSON.parse(await readFile(file, 'utf8'));
}
