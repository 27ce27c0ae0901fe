import { tf } from '../tf'

/**
 * Runs `run` with tfjs's cpu backend computing in float64: its kernels make their arrays through the global
 * `Float32Array`, which stands for `Float64Array` meanwhile. Synchronous; only under the engine `cpu`, and only for
 * tensors made inside.
 */
export function inFloat64<T>(run: () => T): T {
  const single = globalThis.Float32Array
  const { platform } = tf.env()
  const { isTypedArray } = platform
  globalThis.Float32Array = Float64Array as unknown as Float32ArrayConstructor
  platform.isTypedArray = (a): a is Float32Array => a instanceof Float64Array || isTypedArray.call(platform, a)
  try {
    return run()
  } finally {
    globalThis.Float32Array = single
    platform.isTypedArray = isTypedArray
  }
}
