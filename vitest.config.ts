import { configDefaults, defineConfig } from 'vitest/config'

/** Packages that compute: their tests keep nothing in modules but engines and compiled code. */
const numerics = 'packages/{kernels,swa-transformer,ttt-inner,meta-outer,baselines}/src/**/*.test.ts'

const everyTest = ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'tests/**/*.test.ts']

const sources = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source'] } } }

const settings = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  pool: 'forks' as const,
  // Tests make many small tensors that live until a scope ends: collecting them often takes a third of the time.
  execArgv: ['--max-semi-space-size=64'],
}

export default defineConfig({
  test: {
    globalSetup: './vitest.setup.ts',
    maxWorkers: 2,
    projects: [
      // All files in one process, where each finds modules loaded, engines made and loops compiled: a third less time.
      { ...sources, test: { ...settings, name: 'numerics', include: [numerics], isolate: false } },
      {
        ...sources,
        test: {
          ...settings,
          name: 'rest',
          include: everyTest,
          exclude: [...configDefaults.exclude, numerics],
        },
      },
    ],
  },
})
