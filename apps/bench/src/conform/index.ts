import { statSync } from 'node:fs'
import { relative, sep } from 'node:path'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { isThere } from '@ttt-e2e/tensor-ops/files'
import '@ttt-e2e/kernels/engines'
import { conformBaseline } from './baseline'
import { conformE2e } from './e2e'
import { findCases, passes, readCase, readDescription, type GoldenCase, type Verdict } from './golden-case'
import { conformHuggingFace } from './hugging-face'
import { conformOp } from './op'
import { conformOrbax } from './orbax'
import { conformOuterSteps } from './outer-steps'
import { conformScanOp } from './scan-op'
import { conformSmollm2 } from './smollm2'
import { conformBatches, conformIndexShuffle } from './token-arrays'

export interface ConformOptions {
  engine?: string
  /** Only cases of this kind. */
  kind?: string
  /** The GGUF file of a model that is too large to lie beside its case. */
  gguf?: string
  /** Whether its quantised weights become float32. */
  expand?: boolean
  print?: (line: string) => void
}

type Runner = (golden: GoldenCase, options: ConformOptions) => Promise<Verdict | string> | Verdict | string

const runners: Record<string, Runner> = {
  op: async (golden) => (await conformOp(golden)) ?? `op ${String(golden.description.op)}`,
  'scan-op': async (golden) => (await conformScanOp(golden)) ?? `scan-op ${String(golden.description.case)}`,
  e2e: conformE2e,
  'outer-steps': conformOuterSteps,
  baseline: async (golden) => (await conformBaseline(golden)) ?? 'a model of an unknown family',
  'hugging-face': conformHuggingFace,
  orbax: conformOrbax,
  batches: conformBatches,
  'index-shuffle': conformIndexShuffle,
  smollm2: (golden, { gguf, expand }) =>
    gguf === undefined ? 'give its file by --gguf FILE' : conformSmollm2(golden, gguf, expand),
}

/**
 * Runs every golden case below a folder through the public packages and prints a line for each, then the totals.
 *
 * @returns the exit code: 0 if every case that ran is ok and at least one ran
 */
export async function runConform(folder: string, options: ConformOptions = {}): Promise<number> {
  const { engine = 'auto', kind, print = console.log } = options
  if (!isThere(folder) || !statSync(folder).isDirectory()) {
    console.error(
      `conform: ${folder} is not a folder; give one with golden cases (NAME.json beside NAME.safetensors)`,
    )
    return 2
  }
  print((await resolveEngine(engine)).line)
  const counts = { ok: 0, failed: 0, skipped: 0 }
  for (const stem of findCases(folder)) {
    const description = readDescription(stem)
    if (!description || (kind !== undefined && description.kind !== kind)) continue
    const name = relative(folder, stem).replaceAll(sep, '/')
    const run = runners[String(description.kind)]
    const outcome = run ? await attempt(run, stem, description, options) : `kind ${String(description.kind)}`
    if (typeof outcome === 'string') {
      counts.skipped++
      print(`${name}  skipped: ${outcome}`)
      continue
    }
    const ok = passes(outcome)
    counts[ok ? 'ok' : 'failed']++
    const { worst, error, tolerance } = outcome
    print(
      `${name}  ${error.toExponential(1)} (${worst})  tolerance ${tolerance.toExponential(0)}  ${ok ? 'ok' : 'FAIL'}`,
    )
  }
  print(`${counts.ok} ok, ${counts.failed} failed, ${counts.skipped} skipped`)
  return counts.failed === 0 && counts.ok > 0 ? 0 : 1
}

async function attempt(
  run: Runner,
  stem: string,
  description: Record<string, unknown>,
  options: ConformOptions,
) {
  try {
    return await run(readCase(stem, description), options)
  } catch (error) {
    return { worst: error instanceof Error ? error.message : String(error), error: Infinity, tolerance: 0 }
  }
}
