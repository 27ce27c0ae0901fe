import { abortOnSignals, interruptedExitCode } from './interrupt'
import type { Progress } from './progress'

/**
 * Runs what a signal stops: Ctrl-C, a TERM or the end of the terminal.
 *
 * @param sentence printed then, of what remains
 * @param work is given the signal, and may end by throwing its reason
 * @returns what `work` does, or 130 where it was stopped
 */
export async function untilSignal(
  progress: Progress,
  sentence: string,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const { signal, restore } = abortOnSignals(() => progress.print(sentence))
  try {
    return await work(signal)
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error
    return interruptedExitCode
  } finally {
    progress.clear()
    restore()
  }
}
