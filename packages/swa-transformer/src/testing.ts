import { beforeAll, describe, expect, it, vi } from 'vitest'
import {
  createRandom,
  disposeTree,
  liveTensors,
  program,
  readTensors,
  relativeError,
  resolveEngine,
  tf,
  tidy,
  treeEntries,
  treeLeaves,
  treeMap,
  treeSize,
  treeWithLeaves,
  vjp,
  type ProgramBackend,
  type Tensor,
  type TensorTree,
  type TensorValues,
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
  /**
   * Where it reads in pieces, at different positions and at extremes. Those of `MIXER_SUITE_ENGINES` (names with commas
   * between), where that is set; else cpu and native where left out.
   */
  engines?: readonly string[]
}

/** What a mixer is tested with. Tensors that its tests make are read back and freed by `valuesOf`. */
interface Subject {
  mixer: SequenceMixer
  params: ReturnType<SequenceMixer['init']>
  /** [2, length, hiddenSize] */
  x: Tensor
  normal(shape: number[]): Tensor
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
  const engines = process.env.MIXER_SUITE_ENGINES?.split(',') ?? options.engines ?? ['cpu', 'native']
  const sizes: MixerSizes = {
    hiddenSize: 16,
    heads: 2,
    ropeTheta: 10_000,
    normEpsilon: 1e-6,
    ...options.sizes,
  }
  describe(`mixer ${name}`, () => {
    beforeAll(() => resolveEngine('cpu'))
    async function withMixer(run: (subject: Subject) => Promise<void>): Promise<void> {
      const mixer = kind(sizes)
      const random = createRandom(1)
      const drawn = tidy(() => mixer.init(random))
      const values = await readTensors(treeLeaves(drawn))
      // Weights that start small are enlarged, so that everything that they lead to is seen.
      const enlarged = treeLeaves(drawn).map((leaf, i) =>
        tf.mul(leaf, rootMeanSquare(values[i]) < 0.1 ? 10 : 1),
      )
      disposeTree(drawn)
      const params = treeWithLeaves(drawn, enlarged)
      const normal = (shape: number[]) =>
        tf.tensor(
          Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal()),
          shape,
        )
      const x = normal([2, length, sizes.hiddenSize])
      try {
        await run({ mixer, params, x, normal })
      } finally {
        disposeTree([params, x])
      }
    }
    const part = (x: Tensor, start: number, end: number) => tf.slice(x, [0, start, 0], [-1, end - start, -1])

    function readInPieces(mixer: SequenceMixer, params: Subject['params'], x: Tensor, pieces: number[]) {
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

    it('sees no future', () =>
      withMixer(async ({ mixer, params, x }) => {
        const cut = 11
        const { before, changedBefore, after, changedAfter } = await valuesOf(() => {
          const changed = tf.concat([part(x, 0, cut), tf.mul(part(x, cut, length), -3)], 1)
          const [y, changedY] = [x, changed].map((input) => readWhole(mixer, params, input).y)
          return {
            before: part(y, 0, cut),
            changedBefore: part(changedY, 0, cut),
            after: part(y, cut, length),
            changedAfter: part(changedY, cut, length),
          }
        })
        expect(changedBefore.values).toEqual(before.values)
        expect(errorOf(changedAfter, after)).toBeGreaterThan(1e-2)
      }))

    it('goes on bitwise from a state that was saved as plain values', () =>
      withMixer(async ({ mixer, params, x }) => {
        const saved = await valuesOf(() =>
          withRoom(mixer, readWhole(mixer, params, part(x, 0, 9)).state, length),
        )
        const { restored, through } = await valuesOf(() => {
          const rest = part(x, 9, length)
          const goOn = (state: SequenceState) => mixer.read(params, rest, state, at(9, 9)).y
          const restoredState = Object.fromEntries(
            Object.entries(saved).map(([key, { values, shape }]) => [key, tf.tensor(values.slice(), shape)]),
          )
          return {
            restored: goOn(restoredState),
            through: goOn(withRoom(mixer, readWhole(mixer, params, part(x, 0, 9)).state, length)),
          }
        })
        expect(restored.values).toEqual(through.values)
      }))

    it('passes gradients from later tokens through the state, as within one read', () =>
      withMixer(async ({ mixer, params, x }) => {
        const cut = 9
        const { actual, expected, early } = await valuesOf(() => {
          const loss = (y: Tensor) => tf.sum(tf.square(part(y, cut, length)))
          const whole = vjp((input: Tensor) => ({ value: loss(readWhole(mixer, params, input).y) }), x)
          const inTwo = vjp((input: Tensor) => {
            const { state } = readWhole(mixer, params, part(input, 0, cut))
            const again = withRoom(mixer, state, length)
            const { y } = mixer.read(params, part(input, cut, length), again, at(cut, cut))
            return { value: tf.sum(tf.square(y)) }
          }, x)
          const expected = whole.pull(tf.scalar(1))
          return { actual: inTwo.pull(tf.scalar(1)), expected, early: part(expected, 0, cut) }
        })
        expect(errorOf(actual, expected)).toBeLessThan(10 * tolerance)
        expect(Math.sqrt(dot(early.values, early.values))).toBeGreaterThan(1e-3)
      }))

    it('has the gradient of finite differences in every parameter and the input', () =>
      withMixer(async ({ mixer, params, x, normal }) => {
        const point: Point = { params, x }
        const weights = normal([2, length, sizes.hiddenSize])
        const outputOf = ({ params, x }: Point) => readWhole(mixer, params, x).y
        const gradients = await valuesOf(() => {
          const { pull } = vjp((each: Point) => ({ value: outputOf(each) }), point)
          return Object.fromEntries(treeEntries(pull(weights)))
        })
        const given = await valuesOf(() => ({ weights: tf.clone(weights) }))
        weights.dispose()
        const leaves = treeLeaves(point)
        for (const [i, [path, leaf]] of treeEntries(point).entries()) {
          const gradient = gradients[path].values
          const { along, own } = await valuesOf(() => ({ along: normal(leaf.shape), own: tf.clone(leaf) }))
          const [first, second] = [unit(gradient), unit(along.values)]
          const direction = Float32Array.from(first, (value, k) => value + second[k])
          const step = 3e-3 * Math.max(rootMeanSquare(own.values), 0.1) * Math.sqrt(leaf.size)
          const shifted = async (by: number): Promise<number> => {
            const { y } = await valuesOf(() => {
              const moved = tf.add(leaf, tf.mul(tf.tensor(direction, leaf.shape), by))
              const all = leaves.map((each, j) => (j === i ? moved : each))
              return { y: outputOf(treeWithLeaves(point, all)) }
            })
            return dot(y.values, given.weights.values)
          }
          const measured = ((await shifted(step)) - (await shifted(-step))) / (2 * step)
          const error = Math.abs(measured - dot(gradient, direction))
          expect(error / Math.sqrt(dot(gradient, gradient)), path).toBeLessThan(1e-2)
        }
      }))

    describe.each(engines)('on %s', (engine) => {
      useEngine(engine)

      it.each([[[1]], [[4]], [[7, 2]], [[22, 1]]])(
        'reads in pieces of %j as at once, where programs replay too',
        (pieces) =>
          withMixer(async ({ mixer, params, x }) => {
            const whole = await valuesOf((): Record<string, Tensor> => {
              const { y, state } = readWhole(mixer, params, x)
              return { ...withRoom(mixer, state, length), y }
            })
            const parts = await valuesOf((): Record<string, Tensor> => {
              const { y, state } = readInPieces(mixer, params, x, pieces)
              return { ...state, y }
            })
            expect(Object.keys(parts)).toEqual(Object.keys(whole))
            for (const [key, expected] of Object.entries(whole))
              expect(errorOf(parts[key], expected), key).toBeLessThan(tolerance)
          }),
      )

      it.each([1, 5])('reads rows at different positions, %i tokens at once, as each alone', (count) =>
        withMixer(async ({ mixer, params, x }) => {
          const positions = [3, length - count]
          const together = await valuesOf(() => {
            const rows = tf.split(x, 2)
            const states = positions.map((end, row) =>
              withRoom(mixer, readInPieces(mixer, params, part(rows[row], 0, end), [4]).state, length),
            )
            const state = Object.fromEntries(
              Object.keys(states[0]).map((key) => [key, tf.concat(states.map((each) => each[key]))]),
            )
            const next = tf.concat(positions.map((start, row) => part(rows[row], start, start + count)))
            const read = mixer.read(params, next, state, at(...positions))
            const ofRows = Object.entries({ ...read.state, y: read.y }).flatMap(([key, tensor]) =>
              tf.split(tensor, 2).map((each, row): [string, Tensor] => [`${key} of row ${row}`, each]),
            )
            return Object.fromEntries(ofRows)
          })
          const alone = await valuesOf(() => {
            const rows = tf.split(x, 2)
            const ofRows = positions.flatMap((start, row) => {
              const { y, state } = readInPieces(mixer, params, part(rows[row], 0, start + count), [4])
              const all = { ...withRoom(mixer, state, length), y: part(y, start, start + count) }
              return Object.entries(all).map(([key, each]): [string, Tensor] => [
                `${key} of row ${row}`,
                each,
              ])
            })
            return Object.fromEntries(ofRows)
          })
          expect(Object.keys(together).sort()).toEqual(Object.keys(alone).sort())
          for (const [key, expected] of Object.entries(alone))
            expect(errorOf(together[key], expected), key).toBeLessThan(tolerance)
        }),
      )

      it('replays one program from the second token on, where programs are', async () => {
        const { programs: backend } = tf.backend() as { programs?: ProgramBackend }
        // Plain JavaScript runs everything as written.
        expect(backend === undefined).toBe(engine === 'cpu')
        if (!backend) return
        const [record, compile] = [vi.spyOn(backend, 'record'), vi.spyOn(backend, 'compile')]
        await withMixer(async ({ mixer, params, x }) => {
          await valuesOf(() => ({ y: readInPieces(mixer, params, x, [1]).y }))
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
      // In plain JavaScript it would take half a minute, and on a GPU of software.
      if (engine === 'native')
        extremes.push(['a long text', (x) => tf.tile(x, [1, Math.ceil(512 / length), 1])])
      it.each(extremes)('stays finite, as its gradients do, over %s', (_, extreme) =>
        withMixer(async ({ mixer, params, x }) => {
          const all = await valuesOf(() => {
            const { value, pull } = vjp(
              (point: Point) => ({ value: readWhole(mixer, point.params, point.x) as TensorTree }),
              { params, x: extreme(x) },
            )
            const gradients = pull(treeMap(value, (tensor) => tf.onesLike(tensor)))
            return Object.fromEntries(treeEntries({ value, gradients }))
          })
          for (const [path, { values }] of Object.entries(all))
            expect(values.every(Number.isFinite), path).toBe(true)
        }),
      )
    })

    holdDriftOfBf16(kind, sizes, step)

    it('says how many parameters it has', () => {
      tf.tidy(() => {
        const mixer = kind(sizes)
        expect(treeSize(mixer.init(createRandom(1)))).toBe(mixer.parameterCount)
      })
    })

    it('says how large its state is', () =>
      withMixer(async ({ mixer, params, x }) => {
        const state = await valuesOf(() => withRoom(mixer, readWhole(mixer, params, x).state, length))
        const bytes = Object.values(state).reduce((sum, { values }) => sum + values.length * 4, 0)
        expect(bytes).toBe(2 * mixer.stateBytes(length))
      }))

    it('counts operations', () => {
      const mixer = kind(sizes)
      for (const position of [1, 2, length, 1 << 20]) {
        expect(mixer.flops(position)).toBeGreaterThan(0)
        expect(Number.isSafeInteger(mixer.flops(position))).toBe(true)
      }
    })

    it('leaves no tensor behind', async () => {
      const before = liveTensors()
      await withMixer(async ({ mixer, params, x }) => {
        const own = liveTensors()
        await valuesOf(() => ({ y: readWhole(mixer, params, x).y }))
        expect(liveTensors()).toBe(own)
      })
      expect(liveTensors()).toBe(before)
    })
  })
}

interface Plain {
  shape: number[]
  values: TensorValues
}

/** What `compute` makes, read back in one go; its tensors are freed. */
async function valuesOf<T extends Record<string, Tensor>>(
  compute: () => T,
): Promise<{ [K in keyof T]: Plain }> {
  // Copies: what stays the mixer's own isn't to be freed.
  const made = tidy(() => treeMap(compute() as Record<string, Tensor>, (tensor) => tf.clone(tensor))) as T
  const names = Object.keys(made)
  const values = await readTensors(names.map((name) => made[name]))
  const plain = names.map((name, i) => [name, { shape: made[name].shape, values: values[i].slice() }])
  disposeTree(made)
  return Object.fromEntries(plain) as { [K in keyof T]: Plain }
}

const errorOf = (a: Plain, b: Plain): number =>
  a.shape.join() === b.shape.join() ? relativeError(a.values, b.values) : Infinity

const rootMeanSquare = (x: ArrayLike<number>): number => Math.sqrt(dot(x, x) / x.length)

/** In float64. */
function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

function unit(x: TensorValues): Float32Array {
  const length = Math.sqrt(dot(x, x)) || 1
  return Float32Array.from(x, (value) => value / length)
}
