import { coreCount } from '@ttt-e2e/tensor-ops'
import type { Work } from '../measurement'

/** What the scripts are asked for. */
export interface PeerRequest {
  size: string
  works: readonly Work[]
  systems: readonly string[]
  precision: string
  batch: number
  /** Tokens of a sequence. */
  length: number
  decodingContext: number
  reps: number
  threads?: number
}

const methods: Record<string, string> = { 'ttt-e2e': 'ttt', 'full-attention': 'fa', swa: 'swa' }
const models: Record<string, string> = { 'full-attention': 'full', swa: 'swa', mamba2: 'mamba2' }

/**
 * The command line of a script: each option that its --help names. Figures it may be asked for alone go by
 * `SIZE.MODEL.PRECISION.WORK`.
 *
 * @param outputFile where a script may leave a file
 * @returns undefined where it has nothing of what is asked for
 */
export function parametersFor(help: string, request: PeerRequest, outputFile: string): string[] | undefined {
  const { size, systems, precision, batch, length, reps, threads = coreCount() } = request
  const known = (by: Record<string, string>) => systems.flatMap((name) => by[name] ?? [])
  const figures = known(models).flatMap((model) =>
    worksOf(request).map((work) =>
      model === 'mamba2' ? `${size}.mamba2` : `${size}.${model}.${precision}.${work}`,
    ),
  )
  const options: [name: string, value: string | number][] = [
    ['--sizes', size],
    ['--methods', known(methods).join()],
    ['--only', [...new Set(figures)].join()],
    ['--dtype', precision],
    ['--batch', batch],
    ['--T', length],
    ['--reps', reps],
    ['--threads', threads],
    ['--out', outputFile],
  ]
  const taken = options.filter(([name]) => takes(help, name))
  if (taken.some(([, value]) => value === '')) return undefined
  return taken.flatMap(([name, value]) => [name, String(value)])
}

const worksOf = ({ works, decodingContext }: PeerRequest): string[] => [
  ...new Set(
    works.map((work) => {
      if (work === 'training step') return 'train_step'
      return work.startsWith('reading') ? 'prefill' : `decode${decodingContext}`
    }),
  ),
]

/** Whether a script's --help names an option. */
export const takes = (help: string, option: string): boolean =>
  new RegExp(`(^|[\\s[])${option}(?![\\w-])`, 'm').test(help)
