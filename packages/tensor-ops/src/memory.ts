import { engineMemory } from './engine/registry'
import { tf } from './tf'

/** Bytes that the active engine holds in tensors. */
export const liveBytes = (): number => engineMemory().live

export const liveTensors = (): number => tf.memory().numTensors
