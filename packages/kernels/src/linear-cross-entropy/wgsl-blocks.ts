import type { GpuBackend } from '../engines/webgpu/backend'
import { outputAsInput, type Part, type PartBuffer } from '../engines/webgpu/kernel'
import { rowMajor, transposed, type Factor, type Target } from '../engines/webgpu/product'
import { productParts } from '../engines/webgpu/product-parts'
import { fillParts } from '../engines/webgpu/stock/fill'

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
  private readonly begun = new Set<string>()

  /** @param gpu what a kernel may get of a buffer, how many logits may stand at a time, and what products take */
  constructor(
    rows: number,
    private readonly width: number,
    private readonly vocabulary: number,
    private readonly gpu: Pick<GpuBackend, 'mostBound' | 'tiles' | 'precision'>,
  ) {
    const { logits } = gpu.tiles.linearCrossEntropy
    const most = Math.max(1, Math.floor(Math.min(logits, gpu.mostBound / 4) / Math.max(1, vocabulary)))
    const count = Math.ceil(rows / most)
    const each = Math.ceil(rows / Math.max(1, count))
    this.blocks = Array.from({ length: count }, (_, i) => ({
      first: i * each,
      rows: Math.min(each, rows - i * each),
    }))
    this.logits = each * vocabulary
  }

  /** logits += x · weightᵀ */
  toLogits({ first, rows }: Block, x: PartBuffer, weight: PartBuffer, logits: number): void {
    const { width, vocabulary } = this
    this.add(
      rowMajor(x, width, { start: first * width }),
      transposed(rowMajor(weight, width)),
      { output: logits },
      { rows, columns: vocabulary, depth: width },
    )
  }

  /** hidden += logits · weight */
  toHidden({ first, rows }: Block, logits: number, weight: PartBuffer, hidden: number): void {
    const { width, vocabulary } = this
    this.add(
      rowMajor(outputAsInput(logits), vocabulary),
      rowMajor(weight, width),
      { output: hidden, start: first * width },
      { rows, columns: width, depth: vocabulary },
    )
  }

  /** weight += logitsᵀ · x */
  toWeight({ first, rows }: Block, logits: number, x: PartBuffer, weight: number): void {
    const { width, vocabulary } = this
    this.add(
      transposed(rowMajor(outputAsInput(logits), vocabulary)),
      rowMajor(x, width, { start: first * width }),
      { output: weight },
      { rows: vocabulary, columns: width, depth: rows },
    )
  }

  private add(
    a: Factor,
    b: Factor,
    y: Target,
    sizes: { rows: number; columns: number; depth: number },
  ): void {
    const key = `${y.output} ${y.start ?? 0}`
    const accumulate = this.begun.has(key)
    this.begun.add(key)
    this.parts.push(...productParts(a, b, y, { ...sizes, accumulate }, this.gpu))
  }

  /** Logits of zero. */
  zeros(logits: number, { rows }: Block): void {
    this.parts.push(...fillParts(rows * this.vocabulary, 0, this.gpu.mostBound, logits))
  }

  /** Logits of the next block go to the place of these. */
  clear(logits: readonly number[]): void {
    for (const key of this.begun) if (logits.includes(Number(key.split(' ')[0]))) this.begun.delete(key)
  }

  /** Zeros for an output that nothing went to. */
  finish(output: number, size: number): void {
    if (![...this.begun].some((key) => key.startsWith(`${output} `)))
      this.parts.push(...fillParts(size, 0, this.gpu.mostBound, output))
  }
}
