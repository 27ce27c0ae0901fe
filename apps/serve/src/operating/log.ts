import { pino, destination, type Logger } from 'pino'

export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

/** What a server tells whoever operates it. */
export interface Log {
  /** Whether prompts and texts may stand in it. */
  prompts: boolean
  info(facts: Record<string, unknown>, message: string): void
  warn(message: string): void
  error(error: unknown): void
  /** The same with the id of a request in every line. */
  of(request: string): Log
}

/** Without a log, what must be known goes to the terminal. */
export const terminalLog: Log = {
  prompts: false,
  info: () => {},
  warn: (message) => console.warn(message),
  error: (error) => console.error(error),
  of: () => terminalLog,
}

/** One JSON a line on stderr. */
export function createLog({ level, prompts }: { level: LogLevel; prompts: boolean }): Log {
  const output = destination({ dest: 2, sync: true })
  // Nobody has to read it: a server outlives a log that is full or closed.
  output.on('error', () => {})
  const logger = pino({ level, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"` }, output)
  const of = (request?: string): Log => {
    // Made where there is something to say: of most requests there is nothing.
    let made: Logger | undefined
    const own = () => (made ??= request === undefined ? logger : logger.child({ request }))
    return {
      prompts,
      info(facts, message) {
        if (logger.isLevelEnabled('info')) own().info(facts, message)
      },
      warn: (message) => own().warn(message),
      error: (error) => (error instanceof Error ? own().error(error) : own().error({}, String(error))),
      of,
    }
  }
  return of()
}
