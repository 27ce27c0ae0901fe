/** Dimensions that several buffers are gone through in, each with a stride per buffer. */
export interface Walk {
  shape: number[]
  /** For each buffer and dimension: how far its values are apart, 0 where it has one for all. */
  strides: number[][]
}

/** The same walk in as few dimensions as there can be, one at least. */
export function collapsed({ shape, strides }: Walk): Walk {
  const result: Walk = { shape: [], strides: strides.map(() => []) }
  shape.forEach((length, d) => {
    if (length === 1) return
    const last = result.shape.length - 1
    if (last >= 0 && result.strides.every((own, b) => own[last] === strides[b][d] * length)) {
      result.shape[last] *= length
      result.strides.forEach((own, b) => (own[last] = strides[b][d]))
      return
    }
    result.shape.push(length)
    result.strides.forEach((own, b) => own.push(strides[b][d]))
  })
  if (result.shape.length > 0) return result
  return { shape: [1], strides: strides.map(() => [0]) }
}

/**
 * WGSL that splits `rest` into places of the walk whose words begin at `at`: its rank, its shape, then the strides of each
 * buffer, added up in the variables that are named.
 */
export const walkCode = (variables: readonly string[], at: string, rest: string): string => `
  {
    let rank = param(${at});
    var rest = ${rest};
    for (var d = rank; d > 0u; d--) {
      let length = param(${at} + d);
      let coordinate = rest % length;
      rest = rest / length;
${variables.map((name, b) => `      ${name} += coordinate * param(${at} + d + rank * ${b + 1}u);`).join('\n')}
    }
  }`

export const walkWords = ({ shape, strides }: Walk): number[] => [shape.length, ...shape, ...strides.flat()]
