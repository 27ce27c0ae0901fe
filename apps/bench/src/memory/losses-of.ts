import type { Memory, Model } from '@ttt-e2e/checkpoint'

/** Nats of each token read, given all before it; NaN for a memory's very first. */
export async function lossesOf(
  model: Model,
  tokens: Int32Array,
  learn: boolean,
  memory?: Memory,
): Promise<Float32Array> {
  const losses: number[] = []
  const read = await model.read(tokens, {
    memory,
    learn,
    pieceLength: 1024,
    onProgress: (progress) => losses.push(...progress.losses),
  })
  if (!memory) read.dispose()
  return Float32Array.from(losses)
}

export const mean = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum / values.length
}
