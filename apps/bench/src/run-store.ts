import { writeFileDurably } from '@ttt-e2e/checkpoint'
import { UserError } from '@ttt-e2e/cli'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { decodeRun, encodeRun, type RunState } from '@ttt-e2e/meta-outer'
import type { System } from '@ttt-e2e/ttt-inner'

/** One step of a learning curve. */
export interface CurvePoint {
  step: number
  loss: number
  gradientNorm: number
  learningRate: number
  innerRate: number
  /** Wall time of the step. */
  seconds: number
}

/** Everything that determines a training run, as plain JSON; where it was made stands beside it, for the record. */
export type Recipe = Record<string, unknown>

/** The folder of one training run: its state, its learning curve and its recipe. */
export class RunStore {
  constructor(readonly directory: string) {}

  /**
   * Makes the folder for this recipe, or checks that it is this recipe's.
   *
   * @param provenance engine, versions and git hash: recorded, not compared
   * @throws UserError if another recipe's run is stored there
   */
  open(recipe: Recipe, provenance: Record<string, unknown>): void {
    const plain = JSON.parse(JSON.stringify(recipe)) as Recipe
    const path = this.path('recipe.json')
    mkdirSync(this.directory, { recursive: true })
    if (!existsSync(path)) {
      writeFileDurably(path, `${JSON.stringify({ recipe: plain, provenance }, null, 2)}\n`)
      return
    }
    const stored = this.readJson(path) as { recipe?: Recipe }
    // Runs from before there was a choice are of f32.
    const difference = firstDifference({ precision: 'f32', ...stored.recipe }, { precision: 'f32', ...plain })
    if (difference)
      throw new UserError(
        `'${this.directory}' holds a run with ${difference.path} ${difference.stored}, not ${difference.asked}; ` +
          'ask for the same again or choose another --out',
      )
  }

  /**
   * The run as it was last saved.
   *
   * @throws UserError if the files are damaged or not this system's
   */
  load(system: System): { state: RunState; curve: CurvePoint[] } | undefined {
    const path = this.path('run.safetensors')
    if (!existsSync(path)) return undefined
    try {
      const state = decodeRun(system, readFileSync(path))
      const lines = readFileSync(this.path('curve.jsonl'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
      // The curve is written first, so that a run cut off between the two has too much of it, never too little.
      const curve = lines.slice(0, state.step).map((line) => JSON.parse(line) as CurvePoint)
      if (curve.length < state.step)
        throw new Error(`its curve has ${curve.length} steps, its state ${state.step}`)
      return { state, curve }
    } catch (error) {
      throw new UserError(
        `the run stored in '${this.directory}' can't be read (${(error as Error).message}); remove it or choose another --out`,
      )
    }
  }

  /** How many steps the stored curve has; 0 where nothing is stored. */
  storedSteps(): number {
    const path = this.path('curve.jsonl')
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0
  }

  async save(state: RunState, curve: CurvePoint[]): Promise<void> {
    writeFileDurably(this.path('curve.jsonl'), curve.map((point) => `${JSON.stringify(point)}\n`).join(''))
    writeFileDurably(this.path('run.safetensors'), await encodeRun(state))
  }

  private path(name: string): string {
    return join(this.directory, name)
  }

  private readJson(path: string): unknown {
    try {
      return JSON.parse(readFileSync(path, 'utf8'))
    } catch {
      throw new UserError(`'${path}' is not JSON; remove its folder or choose another --out`)
    }
  }
}

/** The first place where two plain values differ, in words. */
function firstDifference(
  stored: unknown,
  asked: unknown,
  path = '',
): { path: string; stored: string; asked: string } | undefined {
  if (isDeepStrictEqual(stored, asked)) return undefined
  if (isRecord(stored) && isRecord(asked))
    for (const key of new Set([...Object.keys(stored), ...Object.keys(asked)])) {
      const found = firstDifference(stored[key], asked[key], path === '' ? key : `${path}.${key}`)
      if (found) return found
    }
  const show = (value: unknown) => (value === undefined ? 'absent' : JSON.stringify(value))
  return { path: path || 'a recipe', stored: show(stored), asked: show(asked) }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
