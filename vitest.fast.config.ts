import { defineConfig } from 'vitest/config'
import { suite } from './vitest.config'

const slow = [
  // They start processes, train and serve.
  'apps/**',
  'tests/**',
  'packages/{cli,mpi}/**',
  '**/{addon-file,another-process,build,crash,one-copy}.test.ts',
  // A GPU that is computed on the processor.
  '**/{webgpu.test.ts,webgpu/**}',
  // Everything that can go wrong.
  '**/{disk,mutations,recovery,refused-saves}.test.ts',
  '**/extreme-*.test.ts',
  // What others show on smaller cases.
  'packages/meta-outer/src/**/{data-parallel,decay,documents}.test.ts',
  'packages/kernels/src/*/native.test.ts',
  // Every system, and the ones whose references are long scans.
  '**/every-system.test.ts',
  'packages/{baselines,swa-transformer}/src/**/{*mixer,meta-gradient,warm-up}.test.ts',
  'packages/kernels/src/{channel-delta-rule,gated-delta-rule,lact,mamba3-*,mesa,ssd-scan,titans-memory,ttt-*}/*.test.ts',
  // Many shapes, which the ops' own tests have few of.
  '**/engines/**/{fused,fast-weights,seeded-*,gemm,stock,backend}.test.ts',
]

/** The tests to run while working, in a minute on two cores: those of the packages, on cpu and native. `npm test` decides. */
export default defineConfig({ test: { ...suite(slow), testNamePattern: /^(?!.*wasm)/ } })
