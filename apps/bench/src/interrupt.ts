/**
 * Makes Ctrl-C (or a TERM) abort the signal that is returned, so that work can stop at the next safe place; a second
 * one quits at once.
 */
export function abortOnSignals(onFirst: () => void): { signal: AbortSignal; restore: () => void } {
  const controller = new AbortController()
  const handle = () => {
    if (controller.signal.aborted) process.exit(interruptedExitCode)
    controller.abort()
    onFirst()
  }
  const names = ['SIGINT', 'SIGTERM'] as const
  for (const name of names) process.on(name, handle)
  return {
    signal: controller.signal,
    restore: () => {
      for (const name of names) process.off(name, handle)
    },
  }
}

/** As a shell reports a command that Ctrl-C ended. */
export const interruptedExitCode = 130
