import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  liveBytes,
  liveTensors,
  profileKernels,
  program,
  resolveEngine,
  tf,
  usePrograms,
  vjp,
  vjpProgram,
  type Tensor,
} from '@ttt-e2e/tensor-ops'
import '../../index'
import { joinRing, linear, rmsNorm, swiglu, writeRing } from '../../../ops'
import { compiledTargets, createDraws, nativeTargets, type Target } from '../testing'

const { normal } = createDraws(7)

type Weights = { up: Tensor; gate: Tensor; scale: Tensor }

/** Some fused ops, a stock one, a view, a constant, and a result that is an input. */
function network({ up, gate, scale }: Weights, { x }: { x: Tensor }) {
  const hidden = swiglu(linear(x, gate), linear(x, up))
  const unused = tf.exp(hidden)
  const value = tf.mul(rmsNorm(hidden, scale, 1e-6), tf.scalar(3))
  return {
    value: { y: value, sum: tf.sum(tf.reshape(value, [-1])) },
    aux: { hidden, unused, length: x.shape[0] },
  }
}

const weights = (): Weights => ({ up: normal([9, 5]), gate: normal([9, 5]), scale: normal([5]) })
const bits = (tensors: Record<string, Tensor>) =>
  Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, Array.from(x.dataSync())]))

let targets: Target[]
beforeAll(async () => {
  targets = [...(await nativeTargets('bf16')), ...(await compiledTargets())]
})
afterAll(() => resolveEngine('cpu'))

/** The programs run over fresh memory full of NaN. */
async function onEveryTarget(run: () => void | Promise<void>) {
  for (const target of targets) {
    await target.use()
    target.setPoison(1)
    try {
      await run()
    } finally {
      target.setPoison(0)
    }
  }
}

describe('programs', () => {
  it('give the bits of the function, run after run', () =>
    onEveryTarget(() => {
      const owner = {}
      for (let run = 0; run < 4; run++)
        tf.tidy(() => {
          const inputs = { weights: weights(), x: normal([4, 9]) }
          const f = (given: typeof inputs) => network(given.weights, { x: given.x })
          const replayed = program({ owner, key: 'network' }, f, inputs)
          const plain = f(inputs)
          expect(bits(replayed.value)).toEqual(bits(plain.value))
          expect(bits({ hidden: replayed.aux.hidden })).toEqual(bits({ hidden: plain.aux.hidden }))
          expect(replayed.aux.length).toBe(4)
        })
    }))

  it('give the bits of the gradients too, also after the results were freed', () =>
    onEveryTarget(() => {
      const owner = {}
      for (let run = 0; run < 4; run++)
        tf.tidy(() => {
          const [inputs, data] = [weights(), { x: normal([4, 9]) }]
          const cotangents = { y: normal([4, 5]), sum: tf.scalar(2) }
          const replayed = vjpProgram({ owner, key: 'network' }, network, inputs, data)
          replayed.value.y.dispose()
          replayed.aux.hidden.dispose()
          const plain = vjp((x: Weights) => network(x, data), inputs)
          expect(bits(replayed.pull(cotangents))).toEqual(bits(plain.pull(cotangents)))
        })
    }))

  it('pull other cotangents than the recorded ones', () =>
    onEveryTarget(() => {
      const owner = {}
      const patterns = [
        (y: Tensor) => ({ y, sum: tf.scalar(1) }),
        (y: Tensor) => ({ y }),
        () => ({ sum: tf.scalar(1) }),
      ]
      for (const pattern of [...patterns, ...patterns])
        tf.tidy(() => {
          const [inputs, data] = [weights(), { x: normal([4, 9]) }]
          const cotangents = pattern(normal([4, 5]))
          const replayed = vjpProgram({ owner, key: 'network' }, network, inputs, data).pull(cotangents)
          expect(bits(replayed)).toEqual(bits(vjp((x: Weights) => network(x, data), inputs).pull(cotangents)))
        })
    }))

  it('add gradients to what was there, in place or not, also with other leaves than the recorded ones', () =>
    onEveryTarget(() => {
      const owner = {}
      // The gate is used twice, so that its own gradient is a sum.
      const twice = (w: Weights, { x }: { x: Tensor }) => ({
        value: tf.add(
          linear(rmsNorm(x, tf.ones([9]), 1e-6), w.gate),
          swiglu(linear(x, w.gate), linear(x, w.up)),
        ),
      })
      const both = { gate: true, up: true }
      for (const wanted of [both, both, both, {}, { gate: true }, both, both]) {
        const [inputs, data, cotangent] = [weights(), { x: normal([4, 9]) }, normal([4, 5])]
        const onto = {
          ...('gate' in wanted && { gate: normal([9, 5]) }),
          ...('up' in wanted && { up: normal([9, 5]) }),
        }
        const expected = tf.tidy(() =>
          bits(vjp((w: Weights) => twice(w, data), inputs).pull(cotangent, onto)),
        )
        const shared = Object.values(onto)
          .slice(0, 1)
          .map((x) => tf.clone(x))
        const before = shared.map((x) => Array.from(x.dataSync()))
        tf.tidy(() => {
          const pulled = vjpProgram({ owner, key: 'twice' }, twice, inputs, data).pull(cotangent, onto)
          tf.dispose(onto)
          const actual = bits(pulled)
          expect(actual.gate).toEqual(expected.gate)
          expect(actual.up).toEqual(expected.up)
        })
        expect(shared.map((x) => Array.from(x.dataSync()))).toEqual(before)
        tf.dispose([inputs, data, cotangent, shared])
      }
    }))

  it('leave nothing behind, pulled or not', () =>
    onEveryTarget(() => {
      const owner = {}
      const [inputs, data] = [weights(), { x: normal([4, 9]) }]
      const once = (pull: boolean) =>
        tf.tidy(() => {
          const { pull: run, dispose } = vjpProgram({ owner, key: 'network' }, network, inputs, data)
          if (pull) run({ sum: tf.scalar(1) })
          else dispose()
        })
      for (const pull of [false, false, true, true, true]) once(pull)
      const [tensors, bytes] = [liveTensors(), liveBytes()]
      for (let run = 0; run < 20; run++) once(run % 3 > 0)
      expect([liveTensors(), liveBytes()]).toEqual([tensors, bytes])
      tf.dispose([inputs, data])
    }))

  it('are one for each shape and key', () =>
    onEveryTarget(() => {
      const owner = {}
      const scaled =
        (factor: number) =>
        ({ x }: { x: Tensor }) =>
          tf.mul(x, factor)
      tf.tidy(() => {
        for (const rows of [2, 3, 2, 3])
          for (const factor of [2, 5, 2, 2, 5]) {
            const x = normal([rows])
            const y = program({ owner, key: `times ${factor}` }, scaled(factor), { x })
            expect(Array.from(y.dataSync())).toEqual(
              Array.from(x.dataSync(), (value) => Math.fround(value * factor)),
            )
          }
      })
    }))

  it('run as written where they read values or tensors from outside', () =>
    onEveryTarget(() => {
      const owner = {}
      for (let run = 0; run < 4; run++)
        tf.tidy(() => {
          const [x, outside] = [normal([3]), normal([3])]
          const f = (given: { x: Tensor }) => tf.add(given.x, outside)
          expect(bits({ y: program({ owner, key: 'outside' }, f, { x }) })).toEqual(bits({ y: f({ x }) }))
          const first = (given: { x: Tensor }) => tf.add(given.x, given.x.dataSync()[0])
          expect(bits({ y: program({ owner, key: 'values' }, first, { x }) })).toEqual(
            bits({ y: first({ x }) }),
          )
        })
    }))

  it('do nothing but replay: no kernel of tfjs runs', () =>
    onEveryTarget(async () => {
      const owner = {}
      const [inputs, data] = [weights(), { x: normal([4, 9]) }]
      let runs = 0
      const counted = (x: Weights, d: typeof data) => {
        runs++
        return network(x, d)
      }
      const once = () =>
        tf.tidy(() => void vjpProgram({ owner, key: 'n' }, counted, inputs, data).pull({ sum: tf.scalar(1) }))
      for (let run = 0; run < 5; run++) once()
      expect(runs).toBe(2)
      const { profile } = await profileKernels(once)
      expect(runs).toBe(3)
      expect(profile.calls).toBeGreaterThan(5)
      usePrograms(false)
      once()
      usePrograms(true)
      expect(runs).toBe(4)
      tf.dispose([inputs, data])
    }))

  it('pass on a kernel’s error and stay usable', () =>
    onEveryTarget(() => {
      const owner = {}
      const gather = ({ x, at }: { x: Tensor; at: Tensor }) => tf.gather(x, at as never)
      const once = (index: number) =>
        tf.tidy(() => {
          const inputs = { x: normal([3, 2]), at: tf.tensor([index], [1], 'int32') }
          return Array.from(program({ owner, key: 'gather' }, gather, inputs).dataSync())
        })
      for (let run = 0; run < 3; run++) once(0)
      const bytes = liveBytes()
      expect(() => once(7)).toThrow(/index/)
      expect(once(1)).toHaveLength(2)
      expect(liveBytes()).toBe(bytes)
    }))

  it('write over what is given up to them, unless somebody else holds it too', () =>
    onEveryTarget(() => {
      const owner = {}
      const f = ({ rows, position }: { rows: Tensor; position: Tensor }, [cache]: [Tensor]) => {
        const before = joinRing(cache, rows, position)
        const written = writeRing(cache, rows, position)
        return { written, seen: tf.sum(tf.concat([before, written], 1), 1) }
      }
      let cache = normal([2, 8, 1, 3])
      for (let run = 0; run < 6; run++) {
        const [rows, position] = [normal([2, 1, 1, 3]), tf.tensor1d([run, run + 20], 'int32')]
        const fork = run === 4 ? tf.clone(cache) : undefined
        const before = Array.from(cache.dataSync())
        const expected = tf.tidy(() => f({ rows, position }, [cache]))
        const { dataId } = cache
        const actual = program({ owner, key: 'ring' }, f, { rows, position }, [cache])
        expect(actual.written.dataId === dataId).toBe(run > 1 && !fork)
        expect(bits({ ...actual })).toEqual(bits({ ...expected }))
        if (fork) expect(Array.from(fork.dataSync())).toEqual(before)
        tf.dispose([cache, rows, position, actual.seen, ...(fork ? [fork] : []), ...Object.values(expected)])
        cache = actual.written
      }
      cache.dispose()
    }))
})
