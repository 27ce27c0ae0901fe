import { Progress } from '../progress'

/** What a command says: results go to stdout, so that they can be piped on, everything else to stderr. */
export interface Output {
  json: boolean
  progress: Progress
  /** Aborts where whoever read the results has gone. */
  gone: AbortSignal
}

export function openOutput(json: boolean): Output {
  const gone = new AbortController()
  process.stdout.on('error', () => gone.abort())
  return { json, progress: new Progress(process.stderr), gone: gone.signal }
}

/** A result: as JSON where that was asked for, else as a sentence. */
export function tell({ json, progress }: Output, result: object, sentence: string): void {
  progress.clear()
  process.stdout.write(`${json ? JSON.stringify(result) : sentence}\n`)
}
