import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

/** The long ones first: one that begins last runs alone, with a core idle. */
class EndToEndFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isEndToEnd = ({ moduleId }: TestSpecification) => Number(moduleId.includes('/test/e2e/'));
    return (await super.sort(files)).sort((a, b) => isEndToEnd(b) - isEndToEnd(a));
  }
}

/** They keep nothing in their modules: what they import, above all aws-cdk-lib, is loaded once for many of them. */
const SHARE_MODULES = ['test/unit/**/*.test.ts', 'test/stacks/**/*.test.ts'];

export default defineConfig({
  test: {
    // Suites start servers of their own: more than the cores at once only makes them wait for each other.
    maxWorkers: 3,
    sequence: { sequencer: EndToEndFirst },
    // Suites start hundreds of processes of the same code: what one has compiled the next need not.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: 'servers', include: ['test/**/*.test.ts'], exclude: SHARE_MODULES },
      },
      { extends: true, test: { name: 'rules', include: SHARE_MODULES, isolate: false } },
    ],
  },
});
