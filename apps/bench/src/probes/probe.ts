import type { ResolvedEngine } from '@ttt-e2e/tensor-ops'
import type { StepLine } from '@ttt-e2e/training'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import type { Measurement, ProbeResults, TaskResults } from '../experiment/results'
import type { TrainingPlan } from '../experiment/training-plan'
import type { Figure } from '../report/figure'
import type { Table } from '../report/table'
import type { Benchmark } from '../tasks/benchmark'

/** What a probe makes of its measurements: its name is their key in results.json. */
interface Reporting<Measured, Summary> {
  name: string
  /** What follows from everything measured so far; plain JSON, as what is measured. */
  summarise(measured: Measurement<Measured>[], task: TaskResults): Summary
  table?(results: ProbeResults<Measured, Summary>, task: TaskResults): Table[]
  figure?(results: ProbeResults<Measured, Summary>, task: TaskResults): Figure | undefined
}

/** Every kind of measurement gets these. */
interface Context {
  benchmark: Benchmark
  signal: AbortSignal
}

/** Measures all systems that are trained, side by side, before they are, while nothing else runs. */
export interface SystemsProbe<Measured, Summary> extends Reporting<Measured, Summary> {
  needs: 'systems'
  /** @returns what was measured of each, in their order */
  measure(context: SystemsContext): Promise<Measured[]>
}

export interface SystemsContext extends Context {
  systems: System[]
  /** Says which system is at work. */
  onTurn(system: string): void
}

/** Measures a training step of one system after a few that are thrown away, while nothing else runs. */
export interface StepProbe<Measured, Summary> extends Reporting<Measured, Summary> {
  needs: 'step'
  measure(context: StepContext): Promise<Measured>
}

export interface StepContext extends Context {
  system: System
  engine: ResolvedEngine
  /** Takes another step; its programs are recorded by now. */
  step(): Promise<unknown>
}

/** Measures a run that was trained, also one that was stopped or failed before its end. */
export interface RunProbe<Measured, Summary> extends Reporting<Measured, Summary> {
  needs: 'run'
  measure(context: RunContext): Promise<Measured>
}

export interface RunContext extends Context {
  system: string
  run: TrainedRun
  plan: TrainingPlan
}

/** Measures every system that reads with the weights of a run that was trained to its end. */
export interface ReaderProbe<Measured, Summary> extends Reporting<Measured, Summary> {
  needs: 'reader'
  /** About how many tokens are read, for an estimate of the time. */
  tokens?(benchmark: Benchmark): number
  measure(context: ReaderContext): Promise<Measured>
}

export interface ReaderContext extends Context {
  system: System
  params: Params
  /** Says what is being done, and that so much of it is done. */
  onProgress(doing: string, done: number, total: number): void
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
export type Probe<Measured = unknown, Summary = unknown> =
  | SystemsProbe<Measured, Summary>
  | StepProbe<Measured, Summary>
  | RunProbe<Measured, Summary>
  | ReaderProbe<Measured, Summary>

/** What a probe measured on a task, if anything. */
export const resultsOf = <Measured, Summary>(
  { name }: Reporting<Measured, Summary>,
  task: TaskResults,
): ProbeResults<Measured, Summary> | undefined =>
  task.probes[name] as ProbeResults<Measured, Summary> | undefined
