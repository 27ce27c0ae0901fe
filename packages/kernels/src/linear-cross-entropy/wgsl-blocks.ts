import { outputAsInput, rangeStep, type Part, type PartBuffer, type Range } from '../engines/webgpu/kernel'
import { productPart, rowMajor, transposed } from '../engines/webgpu/product'
import { fillParts } from '../engines/webgpu/stock/fill'

/** Logits that stand at a time: 64 MiB. */
const mostLogits = 2 ** 24

/** Consecutive rows of hidden states. */
export interface Block {
  first: number
  rows: number
}

/**
 * The products with a head of [vocabulary, width] for a block of rows at a time, of whose logits no more than a bounded
 * number stand, and of whose weights no kernel gets more than it may. What several products go to is their sum.
 */
export class HeadBlocks {
  readonly blocks: readonly Block[]
  readonly parts: Part[] = []
  /** Logits of the largest block. */
  readonly logits: number
  private readonly words: readonly { from: number; count: number; range?: Range }[]
  private readonly begun = new Set<string>()

  /** @param mostBytes what a kernel may get of a buffer */
  constructor(
    rows: number,
    private readonly width: number,
    private readonly vocabulary: number,
    private readonly mostBytes: number,
  ) {
    const most = Math.max(1, Math.floor(Math.min(mostLogits, mostBytes / 4) / Math.max(1, vocabulary)))
    const count = Math.ceil(rows / most)
    const each = Math.ceil(rows / Math.max(1, count))
    this.blocks = Array.from({ length: count }, (_, i) => ({
      first: i * each,
      rows: Math.min(each, rows - i * each),
    }))
    this.logits = each * vocabulary
    this.words = rangesOf(vocabulary, width, mostBytes)
  }

  /** logits += x · weightᵀ */
  toLogits({ first, rows }: Block, x: PartBuffer, weight: PartBuffer, logits: number): void {
    const { width, vocabulary } = this
    for (const { from, count, range } of this.words)
      this.parts.push(
        productPart(
          rowMajor(x, width, { start: first * width }),
          transposed(rowMajor(weight, width, { range })),
          { output: logits, start: from, width: vocabulary },
          { rows, columns: count, depth: width, accumulate: this.isBegun(logits, first, from) },
        ),
      )
  }

  /** hidden += logits · weight */
  toHidden({ first, rows }: Block, logits: number, weight: PartBuffer, hidden: number): void {
    const { width, vocabulary } = this
    for (const { from, count, range } of this.words)
      this.parts.push(
        productPart(
          rowMajor(outputAsInput(logits), vocabulary, { start: from }),
          rowMajor(weight, width, { range }),
          { output: hidden, start: first * width },
          { rows, columns: width, depth: count, accumulate: this.isBegun(hidden, first) },
        ),
      )
  }

  /** weight += logitsᵀ · x */
  toWeight({ first, rows }: Block, logits: number, x: PartBuffer, weight: number): void {
    const { width, vocabulary } = this
    for (const { from, count, range } of this.words)
      this.parts.push(
        productPart(
          transposed(rowMajor(outputAsInput(logits), vocabulary, { start: from })),
          rowMajor(x, width, { start: first * width }),
          { output: weight, range },
          { rows: count, columns: width, depth: rows, accumulate: this.isBegun(weight, from) },
        ),
      )
  }

  /** Logits of zero. */
  zeros(logits: number, { rows }: Block): void {
    this.parts.push(...fillParts(rows * this.vocabulary, 0, this.mostBytes, logits))
  }

  /** Logits of the next block go to the place of these. */
  clear(logits: readonly number[]): void {
    for (const key of this.begun) if (logits.includes(Number(key.split(' ')[0]))) this.begun.delete(key)
  }

  /** Zeros for an output that nothing went to. */
  finish(output: number, size: number): void {
    if (![...this.begun].some((key) => key.startsWith(`${output} `)))
      this.parts.push(...fillParts(size, 0, this.mostBytes, output))
  }

  private isBegun(...of: readonly number[]): boolean {
    const key = of.join(' ')
    const known = this.begun.has(key)
    this.begun.add(key)
    return known
  }
}

/** Rows of a matrix, cut so that none is larger than a kernel's buffer may be. */
function rangesOf(rows: number, width: number, mostBytes: number) {
  if (rows * width * 4 <= mostBytes) return [{ from: 0, count: rows }]
  const each = Math.floor(mostBytes / (4 * width) / rangeStep) * rangeStep
  return Array.from({ length: Math.ceil(rows / each) }, (_, i) => {
    const from = i * each
    const count = Math.min(each, rows - from)
    return { from, count, range: { start: from * width, count: count * width } }
  })
}
