import { Progress, untilSignal, UserError } from '@ttt-e2e/cli'
import '@ttt-e2e/kernels/engines'
import { webgpuTiling, type TiledKernel } from '@ttt-e2e/kernels/engines/webgpu'
import { formatTable, type Table } from '@ttt-e2e/report'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { makeFolder, writeFileDurably } from '@ttt-e2e/tensor-ops/files'
import { dirname } from 'node:path'
import { digits } from '../../speed-table'
import type { OpsOptions } from '../options'
import { chooseTiles, sizesOf, type Trial } from './choose-tiles'
import { tileWork } from './tile-work'

/** The op or product that `--ops` names, of a kernel with tiles. */
const opOf: Record<TiledKernel, string> = {
  product: 'product',
  productOfFewRows: 'product',
  attention: 'attention',
  attentionGradient: 'attention',
  attentionSecondGradient: 'attention',
  linearCrossEntropy: 'linear-cross-entropy',
}

/**
 * Chooses the sizes of tiles of webgpu's kernels for this adapter, by what is fastest at the shapes of a size, and keeps
 * them in the cache folder, from where the engine takes them when it starts.
 *
 * @returns the exit code: 1 where a kernel is right with none
 * @throws UserError or EngineError
 */
export async function tuneTiles({
  engines,
  sizes,
  ops,
  products,
  reps,
  precision,
  minutes = Infinity,
}: OpsOptions): Promise<number> {
  if (engines.length > 1 || !['auto', 'webgpu'].includes(engines[0]))
    throw new UserError(`--tune chooses tiles of webgpu alone; --engine is '${engines.join()}', leave it out`)
  const asked = new Set<string>([...ops, ...(products ? ['product'] : [])])
  const kernels = (Object.keys(opOf) as TiledKernel[]).filter((kernel) => asked.has(opOf[kernel]))
  if (kernels.length === 0)
    throw new UserError(`--tune with --ops ${ops.join()}: of these none has tiles; known: ${[...new Set(Object.values(opOf))].join(', ')}`) // prettier-ignore
  const progress = new Progress()
  progress.print((await resolveEngine('webgpu', { precision })).line)
  const tiling = webgpuTiling()!
  const size = sizes.at(-1)!
  return await untilSignal(progress, 'stopping; Ctrl-C again quits at once', async (signal) => {
    const until = performance.now() + 60_000 * minutes
    const trials = await chooseTiles(
      tiling,
      tileWork('webgpu', { size, reps, precision, signal }),
      kernels,
      (kernel, given) => {
        signal.throwIfAborted()
        progress.update(`${size} · ${kernel} · ${given}`)
      },
      () => performance.now() < until,
    )
    progress.clear()
    progress.print(`\n${formatTable(trialsTable(size, trials))}`)
    const tried = kernels.filter((kernel) => trials.some((trial) => trial.kernel === kernel))
    const wrong = tried.filter((kernel) => !trials.some((trial) => trial.kernel === kernel && trial.chosen))
    if (performance.now() >= until)
      progress.print(`the ${minutes} minutes were over: ${kernels.length - tried.length} of ${counted(kernels.length, 'kernel')} not tried`) // prettier-ignore
    for (const kernel of wrong)
      progress.print(`${kernel} keeps ${sizesOf(tiling.tiles[kernel])}: none was right`)
    if (wrong.length < tried.length) {
      const { path, text } = tiling.toKeep()
      makeFolder(dirname(path))
      // Whole or not at all: another process may be reading.
      writeFileDurably(path, text)
      progress.print(`kept for this adapter: ${path}`)
    }
    return wrong.length > 0 ? 1 : 0
  })
}

const trialsTable = (size: string, trials: readonly Trial[]): Table => ({
  title: `tiles of webgpu's kernels at the shapes of ${size}`,
  columns: ['kernel', 'sizes', 'milliseconds', ''],
  rows: trials.map(({ kernel, sizes, seconds, wrong, chosen }) => [
    kernel,
    sizes,
    seconds === undefined ? '' : digits(1000 * seconds),
    wrong ?? (chosen ? 'chosen' : ''),
  ]),
  note: 'of all shapes together; medians',
})
