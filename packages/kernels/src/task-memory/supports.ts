const mostTasks = 65535

/**
 * Whether a GPU whose kernels may get so many bytes of a buffer takes tasks, or why not.
 *
 * @param each values of a task's memory and tokens
 * @param given values of each input
 */
export function taskSupports(
  tasks: number,
  each: readonly number[],
  given: readonly number[],
  mostBytes: number,
): true | string {
  if (tasks > mostTasks) return `it has ${tasks} heads of sequences, a GPU starts ${mostTasks} workgroups`
  const largest = 4 * Math.max(...each.map((values) => tasks * values), ...given)
  return (
    largest <= mostBytes || `it takes a buffer of ${largest} bytes, a kernel of this GPU may get ${mostBytes}`
  )
}
