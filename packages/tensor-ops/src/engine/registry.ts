import { UserError } from '../user-error'
import { tf } from '../tf'

/** In the order in which `auto` tries them. */
export const engineNames = ['native', 'webgpu', 'tensorflow', 'wasm', 'cpu'] as const
export type EngineName = (typeof engineNames)[number]

/**
 * What products of matrices take: f32, or inputs rounded to bf16 with sums in f32. Everything else, and every tensor, is
 * f32 either way.
 */
export const precisions = ['f32', 'bf16'] as const
export type Precision = (typeof precisions)[number]

export interface EngineOptions {
  /** Threads an engine with a pool of its own may use; all cores where left out. */
  threads?: number
  /** f32 where left out. */
  precision?: Precision
}

export interface Engine {
  name: EngineName
  /** f32 alone where left out. */
  precisions?: readonly Precision[]
  /** Whether this engine can run here; a string is the reason why not, in one clause. */
  probe(): Promise<true | string>
  /** Registers the tfjs backend of this name, ready to be set. Returns what it runs on, in a few words. */
  create(options: EngineOptions): Promise<string>
  /** Whether the engine runs this kernel itself, where it can fall back to another's. */
  hasOwnKernel?(kernelName: string): boolean
}

export interface ResolvedEngine {
  name: EngineName
  /** What it runs on, e.g. "AVX-512, 2 threads". */
  description: string
  precision: Precision
  refused: { name: EngineName; reason: string }[]
  hasOwnKernel(kernelName: string): boolean
  /** One line: the chosen engine and why each one tried before it was refused. */
  line: string
}

/** An engine that is unknown, or can't run here or as it was asked to. */
export class EngineError extends UserError {
  override readonly name = 'EngineError'
  override readonly code = 'engine_unavailable'
}

const engines = new Map<EngineName, Engine>()

export function registerEngine(engine: Engine): void {
  engines.set(engine.name, engine)
}

/**
 * Chooses an engine, makes it tfjs's backend and says which in one line. `auto` takes the first that works; an engine
 * asked for by name is never replaced by another.
 *
 * @throws EngineError if a name is unknown, or that engine can't run here or in that precision
 */
export async function resolveEngine(request: string, options: EngineOptions = {}): Promise<ResolvedEngine> {
  if (request !== 'auto' && !engineNames.includes(request as EngineName))
    throw new EngineError(`unknown engine '${request}'; known: auto, ${engineNames.join(', ')}`)
  const { precision = 'f32' } = options
  if (!precisions.includes(precision))
    throw new EngineError(`unknown precision '${precision as string}'; known: ${precisions.join(', ')}`)
  const candidates = request === 'auto' ? engineNames : [request as EngineName]
  const refused: ResolvedEngine['refused'] = []
  for (const name of candidates) {
    const engine = engines.get(name)
    const verdict = engine ? await verdictOn(engine, precision) : 'not built yet'
    if (!engine || verdict !== true) {
      refused.push({ name, reason: String(verdict) })
      continue
    }
    const description = await engine.create(options)
    await tf.setBackend(name)
    await tf.ready()
    const because = refused.map((r) => `${r.name}: ${r.reason}`).join('; ')
    return {
      name,
      description,
      precision,
      refused,
      hasOwnKernel: (kernelName) => engine.hasOwnKernel?.(kernelName) ?? true,
      line: `engine: ${name} (${description})${because ? ` — refused ${because}` : ''}`,
    }
  }
  const reasons = refused.map((r) => `${r.name}: ${r.reason}`).join('; ')
  throw new EngineError(`the engine '${request}' can't run here (${reasons})`)
}

async function verdictOn(engine: Engine, precision: Precision): Promise<true | string> {
  const able = engine.precisions ?? ['f32']
  if (!able.includes(precision)) return `it has no ${precision}, only ${able.join(', ')}`
  return engine.probe()
}
