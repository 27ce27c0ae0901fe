import type { ReaderContext } from '../probe'

/**
 * Mean nats at each place within a chunk, over all whole chunks but the first, which nothing was learned before.
 *
 * @returns [documents][chunk]
 */
export async function measureInChunk({ benchmark, heldOutLosses }: ReaderContext): Promise<number[][]> {
  const { chunk } = benchmark.recipe.size
  return (await heldOutLosses()).map((nats) => byPlace(nats, chunk))
}

function byPlace(nats: Float32Array, chunk: number): number[] {
  const chunks = Math.floor(nats.length / chunk) - 1
  return Array.from({ length: chunk }, (_, place) => {
    let sum = 0
    for (let i = 1; i <= chunks; i++) sum += nats[i * chunk + place]
    return sum / chunks
  })
}
