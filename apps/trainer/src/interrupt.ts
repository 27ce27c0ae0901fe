/** A terminal signals every process of a command, and package managers pass on what they get: one press, two signals. */
const samePressMilliseconds = 500

/** As a shell reports a command that a signal ended. */
const killedExitCode = 130

/**
 * Makes Ctrl-C (or a TERM) abort the signal that is returned, so that the run can be saved; a second one quits at once.
 */
export function abortOnSignals(onFirst: () => void): { signal: AbortSignal; restore: () => void } {
  const controller = new AbortController()
  let firstAt = 0
  const handle = () => {
    if (!controller.signal.aborted) {
      firstAt = performance.now()
      controller.abort()
      onFirst()
    } else if (performance.now() - firstAt > samePressMilliseconds) process.exit(killedExitCode)
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
