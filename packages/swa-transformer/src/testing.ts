import { beforeAll, describe, expect, it, vi } from 'vitest'
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
  type ProgramBackend,
  type Tensor,
  type TensorTree,
} from '@ttt-e2e/tensor-ops'
import '@ttt-e2e/kernels/engines'
import { useEngine } from '@ttt-e2e/tensor-ops/testing'
import { holdDriftOfBf16 } from './bf16-drift'
import type { MixerKind, MixerSizes, SequenceMixer, SequenceState } from './mixer'

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

/** What a read is given where its sequences have read so many tokens each. */
const at = (...positions: number[]) => ({ position: tf.tensor1d(positions, 'int32') })
/** See `SequenceMixer.reserve`. */
const withRoom = (mixer: SequenceMixer, state: SequenceState, tokens: number): SequenceState =>
  mixer.reserve?.(state, tokens) ?? state
/** The outputs and the state of two sequences that a mixer reads from their first token on. */
const readWhole = (mixer: SequenceMixer, params: TensorTree, x: Tensor) =>
  mixer.read(params, x, mixer.start(params, 2), at(0, 0))

/**
 * The tests that every mixer passes: causality, pieces equal the whole, rows at different positions equal each alone,
 * programs that replay, states that can be kept, gradients through the state and against finite differences, finite
 * numbers at extremes, little drift in bf16, and counts that are true.
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
      const [batch, total] = x.shape
      let state = withRoom(mixer, mixer.start(params, batch), total!)
      const outputs: Tensor[] = []
      for (let start = 0, i = 0; start < total!; i++) {
        const end = Math.min(total!, start + pieces[i % pieces.length])
        const read = program(
          { owner: mixer, key: 'read' },
          ({ params, x, state, position }) => mixer.read(params, x, state, { position }),
          { params, x: part(x, start, end), state, position: tf.fill([batch], start, 'int32') },
        )
        outputs.push(read.y)
        state = read.state
        start = end
      }
      return { y: tf.concat(outputs, 1), state }
    }

    it('sees no future', () => {
      tf.tidy(() => {
        const { mixer, params, x } = setUp()
        const read = (input: Tensor) => readWhole(mixer, params, input).y
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
        const before = withRoom(mixer, readWhole(mixer, params, part(x, 0, 9)).state, length)
        const restored = treeMap(before, (leaf) => tf.tensor(leaf.dataSync().slice(), leaf.shape))
        const rest = part(x, 9, length)
        expect(mixer.read(params, rest, restored, at(9, 9)).y.dataSync()).toEqual(
          mixer.read(params, rest, before, at(9, 9)).y.dataSync(),
        )
      })
    })

    it('passes gradients from later tokens through the state, as within one read', () => {
      tf.tidy(() => {
        const { mixer, params, x } = setUp()
        const cut = 9
        const loss = (y: Tensor) => tf.sum(tf.square(part(y, cut, length)))
        const whole = vjp((input: Tensor) => ({ value: loss(readWhole(mixer, params, input).y) }), x)
        const inTwo = vjp((input: Tensor) => {
          const { state } = readWhole(mixer, params, part(input, 0, cut))
          const again = withRoom(mixer, state, length)
          const { y } = mixer.read(params, part(input, cut, length), again, at(cut, cut))
          return { value: tf.sum(tf.square(y)) }
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
        const outputOf = (point: Point) => readWhole(mixer, point.params, point.x).y
        const { pull } = vjp((point: Point) => ({ value: outputOf(point) }), { params, x })
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
            const whole = readWhole(mixer, params, x)
            const parts = readInPieces(mixer, params, x, pieces)
            expect(relativeErrorOf(parts.y, whole.y)).toBeLessThan(tolerance)
            const expected = withRoom(mixer, whole.state, length)
            for (const [key, tensor] of Object.entries(expected))
              expect(relativeErrorOf(parts.state[key], tensor), key).toBeLessThan(tolerance)
            expect(Object.keys(parts.state)).toEqual(Object.keys(expected))
          })
        },
      )

      it.each([1, 5])('reads rows at different positions, %i tokens at once, as each alone', (count) => {
        tf.tidy(() => {
          const { mixer, params, x } = setUp()
          const positions = [3, length - count]
          const rows = tf.split(x, 2)
          const readRow = (row: number, end: number) =>
            readInPieces(mixer, params, part(rows[row], 0, end), [4])
          const states = positions.map((end, row) => withRoom(mixer, readRow(row, end).state, length))
          const state = Object.fromEntries(
            Object.keys(states[0]).map((key) => [key, tf.concat(states.map((each) => each[key]))]),
          )
          const next = tf.concat(positions.map((start, row) => part(rows[row], start, start + count)))
          const read = mixer.read(params, next, state, at(...positions))
          positions.forEach((start, row) => {
            const alone = readRow(row, start + count)
            const y = part(alone.y, start, start + count)
            expect(relativeErrorOf(tf.split(read.y, 2)[row], y), `row ${row}`).toBeLessThan(tolerance)
            for (const [key, tensor] of Object.entries(withRoom(mixer, alone.state, length)))
              expect(relativeErrorOf(tf.split(read.state[key], 2)[row], tensor), key).toBeLessThan(tolerance)
          })
        })
      })

      it('replays one program from the second token on, where programs are', () => {
        const { programs: backend } = tf.backend() as { programs?: ProgramBackend }
        // Plain JavaScript runs everything as written.
        expect(backend === undefined).toBe(engine === 'cpu')
        if (!backend) return
        const [record, compile] = [vi.spyOn(backend, 'record'), vi.spyOn(backend, 'compile')]
        tf.tidy(() => {
          const { mixer, params, x } = setUp()
          readInPieces(mixer, params, x, [1])
        })
        expect(record).toHaveBeenCalledTimes(1)
        expect(compile.mock.results.map(({ value }) => typeof value)).toEqual(['object'])
        record.mockRestore()
        compile.mockRestore()
      })

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
            (point: Point) => ({ value: readWhole(mixer, point.params, point.x) as TensorTree }),
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
        const state = withRoom(mixer, readWhole(mixer, params, x).state, length)
        const bytes = Object.values(state).reduce((sum, t) => sum + t.size * 4, 0)
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
        readWhole(mixer, params, x)
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
