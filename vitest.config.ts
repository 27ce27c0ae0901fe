import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
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

/** Tests of what the Vulkan driver that comes with Chromium lacks run on Mesa's, where there is one. */
const onLavapipe = ['packages/kernels/src/engines/webgpu/f16*.test.ts', 'apps/bench/src/f16.test.ts']
const lavapipe =
  process.env.LAVAPIPE_ICD ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ttt-e2e/lavapipe/lvp_icd.json')

/** @param left the tests to leave out */
export function suite(left: string[] = []) {
  const project = (name: string, include: string[], exclude: string[], isolate: boolean, env = {}) => ({
    resolve: { conditions: ['source'] },
    ssr: { resolve: { conditions: ['source'] } },
    test: {
      name,
      include,
      exclude: [...configDefaults.exclude, ...exclude, ...left],
      isolate,
      env,
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
      project('lavapipe', onLavapipe, [], true, existsSync(lavapipe) ? { VK_DRIVER_FILES: lavapipe } : {}),
      project('numerics', numerics, onLavapipe, false),
      project('rest', everyTest, [...numerics, ...alone, ...onLavapipe], false),
    ],
  }
}

export default defineConfig({ test: suite() })
