import { tf } from '../tf'
import { replaceCpuKernels } from './cpu-kernels'
import { memoryOfTensors } from './memory'
import { registerEngine } from './registry'

replaceCpuKernels()

/** tfjs's own JavaScript backend: runs everywhere, and is the truth for tests. */
registerEngine({
  name: 'cpu',
  rank: 50,
  probe: async () => true,
  create: async () => {
    await tf.setBackend('cpu')
    // tfjs advises its Node package at the first operation; resolveEngine's line already says what runs.
    ;(tf.backend() as unknown as { firstUse: boolean }).firstUse = false
    return 'JavaScript, 1 thread'
  },
  memory: memoryOfTensors,
})
