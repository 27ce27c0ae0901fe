/** States at the beginning of epochs, for the way back: of some they are kept, and others made again from those. */
export interface Starts {
  /** Every how many-th is kept. */
  stride: number
  kept: number
  /** States that there is room for: those kept, and those between two of them. */
  held: number
}

/**
 * All where they are of moderate size, else fewer, no fewer than of every √epochs-th.
 *
 * @param epochs the most that a task has
 * @param values of one state of all tasks
 * @param mostBytes that a kernel's buffer may have
 */
export function startsOf(epochs: number, values: number, mostBytes: number): Starts {
  const most = Math.max(1, epochs)
  const room = Math.min(2 ** 24, mostBytes / 32)
  let stride = 1
  while (stride * stride < most && Math.ceil(most / stride) * values > room) stride++
  const kept = Math.ceil(most / stride)
  return { stride, kept, held: kept + stride - 1 }
}

/** WGSL of the place of an epoch's start, the states of so many values being at `at`. */
export const startCode = ({ stride, kept }: Starts, at: number, size: number): string => `
fn startOf(index: u32) -> u32 {
  if (index % ${stride}u == 0u) { return ${at}u + index / ${stride}u * ${size}u; }
  return ${at}u + (${kept}u + index % ${stride}u - 1u) * ${size}u;
}`

/**
 * WGSL that goes from a task's last epoch to its first, `count` of them; the first start is there.
 *
 * @param enter what both do with `model`, the start that is found or gone back to, and the epoch `index`
 * @param find makes the start at `model` that comes after the epoch `index`, from that epoch's
 * @param back goes back through the epoch `index`, whose start is at `model`
 */
export const walkCode = (
  { stride }: Starts,
  { enter, find, back }: { enter: string; find: string; back: string },
): string => `
  // One loop for both, so that what they share is compiled once: starts are found while there are any to find.
  var next = 1u;
  var until = count;
  for (var left = count; left > 0u;) {
    let finding = next < until;
    let index = select(left, next, finding) - 1u;
    let model = startOf(select(index, next, finding));
    ${enter}
    if (finding) {
      ${find}
      next++;
      continue;
    }
    ${back}
    left--;
    // Of the starts before that aren't kept.
    if (index > 0u && index % ${stride}u == 0u && ${stride}u > 1u) {
      next = index + 1u - ${stride}u;
      until = index;
    }
  }`
