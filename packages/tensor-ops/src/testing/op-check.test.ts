import { afterAll, expect, it } from 'vitest'
import { registerEngine, resolveEngine } from '../engine/registry'
import '../engine/cpu'
import { defineFusedOp } from '../fused-op/define'
import { registerFusedKernels } from '../fused-op/kernels'
import { tf } from '../tf'
import { checkOp } from './op-check'

const tiny = 1e-40

const scaled = defineFusedOp({
  name: 'OpCheckScaled',
  inputs: ['x'],
  outputs: ['y'],
  outputShapes: ({ x }) => ({ y: x }),
  reference: ({ x }) => ({ y: tf.mul(x, tiny) }),
})

afterAll(() => resolveEngine('cpu'))

it.each([
  [true, 0, 0],
  [true, 1, 1],
  [false, 0, 1],
])(
  'where an engine takes subnormal numbers for 0 (%s), its answer of %s is off by %s',
  async (flushesSubnormals, answer, error) => {
    const name = `answers ${answer}, ${flushesSubnormals ? 'flushing' : 'exact'}`
    await resolveEngine('cpu')
    const cpu = tf.backend() as unknown as { makeTensorInfo(...args: unknown[]): tf.TensorInfo }
    registerFusedKernels(name, ({ name: family }) =>
      family === scaled.name
        ? { run: () => [cpu.makeTensorInfo([2], 'float32', Float32Array.of(0, answer))] }
        : undefined,
    )
    registerEngine({
      name,
      rank: 97,
      flushesSubnormals,
      probe: async () => true,
      create: async () => {
        tf.registerBackend(name, () => cpu as never, 0)
        tf.copyRegisteredKernels('cpu', name)
        return ''
      },
      memory: () => ({ live: 0, reserved: 0, limit: Infinity }),
    })
    const { errors } = await checkOp(scaled, { name: 'two', shapes: { x: [2] } }, name, { order: 0 })
    if (flushesSubnormals) expect(errors[0].error).toBe(error)
    else expect(errors[0].error).toBeCloseTo(error)
  },
)
