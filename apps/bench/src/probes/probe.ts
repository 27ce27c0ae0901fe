import type { Recipe } from '@ttt-e2e/meta-outer'
import type { Figure, Table } from '@ttt-e2e/report'
import type { ResolvedEngine } from '@ttt-e2e/tensor-ops'
import type { StepLine } from '@ttt-e2e/training'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import type { UntilConverged } from '../experiment/presets'
import type { Measurement, ProbeResults, TaskResults } from '../experiment/results'
import type { TrainingPlan } from '../experiment/training-plan'
import type { Answer } from '../report/answer'
import type { GivenModel } from '../given/given-model'
import type { Benchmark } from '../tasks/benchmark'

/** What a probe makes of its measurements: its name is their key in results.json. */
interface Reporting<Measured, Summary, Sizes = object> {
  name: string
  /** Names of the tasks that it is asked on: these are trained and measured where it is. All main tasks where left out. */
  tasks?: readonly string[]
  /**
   * Says why a model that is given can't be asked, undefined where it can. One that hasn't this trains, or compares what
   * was trained.
   */
  refuses?(given: GivenModel, benchmark: Benchmark, sizes: Sizes): string | undefined
  /** What follows from everything measured so far; plain JSON, as what is measured. */
  summarise(measured: Measurement<Measured>[], task: TaskResults): Summary
  table?(results: ProbeResults<Measured, Summary>, task: TaskResults): Table[]
  figure?(results: ProbeResults<Measured, Summary>, task: TaskResults): Figure | readonly Figure[] | undefined
  /** What the numbers say, in plain sentences with their intervals; nothing that they don't. */
  verdict?(results: ProbeResults<Measured, Summary>, task: TaskResults): string[]
  /** Numbers that were published of the same thing at another size, for comparison. */
  published?: Table
  /** Seconds that pieces of work took, by what they are: what `history` keeps and `compare` sets side by side. */
  speeds?(results: ProbeResults<Measured, Summary>): Record<string, number>
  /** Its answer to a question of the report's first screen. */
  answer?(results: ProbeResults<Measured, Summary>, task: TaskResults): Answer | undefined
}

/** Every kind of measurement gets these. */
interface Context<Sizes> {
  benchmark: Benchmark
  signal: AbortSignal
  /** Its own of the preset, from `experiment/probe-sizes.ts`; an empty record for a probe from outside. */
  sizes: Sizes
}

/** Measures all systems that are trained, side by side, before they are, while nothing else runs. */
export interface SystemsProbe<Measured, Summary, Sizes = object> extends Reporting<Measured, Summary, Sizes> {
  needs: 'systems'
  /** @returns what was measured of each, in their order */
  measure(context: SystemsContext<Sizes>): Promise<Measured[]>
}

export interface SystemsContext<Sizes = object> extends Context<Sizes> {
  systems: System[]
  /** That all of them are timed with; each draws its own where left out. */
  weights?: Params
  /** Says which system is at work. */
  onTurn(system: string): void
}

/** Measures a training step of one system after a few that are thrown away, while nothing else runs. */
export interface StepProbe<Measured, Summary, Sizes = object> extends Reporting<Measured, Summary, Sizes> {
  needs: 'step'
  measure(context: StepContext<Sizes>): Promise<Measured>
}

export interface StepContext<Sizes = object> extends Context<Sizes> {
  system: System
  engine: ResolvedEngine
  /** Takes another step; its programs are recorded by now. */
  step(): Promise<unknown>
}

/** Measures a run that was trained, also one that was stopped or failed before its end. */
export interface RunProbe<Measured, Summary, Sizes = object> extends Reporting<Measured, Summary, Sizes> {
  needs: 'run'
  measure(context: RunContext<Sizes>): Promise<Measured>
}

export interface RunContext<Sizes = object> extends Context<Sizes> {
  system: string
  run: TrainedRun
  plan: TrainingPlan
}

/** Measures every system that reads with the weights of a run that was trained to its end. */
export interface ReaderProbe<Measured, Summary, Sizes = object> extends Reporting<Measured, Summary, Sizes> {
  needs: 'reader'
  /** About how many tokens are read beside the held-out documents, for an estimate of the time. */
  tokens?(benchmark: Benchmark, sizes: Sizes): number
  measure(context: ReaderContext<Sizes>): Promise<Measured>
}

export interface ReaderContext<Sizes = object> extends Context<Sizes> {
  system: System
  params: Params
  seed: number
  /** Of the run whose weights these are. */
  folder: string
  /** Nats of the held-out documents' targets [documents][length]: read once for all probes that ask for them. */
  heldOutLosses(): Promise<readonly Float32Array[]>
  /** Says what is being done, and that so much of it is done. */
  onProgress(doing: string, done: number, total: number): void
  train: TrainModel
}

/** Trains models of its own, of a system and with a seed, beside the runs of the tasks or in their place. */
export interface ModelsProbe<Measured, Summary, Sizes = object> extends Reporting<Measured, Summary, Sizes> {
  needs: 'models'
  /** The systems that it measures; all that have weights of their own where left out. */
  systems?(among: readonly string[]): string[]
  measure(context: ModelsContext<Sizes>): Promise<Measured>
}

export interface ModelsContext<Sizes = object> extends Context<Sizes> {
  system: string
  seed: number
  onProgress(doing: string, done: number, total: number): void
  train: TrainModel
}

/**
 * Trains a model in a folder of the probe's own, or takes it as it is stored there: a probe that was stopped goes on
 * where it was.
 *
 * @param request.name of its folder, unique in the probe and task; a system and a seed have a folder of their own each
 */
export type TrainModel = (request: ModelRequest) => Promise<TrainedModel>

export interface ModelRequest {
  name: string
  /** Whatever its own system and seed. */
  recipe: Recipe
  /** Those that are measured where left out. */
  system?: string
  seed?: number
  untilConverged?: UntilConverged
  /** Folder of a run whose weights it begins with; drawn ones where left out. */
  from?: string
}

/** A model that was trained to its end. The caller disposes it. */
export interface TrainedModel {
  folder: string
  system: System
  params: Params
  run: TrainedRun
  /** Whether it has converged by the rule, and what the rule saw. */
  converged: boolean
  verdict: string
  dispose(): void
}

/** A run as training left it. */
export interface TrainedRun {
  steps: readonly StepLine[]
  tokens: number
  /** Live tensors and bytes of the engine after the second step of this process and after its last. */
  memory?: { first: LiveMemory; last: LiveMemory }
  /** Why it could not go on. */
  failure?: string
}

export interface LiveMemory {
  tensors: number
  bytes: number
}

/**
 * One thing that is measured of the systems on a task, and how it is told. `needs` says what is to be there before it
 * can be measured, and so when that is and how often.
 */
export type Probe<Measured = unknown, Summary = unknown, Sizes = object> =
  | SystemsProbe<Measured, Summary, Sizes>
  | StepProbe<Measured, Summary, Sizes>
  | RunProbe<Measured, Summary, Sizes>
  | ReaderProbe<Measured, Summary, Sizes>
  | ModelsProbe<Measured, Summary, Sizes>

/** What a probe measured on a task, if anything. */
export const resultsOf = <Measured, Summary>(
  { name }: Reporting<Measured, Summary>,
  task: TaskResults,
): ProbeResults<Measured, Summary> | undefined =>
  task.probes[name] as ProbeResults<Measured, Summary> | undefined
