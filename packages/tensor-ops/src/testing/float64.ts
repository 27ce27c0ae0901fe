import { tf } from '../tf'

/**
 * Runs `run` with tfjs's cpu backend computing in float64: its kernels make their arrays through the global
 * `Float32Array`, which stands for `Float64Array` meanwhile, until the promise settles where `run` returns one. Only
 * under the engine `cpu`, only for tensors made inside, and nothing else may run in this process at the same time.
 */
export function inFloat64<T>(run: () => T): T {
  const single = globalThis.Float32Array
  const { platform } = tf.env()
  const { isTypedArray } = platform
  globalThis.Float32Array = Float64Array as unknown as Float32ArrayConstructor
  platform.isTypedArray = (a): a is Float32Array =>
    a instanceof Float64Array || isTypedArray.call(platform, a)
  const restore = () => {
    globalThis.Float32Array = single
    platform.isTypedArray = isTypedArray
  }
  let result: T
  try {
    result = run()
  } catch (error) {
    restore()
    throw error
  }
  if (result instanceof Promise) return result.finally(restore) as T
  restore()
  return result
}
