/** The JSON form of a random stream's position. */
export interface RandomState {
  state: [number, number, number, number]
  spareNormal: number | null
}

export interface Random {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number
  /** Uniform integer in [0, n). */
  integer(n: number): number
  /** Standard normal (Box–Muller). */
  normal(): number
  /** Shuffles in place (Fisher–Yates) and returns the same array. */
  shuffle<T>(array: T[]): T[]
  state(): RandomState
}

function splitmix32(seed: number): () => number {
  let a = seed | 0
  return () => {
    a = (a + 0x9e3779b9) | 0
    let t = a ^ (a >>> 16)
    t = Math.imul(t, 0x21f0aaad)
    t ^= t >>> 15
    t = Math.imul(t, 0x735a2d97)
    return (t ^ (t >>> 15)) >>> 0
  }
}

/** Derives an independent 32-bit seed from a seed and a path of whole numbers, e.g. `fold(seed, epoch, document)`. */
export function fold(seed: number, ...path: number[]): number {
  let hash = splitmix32(seed)()
  for (const part of path) {
    hash = splitmix32(hash ^ (part | 0))()
    hash = splitmix32(hash ^ (Math.floor(part / 2 ** 32) | 0))()
  }
  return hash
}

/** A seeded random stream (xoshiro128**, Blackman and Vigna 2018): the same seed gives the same numbers everywhere. */
export function createRandom(seed: number): Random {
  const next = splitmix32(seed)
  return restoreRandom({ state: [next(), next(), next(), next()], spareNormal: null })
}

/** Continues a stream from `Random.state()`. */
export function restoreRandom(from: RandomState): Random {
  let [a, b, c, d] = from.state
  let spareNormal = from.spareNormal
  const next = () => {
    const x = Math.imul(b, 5)
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = (d << 11) | (d >>> 21)
    return result
  }
  const uniform = () => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992
  const integer = (n: number) => Math.floor(uniform() * n)
  return {
    uniform,
    integer,
    normal() {
      if (spareNormal !== null) {
        const value = spareNormal
        spareNormal = null
        return value
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()))
      const angle = 2 * Math.PI * uniform()
      spareNormal = radius * Math.sin(angle)
      return radius * Math.cos(angle)
    },
    shuffle(array) {
      for (let i = array.length - 1; i > 0; i--) {
        const j = integer(i + 1)
        ;[array[i], array[j]] = [array[j], array[i]]
      }
      return array
    },
    state: () => ({ state: [a >>> 0, b >>> 0, c >>> 0, d >>> 0], spareNormal }),
  }
}
