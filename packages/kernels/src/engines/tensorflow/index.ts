import { registerEngine, tf } from '@ttt-e2e/tensor-ops'
import { createRequire } from 'node:module'
import { totalmem } from 'node:os'
import { findTensorflow, type Tensorflow } from './find-tensorflow'

let found: Tensorflow | string | undefined

/** Loaded when first asked for, as that takes most of a second and 0.4 GB; or the reason why there is none. */
const tensorflow = () => (found ??= findTensorflow(createRequire(import.meta.url)))

registerEngine({
  name: 'tensorflow',
  // Behind the engines with kernels of fused ops, before the one that can't use a GPU.
  rank: 35,
  flushesSubnormals: true,
  async probe() {
    const loaded = tensorflow()
    return typeof loaded === 'string' ? loaded : true
  },
  async worthIt() {
    const loaded = tensorflow()
    return typeof loaded === 'object' && !loaded.usesGpu
      ? 'TensorFlow found no GPU that it can use here'
      : true
  },
  async create() {
    const loaded = tensorflow()
    if (typeof loaded === 'string') throw new Error(loaded)
    const { packageName, version, usesGpu, passedOver } = loaded
    const because = passedOver.length > 0 ? ` (${passedOver.join('; ')})` : ''
    return `TensorFlow ${version} on ${usesGpu ? 'a GPU' : 'the processor'}, by ${packageName}${because}`
  },
  memory() {
    const { numBytes } = tf.memory()
    const onProcessor = typeof found === 'object' && !found.usesGpu
    // What TensorFlow keeps besides, and what a GPU has, it doesn't tell.
    return { live: numBytes, reserved: numBytes, limit: onProcessor ? processorMemory : Infinity }
  },
})

const processorMemory = Math.min(totalmem(), process.constrainedMemory() || Infinity)
