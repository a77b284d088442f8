/**
 * Imports point one way (docs/architecture.md): *.lambda.ts → container → app → domain; adapters implement ports;
 * all may use schema. test/architecture shows that each rule can fail.
 * @type {import('dependency-cruiser').IConfiguration}
 */
export default {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Two modules that need each other are one module, or a third is missing.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'schema-stands-alone',
      severity: 'error',
      from: { path: '^schema/' },
      to: { path: '^(?!schema/|node_modules/)', dependencyTypesNot: ['core'] },
    },
    {
      name: 'domain-is-pure',
      comment: 'Rules know the schema and each other: no SDK, no clock, no I/O.',
      severity: 'error',
      from: { path: '^lambdas/[^/]+/domain/' },
      to: { pathNot: ['^lambdas/[^/]+/domain/', '^schema/'] },
    },
    {
      name: 'app-knows-only-ports-and-rules',
      severity: 'error',
      from: { path: '^lambdas/[^/]+/app/' },
      to: {
        pathNot: [
          '^lambdas/[^/]+/(app|domain)/',
          '^lambdas/[^/]+/ports\\.ts$',
          '^lambdas/shared/jobs/(walk-range|ranges-by)\\.ts$',
          '^schema/',
        ],
      },
    },
    {
      name: 'adapters-do-not-know-use-cases',
      severity: 'error',
      from: { path: '^lambdas/[^/]+/adapters/' },
      to: { path: '^lambdas/[^/]+/(app/|container\\.ts|[^/]+\\.lambda\\.ts)' },
    },
    {
      name: 'only-the-container-wires',
      severity: 'error',
      from: { path: '^lambdas/', pathNot: '^lambdas/[^/]+/(container\\.ts|adapters/)' },
      to: { path: '^lambdas/[^/]+/adapters/' },
    },
    {
      name: 'only-handlers-use-the-container',
      severity: 'error',
      from: { path: '^lambdas/', pathNot: '\\.lambda\\.ts$' },
      to: { path: '^lambdas/[^/]+/container\\.ts$' },
    },
    {
      name: 'no-pipeline-imports-another',
      severity: 'error',
      from: { path: '^lambdas/([^/]+)/', pathNot: '^lambdas/shared/' },
      to: { path: '^lambdas/', pathNot: ['^lambdas/$1/', '^lambdas/shared/'] },
    },
    {
      name: 'shared-knows-no-pipeline',
      severity: 'error',
      from: { path: '^lambdas/shared/' },
      to: { path: '^lambdas/(?!shared/)' },
    },
    {
      name: 'stacks-know-handlers-only-as-entry-paths',
      severity: 'error',
      from: { path: '^(bin|lib|config)/' },
      to: { path: '^(lambdas|local|stand-ins|demo|cli)/' },
    },
    {
      name: 'local-knows-only-templates',
      comment: 'The runtime runs what cdk synth wrote: no business rule, no second copy of the topology.',
      severity: 'error',
      from: { path: '^local/' },
      to: { path: '^(?!local/|node_modules/)', dependencyTypesNot: ['core'] },
    },
    {
      name: 'stand-ins-know-only-contracts',
      severity: 'error',
      from: { path: '^stand-ins/' },
      to: { path: '^(lambdas|lib|bin|config|schema|demo|cli|test|local/(?!process/))' },
    },
    {
      name: 'production-imports-no-runtime',
      severity: 'error',
      from: { path: '^(bin|lib|config|lambdas|schema)/' },
      to: { path: '^(local|stand-ins|demo|test|bench)/' },
    },
    {
      name: 'cli-knows-no-stacks-and-no-runtime',
      comment:
        'It finds a deployment by its outputs, on AWS and here alike. Only a plan, which is made before there is one, reads what the stages are configured to be.',
      severity: 'error',
      from: { path: '^cli/' },
      to: {
        path: '^(bin|lib|config|local|stand-ins|demo|bench)/',
        pathNot: '^(config/stages|lib/config)\\.ts$',
      },
    },
    {
      name: 'only-plans-read-the-configuration',
      severity: 'error',
      from: { path: '^cli/', pathNot: '^cli/plan/' },
      to: { path: '^(config/stages|lib/config)\\.ts$' },
    },
    {
      name: 'cli-wires-by-itself',
      comment:
        "It uses rules, use cases and adapters; handlers and their containers read a function's environment.",
      severity: 'error',
      from: { path: '^cli/' },
      to: { path: '^lambdas/[^/]+/(container\\.ts|[^/]+\\.lambda\\.ts)$' },
    },
    {
      name: 'no-command-imports-another',
      severity: 'error',
      from: { path: '^cli/commands/' },
      to: { path: '^cli/(commands/|main\\.ts)' },
    },
    {
      name: 'verdicts-are-pure',
      comment: 'What a check comes to is decided by figures alone: no SDK, no clock, no I/O.',
      severity: 'error',
      from: { path: '^cli/(verify|doctor)/rules/' },
      to: { pathNot: ['^cli/(verify|doctor)/rules/', '^lambdas/[^/]+/domain/', '^schema/'] },
    },
    {
      name: 'only-the-local-entry-knows-the-cli',
      comment: 'npm run local writes the state file by which the CLI finds it.',
      severity: 'error',
      from: { pathNot: '^(cli|test)/|^demo/local\\.ts$' },
      to: { path: '^cli/' },
    },
    {
      name: 'nothing-imports-benchmarks',
      severity: 'error',
      from: { pathNot: '^(bench|test)/' },
      to: { path: '^bench/' },
    },
    {
      name: 'peers-borrow-rules-only',
      comment:
        'What is measured next to Grantline is built of other parts; only what a grant is, is the same.',
      severity: 'error',
      from: { path: '^bench/peers/' },
      to: { path: '^(bin|lib|config|local|cli|lambdas/(?![^/]+/domain/))' },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: '^test/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs', '.json'],
      conditionNames: ['import', 'types', 'node'],
    },
  },
};
