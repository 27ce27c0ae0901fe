import type { Attributes, Shapes } from '@ttt-e2e/tensor-ops'
import { sizeOf } from '../engines/size-of'
import type { TaskMemory, TaskTokens } from './parts'

const mostTasks = 65535

/**
 * Whether a GPU takes a call of tasks, or why not.
 *
 * @param sizesOf a call's sizes
 * @param memoryOf what a kernel takes for these, on a GPU whose kernels may get so many bytes of a buffer
 */
export const taskSupports =
  <Sizes extends TaskTokens>(
    sizesOf: (inputs: Shapes, attributes: Attributes) => Sizes,
    memoryOf: (sizes: Sizes, mostBytes: number) => TaskMemory,
  ) =>
  (
    inputs: Shapes,
    attributes: Attributes,
    { maxStorageBufferBindingSize: most }: Pick<GPUSupportedLimits, 'maxStorageBufferBindingSize'>,
  ): true | string => {
    const sizes = sizesOf(inputs, attributes)
    const { values, row } = memoryOf(sizes, most)
    const tasks = sizes.batch * sizes.heads
    if (tasks > mostTasks) return `it has ${tasks} heads of sequences, a GPU starts ${mostTasks} workgroups`
    const largest =
      4 * Math.max(tasks * values, tasks * sizes.length * row, ...Object.values(inputs).map(sizeOf))
    return largest <= most || `it takes a buffer of ${largest} bytes, a kernel of this GPU may get ${most}`
  }
