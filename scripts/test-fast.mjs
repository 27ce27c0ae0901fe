// The tests to run while working, in a minute on two cores: those of the packages, on cpu and native, without what takes
// long. `--watch` stays and runs what a change concerns; other parameters go to vitest. `npm test` decides.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const slow = [
  // They start processes, train and serve.
  'apps/**',
  '**/{crash,another-process,build}.test.ts',
  // What others show on smaller cases.
  'packages/meta-outer/src/documents.test.ts',
  'packages/kernels/src/*/native.test.ts',
  // Every system, and the ones whose references are long scans.
  '**/every-system.test.ts',
  'packages/baselines/src/**/{mixer,meta-gradient,warm-up}.test.ts',
  '**/{titans-memory,lact,ttt-linear,ttt-mlp,ttt-layer,gated-delta-rule,ssd-scan}/*.test.ts',
  // Many shapes, which the ops' own tests have few of.
  '**/engines/**/{fused,fast-weights,seeded-*,gemm,stock,backend}.test.ts',
]

const given = process.argv.slice(2)
const watch = given.includes('--watch')
const parameters = [
  watch ? 'watch' : 'run',
  ...slow.flatMap((pattern) => ['--exclude', pattern]),
  '--testNamePattern',
  '^(?!.*wasm)',
  ...given.filter((parameter) => parameter !== '--watch'),
]
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
const { status } = spawnSync(process.execPath, [vitest, ...parameters], { stdio: 'inherit' })
process.exitCode = status ?? 1
