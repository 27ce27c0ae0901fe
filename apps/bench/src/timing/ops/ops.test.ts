import '@ttt-e2e/kernels/engines'
import { opSuites, type OpName } from '@ttt-e2e/kernels/cases'
import {
  defineFusedOp,
  liveTensors,
  profileKernels,
  registerFusedKernels,
  resolveEngine,
  tf,
  type FusedOp,
} from '@ttt-e2e/tensor-ops'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { SpeedRecord } from '../record'
import { redOf } from './check'
import { fallbacksOf } from './fallbacks'
import { bytesMoved, opOrders } from './op-orders'
import { timedOps } from './timed-ops'
import { opsSpeed } from './ops-speed'
import { readOpsOptions } from './options'
import type { OpSpeed } from './time-ops'

const folder = mkdtempSync(join(tmpdir(), 'ops-'))

it.each(Object.keys(opSuites) as OpName[])(
  'runs %s at the shapes that are timed, with its gradients',
  async (name) => {
    await resolveEngine('wasm')
    for (const { op, example, flops } of timedOps(name, 'XS'))
      tf.tidy(() => {
        const orders = opOrders(op, example)
        expect(orders.map(({ order }) => order)).toEqual(op.differentiable.length > 0 ? [0, 1, 2] : [0])
        for (const each of orders) {
          const outputs = Object.values(each.op(each.inputs, example.attributes))
          for (const output of outputs) expect(output.dataSync().every(Number.isFinite)).toBe(true)
          expect(bytesMoved(each, example)).toBeGreaterThan(4 * outputs[0].size)
        }
        if (flops) expect(flops).toHaveLength(3)
      })
  },
)

it('counts the pairs that attention meets', () => {
  const [all, window, cached] = timedOps('attention', 'XS').map(({ flops }) => flops![0] / (2 * 2 * 64))
  expect(all).toBe((512 * 513) / 2)
  expect(window).toBe((32 * 33) / 2 + (512 - 32) * 32)
  expect(cached).toBe(32 * 32)
})

it('times an op against its reference and leaves nothing behind', async () => {
  const json = join(folder, 'ops.json')
  const options = { ...readOpsOptions({ engine: 'wasm', ops: 'swiglu', size: 'XS', reps: '1' }, '/'), json }
  await resolveEngine('wasm')
  const before = liveTensors()
  expect(await opsSpeed(options)).toBe(0)
  expect(liveTensors()).toBe(before)
  const { rows } = JSON.parse(readFileSync(json, 'utf8')) as SpeedRecord<OpSpeed>
  expect(rows.map(({ shape, order }) => `${shape} ${order}`)).toEqual(
    ['a sequence', 'a chunk'].flatMap((shape) =>
      ['forward', 'gradient', "gradient's gradient"].map((order) => `${shape} ${order}`),
    ),
  )
  for (const { rate, timesReference } of rows) {
    expect(rate.unit).toBe('GB/s')
    expect(timesReference).toBeGreaterThan(0)
  }
})

it('finds a kernel that does not agree with its reference', async () => {
  await resolveEngine('cpu')
  const op = defineFusedOp({
    name: 'Doubled',
    inputs: ['x'],
    outputs: ['y'],
    outputShapes: ({ x }) => ({ y: x }),
    reference: ({ x }) => ({ y: tf.mul(x, 2) }),
  }) as unknown as FusedOp
  const doubled = { op, cases: [{ name: 'three values', shapes: { x: [3] } }] }
  expect(await redOf(doubled, 'cpu')).toBeUndefined()
  registerFusedKernels<{ makeTensorInfo(...given: unknown[]): tf.TensorInfo }>('cpu', ({ name }) => {
    if (name !== 'Doubled') return undefined
    const values = new Float32Array([1, 2, 3])
    return { run: ({ backend }) => [backend.makeTensorInfo([3], 'float32', values)] }
  })
  expect(await redOf(doubled, 'cpu')).toMatch(/^three values: output y is off by .*, allowed 1e-5$/)
})

it('lists kernels that are not the engine’s own, and own ones that refused their inputs', async () => {
  const { hasOwnKernel } = await resolveEngine('wasm')
  const { profile } = await profileKernels(() =>
    tf.tidy(() => {
      const x = tf.tensor1d([1, 2, 3, 4])
      tf.add(x, 1)
      // The module has no strided slices.
      tf.stridedSlice(x, [1], [3], [1])
    }),
  )
  expect(fallbacksOf(profile, { hasOwnKernel })).toMatchObject([
    { name: 'StridedSlice', calls: 1, fallbacks: 1, refused: false },
  ])
  const refused = { name: 'Add', calls: 3, milliseconds: 1, fallbacks: 2 }
  expect(fallbacksOf({ calls: 3, milliseconds: 1, byKernel: [refused] }, { hasOwnKernel })).toMatchObject([
    { name: 'Add', calls: 3, fallbacks: 2, refused: true },
  ])
})

it.each([
  [{ ops: 'swiglu,relu' }, "unknown op 'relu'; known: linear, rms-norm"],
  [{ size: 'L' }, "unknown size 'L'; known: XS, S, M"],
  [{ reps: '0' }, "--reps is '0'; it must be a whole number"],
])('refuses %o in one sentence', (given, sentence) => {
  expect(() => readOpsOptions({ engine: 'auto', ...given }, '/')).toThrow(sentence)
})
