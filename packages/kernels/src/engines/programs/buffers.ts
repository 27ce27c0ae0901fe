/** A piece of memory as an engine knows it, told from others by identity. */
export interface Buffer {
  readonly bytes: number
}

/** A kernel's call: what it reads and writes. Engines add whatever they need to make it again. */
export interface Call<B extends Buffer> {
  readonly inputs: readonly (B | undefined)[]
  readonly outputs: readonly (B | undefined)[]
}

/** What a planner asks about an engine's kernels. */
export interface Abilities<C> {
  /** Whether a call adds two inputs, value by value, and may write the sum in the place of either. */
  isSum(call: C): boolean
  /** Whether a call can add this output to what stands in its place, with the same bits as an addition afterwards. */
  accumulates(call: C, output: number): boolean
  /** Which input a call may write this output over, if any; it then needs no copy of it. */
  overwrites(call: C, output: number): number | undefined
}

/** Where a buffer lies when a program runs. */
export interface Place {
  /**
   * `workspace`: what lives within a step; `held`: what one step leaves for the next; `output`: a result's own memory;
   * `input` and `constant` come from outside.
   */
  in: 'workspace' | 'held' | 'input' | 'constant' | 'output'
  /** Which of the inputs, constants or outputs, or which piece of the other two; 0 where these aren't in pieces. */
  index: number
  /** In bytes; 0 but for a workspace and what is held that aren't in pieces. */
  offset: number
}

export const aligned = (bytes: number, alignment: number): number => Math.ceil(bytes / alignment) * alignment
