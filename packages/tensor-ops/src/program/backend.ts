import { tapeEngine } from '../autodiff/repair-tape'
import { tf, type Tensor } from '../tf'

/** Kernel calls as they ran once. */
export interface Recording {
  /** Why they can't be replayed, if they can't. */
  readonly spoiled: string | undefined
  /** Frees what is kept for replaying, where that won't happen. */
  dispose(): void
}

/** Recorded kernel calls, ready to run again on other tensors of the same shapes. */
export interface CompiledProgram {
  /** Kernel calls of each step. */
  readonly calls: readonly number[]
  /** Runs the first step. `rest` runs the second one later, once, or frees what was kept for it. */
  run(inputs: readonly Tensor[]): { outputs: Tensor[]; rest: ProgramRest }
  dispose(): void
}

export interface ProgramRest {
  run(inputs: readonly Tensor[]): Tensor[]
  /** The first step's inputs, as tensors of their own. */
  inputs(): Tensor[]
  dispose(): void
}

/** What a tfjs backend offers that can record kernel calls and replay them. */
export interface ProgramBackend {
  readonly recording: boolean
  /**
   * Runs `run` and records its kernel calls.
   *
   * @param inputs the tensors that differ from run to run; what else is read must be made by `run` itself
   * @param options.first the step before this one, whose results this one may read as well
   * @param options.spent how many of the inputs, the last ones, may be overwritten by replays
   */
  record<T>(
    inputs: readonly Tensor[],
    run: () => { result: T; outputs: readonly Tensor[] },
    options?: { first?: Recording; spent?: number },
  ): { result: T; recording: Recording }
  /** Takes over what the recordings, one or two of them, have kept. A string is the reason why they can't be replayed. */
  compile(recordings: readonly Recording[]): CompiledProgram | string
}

let enabled = true

/** Switches recording and replaying on or off, the results being the same bits. @returns what it was before */
export function usePrograms(on: boolean): boolean {
  const before = enabled
  enabled = on
  return before
}

/**
 * The active backend's, if it records; undefined within a gradient, whose tape a replay would not reach, and within a
 * function that is being recorded.
 */
export function programBackend(): ProgramBackend | undefined {
  if (!enabled || tapeEngine().state.gradientDepth > 0) return undefined
  const { programs } = tf.backend() as unknown as { programs?: ProgramBackend }
  return programs?.recording ? undefined : programs
}
