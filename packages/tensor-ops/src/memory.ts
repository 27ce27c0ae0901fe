import { tf } from './tf'

/** Bytes that the active engine holds in tensors. */
export function liveBytes(): number {
  const memory = tf.memory() as tf.MemoryInfo & { nativeBytes?: number }
  return memory.nativeBytes ?? memory.numBytes
}

export const liveTensors = (): number => tf.memory().numTensors
