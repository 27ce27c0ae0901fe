import { registerEngine, resolveEngine, tf } from '@ttt-e2e/tensor-ops'
import '@ttt-e2e/kernels/engines'
import { afterAll, expect, it } from 'vitest'
import { doctorTable, limitsOf, problemsOf, tilesLine } from './doctor-table'
import { examineEngine, tilesOf, type EngineReport } from './examine-engine'

afterAll(() => resolveEngine('cpu'))

const onWork = () => {}

it('tells what an engine runs on, its limits, its speed and how right it is', async () => {
  const report = (await examineEngine('wasm', { threads: 1, ops: ['rms-norm'], onWork })) as EngineReport
  expect(report.description).toContain('1 thread')
  expect(report.limits.memory).toBeGreaterThan(2 ** 31)
  expect(report.product.flopsPerSecond).toBeGreaterThan(1e6)
  expect(report.ops).toMatchObject({ checked: 1, worst: { name: expect.stringContaining('rms-norm, ') } })
  expect(problemsOf(report)).toEqual([])
  expect(doctorTable([report]).rows[0].slice(0, 3)).toEqual([
    'wasm',
    '128-bit SIMD, 1 thread',
    expect.stringMatching(/^\d+³$/),
  ])
  expect(limitsOf(report)).toEqual([expect.stringMatching(/^limits of wasm: memory 4\.00 GiB$/)])
})

it('tells whether tiles were chosen for the adapter', () => {
  const report = { name: 'webgpu', description: '', limits: {}, ops: '', product: { name: '', flopsPerSecond: 1 } } // prettier-ignore
  expect(tilesLine(report)).toEqual([])
  const lineOf = (chosenAt?: string) => tilesLine({ ...report, tiles: tilesOf({ chosenAt }) })
  expect(lineOf()).toEqual(['tiles of webgpu: the standard ones; `ops --tune` chooses some for this adapter'])
  expect(lineOf('2026-11-28')).toEqual(['tiles of webgpu: chosen for this adapter at 2026-11-28'])
})

it('tells why an engine is not there', async () => {
  registerEngine({
    name: 'abacus',
    rank: 99,
    probe: async () => 'its beads (all of them) are lost',
    create: async () => '',
    memory: () => ({ live: 0, reserved: 0, limit: Infinity }),
  })
  const report = await examineEngine('abacus', { onWork })
  expect(report).toEqual({ name: 'abacus', refused: 'its beads (all of them) are lost' })
  expect(doctorTable([report]).rows[0][1]).toBe("doesn't run: its beads (all of them) are lost")
})

it('finds an engine that is wrong', async () => {
  const { backend, kernelFunc } = { backend: 'wrong', kernelFunc: tf.getKernel('Rsqrt', 'cpu').kernelFunc }
  registerEngine({
    name: backend,
    rank: 98,
    probe: async () => true,
    async create() {
      if (tf.findBackend(backend)) return 'a sieve'
      await tf.setBackend('cpu')
      const cpu = tf.backend()
      tf.registerBackend(backend, () => cpu, 0)
      tf.copyRegisteredKernels('cpu', backend)
      tf.unregisterKernel('Rsqrt', backend)
      tf.registerKernel({
        kernelName: 'Rsqrt',
        backendName: backend,
        kernelFunc: (given) => {
          const result = kernelFunc(given) as tf.TensorInfo
          const values = (cpu as unknown as { readSync(id: object): Float32Array }).readSync(result.dataId)
          values[0] *= 1.01
          return result
        },
      })
      return 'a sieve'
    },
    memory: () => ({ live: 0, reserved: 0, limit: Infinity }),
  })
  const report = await examineEngine(backend, { ops: ['rms-norm'], onWork })
  expect(problemsOf(report)).toEqual([
    expect.stringMatching(/^WRONG wrong: rms-norm, .* is off by .*, allowed/),
  ])
})
