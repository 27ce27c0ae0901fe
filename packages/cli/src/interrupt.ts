/** As a shell reports a command that Ctrl-C ended. */
export const interruptedExitCode = 130

/** A terminal signals every process of a command, and package managers pass on what they get: one press, two signals. */
const samePressMilliseconds = 500

/** How often it is looked at whether the package manager is still there. */
const watchMilliseconds = 500

/** Ctrl-C, a TERM and the end of the terminal. */
export const interruptions: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** How many heed each signal. */
const heeding = new Map<NodeJS.Signals, number>()

let endsOnSignals = false

/** Has a handler heed signals, in the place of the process's end. @returns what gives that up again */
export function heedSignals(names: readonly NodeJS.Signals[], handle: () => void): () => void {
  const add = (by: number) => names.forEach((name) => heeding.set(name, (heeding.get(name) ?? 0) + by))
  for (const name of names) process.on(name, handle)
  add(1)
  return () => {
    for (const name of names) process.off(name, handle)
    add(-1)
  }
}

/**
 * Ends the process at a signal that nobody heeds, in the way in which it ends by itself: locks are released, what was not
 * written whole is removed, and the exit code is that of every interruption. Once for the process, however often it is asked.
 */
export function endOnSignals(): void {
  if (endsOnSignals) return
  endsOnSignals = true
  for (const name of interruptions)
    process.on(name, () => {
      if (!heeding.get(name)) process.exit(interruptedExitCode)
    })
}

/**
 * Makes Ctrl-C, a TERM or the end of the terminal abort the signal that is returned, so that work can stop at the next
 * safe place; a second one quits at once. So does the end of the package manager that a script was started by: it dies of
 * signals that it doesn't pass on.
 *
 * @param names the signals that do; those three where left out
 */
export function abortOnSignals(
  onFirst: () => void,
  names: readonly NodeJS.Signals[] = interruptions,
): { signal: AbortSignal; restore: () => void } {
  const controller = new AbortController()
  let firstAt = 0
  const handle = () => {
    if (!controller.signal.aborted) {
      firstAt = performance.now()
      controller.abort()
      onFirst()
    } else if (performance.now() - firstAt > samePressMilliseconds) process.exit(interruptedExitCode)
  }
  const giveUp = heedSignals(names, handle)
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    if (!controller.signal.aborted) handle()
  }, watchMilliseconds).unref()
  if (process.env.npm_lifecycle_event === undefined) clearInterval(watch)
  return {
    signal: controller.signal,
    restore: () => {
      clearInterval(watch)
      giveUp()
    },
  }
}
