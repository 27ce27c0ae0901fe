import { configDefaults, defineConfig } from 'vitest/config'

const everyTest = ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'tests/**/*.test.ts']

/** Packages that compute: their tests keep nothing in modules but engines and compiled code. */
const numerics = ['packages/{kernels,swa-transformer,ttt-inner,meta-outer,baselines}/src/**/*.test.ts']

const alone = [
  // They replace modules of Node.
  '**/{disk,full-disk,refused-saves,rename-patiently}.test.ts',
  // They weigh what a process holds.
  '**/{flood,large-files,step-memory,upload}.test.ts',
  // They register engines, ops and kernels.
  'packages/tensor-ops/src/{engine,fused-op,testing}/*.test.ts',
  'apps/bench/src/doctor/doctor.test.ts',
  'tests/outside/engine.test.ts',
]

/** @param left the tests to leave out */
export function suite(left: string[] = []) {
  const project = (name: string, include: string[], exclude: string[], isolate: boolean) => ({
    resolve: { conditions: ['source'] },
    ssr: { resolve: { conditions: ['source'] } },
    test: {
      name,
      include,
      exclude: [...configDefaults.exclude, ...exclude, ...left],
      isolate,
      testTimeout: 120_000,
      hookTimeout: 120_000,
      pool: 'forks' as const,
      setupFiles: './vitest.equality.ts',
      // Tests make many small tensors that live until a scope ends: collecting them often takes a third of the time.
      execArgv: ['--max-semi-space-size=64'],
    },
  })
  return {
    globalSetup: './vitest.setup.ts',
    maxWorkers: 2,
    projects: [
      project('alone', alone, [], true),
      // Two processes for all files, where each finds modules loaded, engines made and loops compiled: half the time.
      project('numerics', numerics, [], false),
      project('rest', everyTest, [...numerics, ...alone], false),
    ],
  }
}

export default defineConfig({ test: suite() })
