import { beforeAll, describe, expect, it } from 'vitest'
import {
  createRandom,
  liveTensors,
  relativeErrorOf,
  resolveEngine,
  tf,
  treeMap,
  vjp,
  type Tensor,
} from '@ttt-e2e/tensor-ops'
import {
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
}

/** The tests that every mixer passes: causality, pieces equal the whole, states that can be kept, gradients through the state. */
export function runMixerSuite(name: string, kind: MixerKind, options: MixerSuiteOptions = {}): void {
  const { length = 23, tolerance = 1e-5 } = options
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
      const params = treeMap(mixer.init(random), (leaf) => tf.mul(leaf, 10))
      const values = Float32Array.from({ length: 2 * length * sizes.hiddenSize }, () => random.normal())
      return { mixer, params, x: tf.tensor(values, [2, length, sizes.hiddenSize]) }
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
        const read = mixer.read(params, part(x, start, end), state)
        outputs.push(read.y)
        state = read.state
        start = end
      }
      return { y: tf.concat(outputs, 1), state }
    }

    it.each([[[1]], [[4]], [[7, 2]], [[22, 1]]])('reads in pieces of %j as at once', (pieces) => {
      tf.tidy(() => {
        const { mixer, params, x } = setUp()
        const whole = readInPieces(mixer, params, x, [length])
        const parts = readInPieces(mixer, params, x, pieces)
        expect(relativeErrorOf(parts.y, whole.y)).toBeLessThan(tolerance)
        for (const [key, tensor] of Object.entries(whole.state.tensors))
          expect(relativeErrorOf(parts.state.tensors[key], tensor), key).toBeLessThan(tolerance)
        expect(parts.state.meta).toEqual(whole.state.meta)
      })
    })

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

    it('says how large its state is', () => {
      tf.tidy(() => {
        const { mixer, params, x } = setUp()
        const { state } = mixer.read(params, x, mixer.start(params, 2))
        const bytes = Object.values(state.tensors).reduce((sum, t) => sum + t.size * 4, 0)
        expect(bytes).toBe(2 * mixer.stateBytes(length))
      })
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
