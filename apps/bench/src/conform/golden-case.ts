import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import {
  decodeSafetensors,
  fromPlainTensor,
  readTensors as readAll,
  relativeError,
  tf,
  type PlainTensors,
  type Tensor,
  type Tensors,
} from '@ttt-e2e/tensor-ops'

/** One golden case: NAME.json says what it is, NAME.safetensors holds its numbers. */
export interface GoldenCase {
  name: string
  folder: string
  kind: string
  description: Record<string, unknown>
  tensors: PlainTensors
}

/** What one case showed: the worst error over everything compared, against its tolerance. */
export interface Verdict {
  /** What had the worst error, as a share of its tolerance. */
  worst: string
  error: number
  tolerance: number
}

/** Cases whose numbers are whole, and stand in their JSON alone, by name. */
const kindsOfData: Readonly<Record<string, string>> = { batches: 'batches', index_shuffle: 'index-shuffle' }

/** The paths (without ending) of the golden cases below a folder, sorted. */
export function findCases(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory() || (entry.isSymbolicLink() && statSync(path).isDirectory()))
        return findCases(path)
      const stem = path.replace(/\.json$/, '')
      const isCase = existsSync(`${stem}.safetensors`) || Object.hasOwn(kindsOfData, basename(stem))
      return path !== stem && isCase ? [stem] : []
    })
    .sort()
}

/** The case's description, or undefined where the JSON beside the tensors isn't one of a golden case. */
export function readDescription(stem: string): Record<string, unknown> | undefined {
  const description = JSON.parse(readFileSync(`${stem}.json`, 'utf8')) as Record<string, unknown>
  if (typeof description.kind === 'string') return description
  const kind = kindByPlace(stem, description)
  return kind === undefined ? undefined : { ...description, kind }
}

/** What is expected of a model in the folder, or of one in a file that the description knows. */
function kindByPlace(stem: string, description: Record<string, unknown>): string | undefined {
  if (Object.hasOwn(kindsOfData, basename(stem))) return kindsOfData[basename(stem)]
  if (stem.endsWith('-expected') && existsSync(stem.replace(/-expected$/, ''))) return 'orbax'
  if (basename(stem) !== 'expected') return undefined
  if (existsSync(join(stem, '..', 'config.json'))) return 'hugging-face'
  return 'tokenization' in description && 'long_text' in description ? 'smollm2' : undefined
}

export function readCase(stem: string, description: Record<string, unknown>): GoldenCase {
  return {
    name: basename(stem),
    folder: join(stem, '..'),
    kind: String(description.kind),
    description,
    tensors: existsSync(`${stem}.safetensors`) ? readTensors(stem) : {},
  }
}

export const readTensors = (stem: string): PlainTensors =>
  decodeSafetensors(readFileSync(`${stem}.safetensors`)).tensors

/** The tensors whose names begin with `prefix` and a dot, by the rest of their names; an enclosing tidy frees them. */
export const tensorsUnder = ({ tensors }: GoldenCase, prefix: string): Tensors =>
  Object.fromEntries(
    Object.entries(tensors)
      .filter(([name]) => name.startsWith(`${prefix}.`))
      .map(([name, plain]) => [name.slice(prefix.length + 1), fromPlainTensor(plain)]),
  )

/** Values, or those among all that are as good which lie nearest to ours. */
type Expected = ArrayLike<number> | ((ours: ArrayLike<number>) => ArrayLike<number>)

/** Collects comparisons; the verdict is the one furthest into its tolerance. */
export class Comparisons {
  private verdict: Verdict = { worst: 'nothing compared', error: Infinity, tolerance: 0 }
  private count = 0
  private unread: { what: string; tensor: Tensor; expected: Expected; tolerance: number }[] = []

  /** Relative L2 error against the expected values; the plain norm where those are all zero. */
  compare(what: string, actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
    this.add(what, relativeError(actual, expected), tolerance)
  }

  /** Largest absolute difference, as a share of `scale`. */
  compareLargest(
    what: string,
    actual: ArrayLike<number>,
    expected: ArrayLike<number>,
    tolerance: number,
    scale = 1,
  ): void {
    this.add(what, largestDifference(actual, expected) / scale, tolerance)
  }

  private add(what: string, error: number, tolerance: number): void {
    const { error: worst, tolerance: allowed } = this.verdict
    if (this.count++ === 0 || error / tolerance > worst / allowed)
      this.verdict = { worst: what, error, tolerance }
  }

  /** Like `compare`, of the values that a tensor has now, once `readAll` has waited for those of all. */
  compareTensor(what: string, tensor: Tensor, expected: Expected, tolerance: number): void {
    // A clone outlives an enclosing tidy.
    this.unread.push({ what, tensor: tf.keep(tf.clone(tensor)), expected, tolerance })
  }

  async readAll(): Promise<void> {
    const { unread } = this
    this.unread = []
    const values = await readAll(unread.map(({ tensor }) => tensor))
    unread.forEach(({ what, tensor, expected, tolerance }, i) => {
      const wanted = typeof expected === 'function' ? expected(values[i]) : expected
      this.compare(what, values[i], wanted, tolerance)
      tensor.dispose()
    })
  }

  result(): Verdict {
    return this.verdict
  }
}

/** Infinite where lengths or finiteness differ. */
function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = a.length === b.length ? 0 : Infinity
  for (let i = 0; i < b.length; i++) {
    const difference = Math.abs(a[i] - b[i])
    most = Number.isNaN(difference) ? Infinity : Math.max(most, difference)
  }
  return most
}

export const passes = ({ error, tolerance }: Verdict): boolean => error <= tolerance
