/**
 * The number at `index` of a permutation of 0 … count − 1 that a seed draws: Grain's `index_shuffle` of four rounds, by
 * which the authors' loader orders its samples. A Feistel network of Simon's round function permutes all numbers of an
 * even count of bits, and is applied until the result is below `count`.
 *
 * @param index from 0 to count − 1
 * @param count up to 2³²
 * @param seed of 32 bits
 */
export function indexShuffle(index: number, count: number, seed: number): number {
  if (count === 1) return 0
  const bits = Math.ceil(Math.log2(count - 1))
  const word = Math.max(16, bits + (bits % 2)) / 2
  const base = 2 ** word
  const mask = base - 1
  const keys = seedSequence(seed)
  const rotate = (x: number, by: number) => ((x << by) | (x >>> (word - by))) & mask
  const mix = (x: number) => (rotate(x, 1) & rotate(x, 8)) ^ rotate(x, 2)
  for (let at = index; ;) {
    let left = Math.floor(at / base) & mask
    let right = at % base
    for (let round = 0; round < rounds; round += 2) {
      left ^= mix(right) ^ (keys[round] & mask)
      right ^= mix(left) ^ (keys[round + 1] & mask)
    }
    at = left * base + right
    if (at < count) return at
  }
}

const rounds = 4

/** Four words of C++'s `std::seed_seq{seed}` (ISO C++ [rand.util.seedseq]). */
function seedSequence(seed: number): Uint32Array {
  const words = new Uint32Array(rounds).fill(0x8b8b8b8b)
  const place = (k: number) => (k + rounds) % rounds
  const stir = (x: number) => x ^ (x >>> 27)
  for (let k = 0; k < rounds; k++) {
    const a = Math.imul(1664525, stir(words[place(k)] ^ words[place(k + 1)] ^ words[place(k - 1)]))
    const b = a + (k === 0 ? 1 : k === 1 ? 1 + seed : k)
    words[place(k + 1)] += a
    words[place(k + 2)] += b
    words[place(k)] = b
  }
  for (let k = 0; k < rounds; k++) {
    const c = Math.imul(1566083941, stir((words[place(k)] + words[place(k + 1)] + words[place(k - 1)]) | 0))
    const d = c - k
    words[place(k + 1)] ^= c
    words[place(k + 2)] ^= d
    words[place(k)] = d
  }
  return words
}
