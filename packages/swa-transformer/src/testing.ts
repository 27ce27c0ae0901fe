import { beforeAll, describe, expect, it } from 'vitest'
import {
  createRandom,
  liveTensors,
  program,
  relativeErrorOf,
  resolveEngine,
  tf,
  treeEntries,
  treeLeaves,
  treeMap,
  treeSize,
  treeWithLeaves,
  vjp,
  type Tensor,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import '@ttt-e2e/kernels/engines'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import { holdDriftOfBf16 } from './bf16-drift'
import {
  advanced,
  stateMetas,
  stateTensors,
  joinStates,
  type MixerKind,
  type MixerSizes,
  type SequenceMixer,
  type SequenceState,
} from './mixer'

export interface MixerSuiteOptions {
  sizes?: Partial<MixerSizes>
  /** Tokens of the test sequence. */
  length?: number
  /** Highest relative error between reading at once and in pieces. */
  tolerance?: number
  /** Tokens between two updates of what the mixer learns by, of which a reading in bf16 takes 512; 1 where left out. */
  step?: number
}

type Point = { params: TensorTree; x: Tensor }

/**
 * The tests that every mixer passes: causality, pieces equal the whole, states that can be kept, gradients through the
 * state and against finite differences, finite numbers at extremes, little drift in bf16, and counts that are true.
 */
export function runMixerSuite(name: string, kind: MixerKind, options: MixerSuiteOptions = {}): void {
  const { length = 23, tolerance = 1e-5, step = 1 } = options
  const sizes: MixerSizes = {
    hiddenSize: 16,
    heads: 2,
    ropeTheta: 10_000,
    normEpsilon: 1e-6,
    ...options.sizes,
  }
  describe(`mixer ${name}`, () => {
    beforeAll(() => resolveEngine('cpu'))
    const setUp = () => {
      const mixer = kind(sizes)
      const random = createRandom(1)
      // Weights that start small are enlarged, so that everything that they lead to is seen.
      const params = treeMap(mixer.init(random), (leaf) => tf.mul(leaf, rootMeanSquare(leaf) < 0.1 ? 10 : 1))
      const normal = (shape: number[]) =>
        tf.tensor(
          Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal()),
          shape,
        )
      return { mixer, params, x: normal([2, length, sizes.hiddenSize]), normal }
    }
    const part = (x: Tensor, start: number, end: number) => tf.slice(x, [0, start, 0], [-1, end - start, -1])

    function readInPieces(
      mixer: SequenceMixer,
      params: ReturnType<typeof setUp>['params'],
      x: Tensor,
      pieces: number[],
    ) {
      let state = mixer.start(params, x.shape[0])
      const outputs: Tensor[] = []
      for (let start = 0, i = 0; start < x.shape[1]!; i++) {
        const end = Math.min(x.shape[1]!, start + pieces[i % pieces.length])
        const { meta } = state
        const read = program(
          { owner: mixer, key: `${mixer.phase?.(meta.position) ?? 0}` },
          (given) => {
            const { y, state } = mixer.read(given.params, given.x, { tensors: given.tensors, meta })
            return { y, tensors: state.tensors }
          },
          { params, x: part(x, start, end), tensors: state.tensors },
        )
        outputs.push(read.y)
        state = { tensors: read.tensors, meta: advanced([meta], end - start)[0] }
        start = end
      }
      return { y: tf.concat(outputs, 1), state }
    }

    it('sees no future', () => {
      tf.tidy(() => {
        const { mixer, params, x } = setUp()
        const read = (input: Tensor) => mixer.read(params, input, mixer.start(params, 2)).y
        const cut = 11
        const changed = tf.concat([part(x, 0, cut), tf.mul(part(x, cut, length), -3)], 1)
        expect(part(read(changed), 0, cut).dataSync()).toEqual(part(read(x), 0, cut).dataSync())
        expect(relativeErrorOf(part(read(changed), cut, length), part(read(x), cut, length))).toBeGreaterThan(
          1e-2,
        )
      })
    })

    it('goes on bitwise from a state that was saved as plain values', () => {
      tf.tidy(() => {
        const { mixer, params, x } = setUp()
        const before = mixer.read(params, part(x, 0, 9), mixer.start(params, 2)).state
        const restored: SequenceState = {
          tensors: Object.fromEntries(
            Object.entries(before.tensors).map(([key, t]) => [key, tf.tensor(t.dataSync().slice(), t.shape)]),
          ),
          meta: JSON.parse(JSON.stringify(before.meta)),
        }
        const rest = part(x, 9, length)
        expect(mixer.read(params, rest, restored).y.dataSync()).toEqual(
          mixer.read(params, rest, before).y.dataSync(),
        )
      })
    })

    it('passes gradients from later tokens through the state, as within one read', () => {
      tf.tidy(() => {
        const { mixer, params, x } = setUp()
        const cut = 9
        const loss = (y: Tensor) => tf.sum(tf.square(part(y, cut, length)))
        const whole = vjp(
          (input: Tensor) => ({ value: loss(mixer.read(params, input, mixer.start(params, 2)).y) }),
          x,
        )
        const inTwo = vjp((input: Tensor) => {
          const { state } = mixer.read(params, part(input, 0, cut), mixer.start(params, 2))
          const again = joinStates(stateTensors([state]), stateMetas([state]))[0]
          return { value: tf.sum(tf.square(mixer.read(params, part(input, cut, length), again).y)) }
        }, x)
        const expected = whole.pull(tf.scalar(1))
        expect(relativeErrorOf(inTwo.pull(tf.scalar(1)), expected)).toBeLessThan(10 * tolerance)
        expect(tf.norm(part(expected, 0, cut)).dataSync()[0]).toBeGreaterThan(1e-3)
      })
    })

    it('has the gradient of finite differences in every parameter and the input', () => {
      tf.tidy(() => {
        const { mixer, params, x, normal } = setUp()
        const weights = normal([2, length, sizes.hiddenSize])
        const outputOf = (at: Point) => mixer.read(at.params, at.x, mixer.start(at.params, 2)).y
        const { pull } = vjp((at: Point) => ({ value: outputOf(at) }), { params, x })
        const gradients = treeLeaves(pull(weights))
        const leaves = treeLeaves({ params, x })
        treeEntries({ params, x }).forEach(([path, leaf], i) => {
          const gradient = gradients[i]
          const direction = tf.add(unit(gradient), unit(normal(leaf.shape)))
          const step = 3e-3 * Math.max(rootMeanSquare(leaf), 0.1) * Math.sqrt(leaf.size)
          const shifted = (by: number): number => {
            const moved = leaves.map((each, j) => (j === i ? tf.add(each, tf.mul(direction, by)) : each))
            return dot(outputOf(treeWithLeaves({ params, x }, moved)), weights)
          }
          const measured = (shifted(step) - shifted(-step)) / (2 * step)
          const error = Math.abs(measured - dot(gradient, direction))
          expect(error / Math.sqrt(dot(gradient, gradient)), path).toBeLessThan(1e-2)
        })
      })
    })

    describe.each(['cpu', 'native'])('on %s', (engine) => {
      useEngine(engine)

      it.each([[[1]], [[4]], [[7, 2]], [[22, 1]]])(
        'reads in pieces of %j as at once, where programs replay too',
        (pieces) => {
          tf.tidy(() => {
            const { mixer, params, x } = setUp()
            const whole = mixer.read(params, x, mixer.start(params, 2))
            const parts = readInPieces(mixer, params, x, pieces)
            expect(relativeErrorOf(parts.y, whole.y)).toBeLessThan(tolerance)
            for (const [key, tensor] of Object.entries(whole.state.tensors))
              expect(relativeErrorOf(parts.state.tensors[key], tensor), key).toBeLessThan(tolerance)
            expect(parts.state.meta).toEqual(whole.state.meta)
          })
        },
      )

      const extremes: [string, (x: Tensor) => Tensor][] = [
        ['tokens of zero, whose keys are zero', tf.zerosLike],
        ['tokens so large that gates and decays are 0 and 1', (x) => tf.mul(x, 1e4)],
      ]
      // In plain JavaScript it would take half a minute.
      if (engine !== 'cpu') extremes.push(['a long text', (x) => tf.tile(x, [1, Math.ceil(512 / length), 1])])
      it.each(extremes)('stays finite, as its gradients do, over %s', (_, extreme) => {
        tf.tidy(() => {
          const { mixer, params, x } = setUp()
          const { value, pull } = vjp(
            (at: Point) => {
              const { y, state } = mixer.read(at.params, at.x, mixer.start(at.params, 2))
              return { value: { y, state: state.tensors } }
            },
            { params, x: extreme(x) },
          )
          const gradients = pull(treeMap(value, (tensor) => tf.onesLike(tensor)))
          for (const [path, tensor] of treeEntries({ value, gradients }))
            expect(tensor.dataSync().every(Number.isFinite), path).toBe(true)
        })
      })
    })

    holdDriftOfBf16(kind, sizes, step)

    it('says how many parameters it has', () => {
      tf.tidy(() => {
        const mixer = kind(sizes)
        expect(treeSize(mixer.init(createRandom(1)))).toBe(mixer.parameterCount)
      })
    })

    it('says how large its state is', () => {
      tf.tidy(() => {
        const { mixer, params, x } = setUp()
        const { state } = mixer.read(params, x, mixer.start(params, 2))
        const bytes = Object.values(state.tensors).reduce((sum, t) => sum + t.size * 4, 0)
        expect(bytes).toBe(2 * mixer.stateBytes(length))
      })
    })

    it('counts operations', () => {
      const mixer = kind(sizes)
      for (const position of [1, 2, length, 1 << 20]) {
        expect(mixer.flops(position)).toBeGreaterThan(0)
        expect(Number.isSafeInteger(mixer.flops(position))).toBe(true)
      }
    })

    it('leaves no tensor behind', () => {
      const before = liveTensors()
      tf.tidy(() => {
        const { mixer, params, x } = setUp()
        mixer.read(params, x, mixer.start(params, 2))
      })
      expect(liveTensors()).toBe(before)
    })
  })
}

const rootMeanSquare = (x: Tensor): number => Math.sqrt(dot(x, x) / x.size)

/** In float64. */
function dot(a: Tensor, b: Tensor): number {
  const [left, right] = [a.dataSync(), b.dataSync()]
  let sum = 0
  for (let i = 0; i < left.length; i++) sum += left[i] * right[i]
  return sum
}

const unit = (x: Tensor): Tensor => tf.div(x, Math.sqrt(dot(x, x)) || 1)
