/** How a tensor's values lie in a GGUF file: blocks of so many values in so many bytes. */
export interface BlockType {
  name: string
  values: number
  bytes: number
}

/** The types that can be read, by their number in the file. */
export const blockTypes: ReadonlyMap<number, BlockType> = new Map(
  (
    [
      [0, 'F32', 1, 4],
      [1, 'F16', 1, 2],
      [2, 'Q4_0', 32, 18],
      [3, 'Q4_1', 32, 20],
      [6, 'Q5_0', 32, 22],
      [7, 'Q5_1', 32, 24],
      [8, 'Q8_0', 32, 34],
      [12, 'Q4_K', 256, 144],
      [13, 'Q5_K', 256, 176],
      [14, 'Q6_K', 256, 210],
      [30, 'BF16', 1, 2],
    ] as const
  ).map(([number, name, values, bytes]) => [number, { name, values, bytes }]),
)
