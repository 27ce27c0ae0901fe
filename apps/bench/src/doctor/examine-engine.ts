import { webgpuTiling, type Tiling } from '@ttt-e2e/kernels/engines/webgpu'
import type { OpName } from '@ttt-e2e/kernels/cases'
import { EngineError, engineLimits, engineMemory, resolveEngine } from '@ttt-e2e/tensor-ops'
import { peakProduct } from '@ttt-e2e/training'
import { interleave, medianSeconds } from '../timing/interleave'
import { checkOps, type OpsVerdict } from './check-ops'

/** What was found of an engine. */
export interface EngineReport {
  name: string
  /** Why it can't run here, in one clause; nothing else is known then. */
  refused?: string
  /** What it runs on. */
  description: string
  /** What its device allows, and the bytes that it may hold; those without a limit are left out. */
  limits: Readonly<Record<string, number>>
  /** Of products of matrices: the largest size that it does in a moment, e.g. "product of 1024³". */
  product: { name: string; flopsPerSecond: number }
  /** Whether the sizes of its tiles were chosen for its adapter, in a sentence, where it has any. */
  tiles?: string
  /** How right it is, or what went wrong when it was asked. */
  ops: OpsVerdict | string
}

/** Times that the product is run: a look, not a measurement. */
const rounds = 3

/** Examines one engine; it stays the active one. @param ops all where left out */
export async function examineEngine(
  name: string,
  {
    threads,
    ops,
    onWork,
    signal,
  }: { threads?: number; ops?: OpName[]; onWork(what: string): void; signal?: AbortSignal },
): Promise<EngineReport | { name: string; refused: string }> {
  onWork(`${name} · starting`)
  let description: string
  try {
    ;({ description } = await resolveEngine(name, { threads }))
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    return { name, refused: error.refused[0]?.reason ?? error.message }
  }
  const { limit } = engineMemory()
  const limits = { ...engineLimits(), ...(Number.isFinite(limit) && { memory: limit }) }
  onWork(`${name} · products`)
  const product = await peakProduct()
  try {
    const [samples] = await interleave([product], { rounds, signal })
    const flopsPerSecond = product.flops / medianSeconds(samples)
    const verdict = await checkOps(name, (op) => onWork(`${name} · ${op}`), ops).catch(
      (error: Error) => error.message,
    )
    return {
      name,
      description,
      limits,
      product: { name: product.name, flopsPerSecond },
      ...(name === 'webgpu' && { tiles: tilesOf(webgpuTiling()!) }),
      ops: verdict,
    }
  } finally {
    product.dispose()
  }
}

export const tilesOf = ({ chosenAt }: Pick<Tiling, 'chosenAt'>): string =>
  chosenAt === undefined
    ? 'the standard ones; `ops --tune` chooses some for this adapter'
    : `chosen for this adapter at ${chosenAt}`
