import { checkOneCopy } from '../autodiff/one-copy'
import { fusedKernel } from '../fused-op/kernels'
import { tf } from '../tf'
import { UserError } from '../user-error'
import { memoryOfTensors, type EngineMemory } from './memory'

/**
 * What products of matrices take: f32, or inputs rounded to bf16 or f16 with sums in f32. Everything else, and every tensor,
 * is f32 either way.
 */
export const precisions = ['f32', 'bf16', 'f16'] as const
export type Precision = (typeof precisions)[number]

export interface EngineOptions {
  /** Threads an engine with a pool of its own may use; all cores where left out. */
  threads?: number
  /** f32 where left out. */
  precision?: Precision
}

export interface Engine {
  name: string
  /** The tfjs backend that it registers; of the engine's own name where left out. */
  backend?: string
  /** Its place in the order in which `auto` tries engines, the lowest first. */
  rank: number
  /** f32 alone where left out. */
  precisions?: readonly Precision[]
  /** Whether this engine can run here in one of its precisions; a string is the reason why not, in one clause. */
  probe(precision: Precision): Promise<true | string>
  /** Whether `auto` takes it where it can run, or why not; true where left out. */
  worthIt?(): Promise<true | string>
  /** Registers its tfjs backend, ready to be set. Returns what it runs on, in a few words. */
  create(options: EngineOptions): Promise<string>
  /** What it holds now. Asked only once it is created. */
  memory(): EngineMemory
  /** Gives memory that it holds for later use back to the system, where that is much of what it holds, and where it can. */
  giveBackIdle?(): void
  /** Resolves once its device has caught up, where that is so far behind that commands pile up; see `pause`. */
  behind?(): Promise<void> | undefined
  /** What it has given to its device so far, where it has one. */
  commands?(): EngineCommands
  /** What its device allows, by the device's own names, where it has one. Asked only once it is created. */
  limits?(): Readonly<Record<string, number>>
  /** Whether the engine runs this stock kernel of tfjs itself, where it can fall back to another's. */
  hasOwnKernel?(kernelName: string): boolean
  /** Whether its kernels take numbers smaller than 2^-126 for 0; false where left out. */
  flushesSubnormals?: boolean
}

/** What was given to a device that computes beside the program. */
export interface EngineCommands {
  dispatches: number
  submits: number
  readBacks: number
}

export interface ResolvedEngine {
  name: string
  /** What it runs on, e.g. "AVX-512, 2 threads". */
  description: string
  precision: Precision
  refused: { name: string; reason: string }[]
  hasOwnKernel(kernelName: string): boolean
  flushesSubnormals: boolean
  /** One line: the chosen engine and why each one tried before it was refused. */
  line: string
}

/** An engine that is unknown, or can't run here or as it was asked to. */
export class EngineError extends UserError {
  override readonly name = 'EngineError'
  override readonly code = 'engine_unavailable'

  /** @param refused each engine that was tried, and why it was refused, in one clause */
  constructor(
    message: string,
    readonly refused: ResolvedEngine['refused'] = [],
  ) {
    super(message)
  }
}

const engines = new Map<string, Engine>()

/** Makes an engine known by its name, in place of one that had it. */
export function registerEngine(engine: Engine): void {
  engines.set(engine.name, engine)
}

/** In the order in which `auto` tries them. */
const enginesByRank = () => [...engines.values()].toSorted((a, b) => a.rank - b.rank)

/**
 * The registered engines in the order in which `auto` tries them.
 *
 * @param precision only those that compute in it; all where left out
 */
export function engineNames(precision?: Precision): string[] {
  return enginesByRank()
    .filter((engine) => precision === undefined || precisionsOf(engine).includes(precision))
    .map(({ name }) => name)
}

/** The precisions in a line, those that not every engine has with the registered ones that do: "f32, bf16 (native), …". */
export const precisionsInWords = (): string =>
  precisions
    .map((precision) =>
      precision === 'f32' ? precision : `${precision} (${engineNames(precision).join(', ') || 'no engine'})`,
    )
    .join(', ')

/** What the active engine holds. */
export function engineMemory(): EngineMemory {
  const active = tf.getBackend()
  const engine = [...engines.values()].find((each) => backendOf(each) === active)
  return engine?.memory() ?? memoryOfTensors()
}

/**
 * To be called after what took much memory for a moment, of which what follows has no use: the active engine gives back to the
 * system what lies idle, where that is much of what it holds. Memory that is used again later costs time anew.
 */
export const giveBackIdle = (): void => engines.get(tf.getBackend())?.giveBackIdle?.()

/** What to wait for where the active engine's device is far behind. */
export const engineBehind = (): Promise<void> | undefined => engines.get(tf.getBackend())?.behind?.()

/** What the active engine has given to its device so far; undefined where it has none. */
export const engineCommands = (): EngineCommands | undefined => engines.get(tf.getBackend())?.commands?.()

/** What the active engine's device allows; undefined where it has none. */
export const engineLimits = (): Readonly<Record<string, number>> | undefined =>
  engines.get(tf.getBackend())?.limits?.()

/**
 * Chooses an engine, makes it tfjs's backend and says which in one line. `auto` takes the first that works and is worth it,
 * or else the first that works; an engine asked for by name is never replaced by another.
 *
 * @throws EngineError if a name is unknown, or that engine can't run here or in that precision
 * @throws TwoCopies if TensorFlow.js was loaded twice
 */
export async function resolveEngine(request: string, options: EngineOptions = {}): Promise<ResolvedEngine> {
  checkOneCopy()
  const named = engines.get(request)
  if (request !== 'auto' && !named)
    throw new EngineError(`unknown engine '${request}'; known: auto, ${engineNames().join(', ')}`)
  const { precision = 'f32' } = options
  if (!precisions.includes(precision))
    throw new EngineError(`unknown precision '${precision as string}'; known: ${precisions.join(', ')}`)
  const { engine, refused } = await choose(named ? [named] : enginesByRank(), precision, named === undefined)
  const because = refused.map((r) => `${r.name}: ${r.reason}`).join('; ')
  if (!engine) throw new EngineError(`the engine '${request}' can't run here (${because})`, refused)
  const description = await engine.create(options)
  // Setting it goes through all registered kernels, even where it is set.
  const backend = backendOf(engine)
  if (tf.getBackend() !== backend) await tf.setBackend(backend)
  await tf.ready()
  return {
    name: engine.name,
    description,
    precision,
    refused,
    hasOwnKernel: (kernelName) =>
      fusedKernel(backend, kernelName) !== undefined || (engine.hasOwnKernel?.(kernelName) ?? true),
    flushesSubnormals: engine.flushesSubnormals ?? false,
    line: `engine: ${engine.name} (${description})${because ? ` — refused ${because}` : ''}`,
  }
}

/** The first of these that can run here and, where that is asked, is worth it; else the first that can. */
async function choose(
  candidates: readonly Engine[],
  precision: Precision,
  worth: boolean,
): Promise<{ engine?: Engine; refused: ResolvedEngine['refused'] }> {
  const refused: ResolvedEngine['refused'] = []
  let spare: Engine | undefined
  for (const engine of candidates) {
    const able = await verdictOn(engine, precision)
    const verdict = able === true && worth ? ((await engine.worthIt?.()) ?? true) : able
    if (verdict === true) return { engine, refused }
    if (able === true) spare ??= engine
    refused.push({ name: engine.name, reason: verdict })
  }
  return { engine: spare, refused: refused.filter(({ name }) => name !== spare?.name) }
}

const backendOf = ({ name, backend = name }: Engine): string => backend

const precisionsOf = ({ precisions: able = ['f32'] }: Engine): readonly Precision[] => able

async function verdictOn(engine: Engine, precision: Precision): Promise<true | string> {
  const able = precisionsOf(engine)
  if (!able.includes(precision)) return `it has no ${precision}, only ${able.join(', ')}`
  return engine.probe(precision)
}
