/** From the repository's root. A folder a stage: their assets are the same, their manifests are not. */
export function outputDirectory(stage: string): string {
  return `cdk.out/${stage}`;
}
