import { tf } from '../tf'

/** Bytes. */
export interface EngineMemory {
  /** In tensors and what is kept beside them. */
  live: number
  /** Taken from the system for them, in use or not. */
  reserved: number
  /** What there can be at most; Infinity where the engine can't tell. */
  limit: number
}

/** Of a backend that keeps each tensor in an array of its own. */
export function memoryOfTensors(): EngineMemory {
  const { numBytes } = tf.memory()
  return { live: numBytes, reserved: numBytes, limit: Infinity }
}
