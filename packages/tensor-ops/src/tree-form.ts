import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu'
import type { Random } from './random'
import { tf } from './tf'
import type { TensorTree } from './tree'

/** A tfjs backend that holds no values: kernels find zeros where there are some to read. */
class FormBackend extends MathBackendCPU {
  override write(_values: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
    const dataId = {}
    const data = {
      dtype,
      refCount: 1,
      get values() {
        return tf.util.makeZerosTypedArray(tf.util.sizeFromShape(shape), dtype as 'float32')
      },
    }
    this.data.set(dataId, data as never)
    return dataId
  }

  override makeTensorInfo(shape: number[], dtype: tf.DataType): tf.TensorInfo {
    return { dataId: this.write([] as never, shape, dtype), shape, dtype }
  }
}

const backendName = 'form'
let registered = false

function registerBackend(): void {
  if (registered) return
  registered = true
  tf.registerBackend(backendName, () => new FormBackend(), 0)
  tf.copyRegisteredKernels('cpu', backendName)
}

/** Whether what is made now counts for its form alone, so that drawing its values is in vain. */
export const isForm = (): boolean => tf.getBackend() === backendName

/** Draws nothing. */
const zeros: Random = {
  uniform: () => 0,
  integer: () => 0,
  normal: () => 0,
  shuffle: (array) => array,
  state: () => ({ state: [0, 0, 0, 0], spareNormal: null }),
}

/**
 * The form of a tree: its tensors' shapes and types without their values, which are neither computed nor held. The tensors
 * are disposed.
 *
 * @param make makes the tree from numbers that it draws and of no tensor that was there before, like a decoder's `init`
 */
export function treeForm<T extends TensorTree>(make: (random: Random) => T): T {
  registerBackend()
  const before = tf.getBackend()
  let form: T | undefined
  // Both are done when they return: none of these backends has to be waited for.
  void tf.setBackend(backendName)
  try {
    tf.tidy(() => {
      form = make(zeros)
    })
  } finally {
    void tf.setBackend(before)
  }
  return form!
}
