import { oneOf, Progress, untilSignal, wholeNumber } from '@ttt-e2e/cli'
import { formatTable } from '@ttt-e2e/report'
import '@ttt-e2e/kernels/engines'
import { engineNames, resolveEngine } from '@ttt-e2e/tensor-ops'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { provenance } from '../provenance'
import { doctorTable, limitsOf, problemsOf, tilesLine } from './doctor-table'
import { examineEngine, type EngineReport } from './examine-engine'

/**
 * Says of each engine whether it runs here and what it is like, and what `auto` takes.
 *
 * @returns the exit code: 1 where an engine that runs is wrong
 * @throws UserError naming what was given and what is allowed
 */
export async function examineEngines(options: { engine?: string; threads?: string }): Promise<number> {
  const known = engineNames()
  const names = options.engine?.split(',').map((name) => oneOf('engine', name.trim(), known)!) ?? known
  const threads = wholeNumber('threads', options.threads, 1024)
  const progress = new Progress()
  const { machine, versions } = provenance()
  progress.print(
    `${machine.processor}, ${counted(Number(machine.cores), 'core')}, ${machine.memoryGiB} GiB · ${machine.platform} · Node ${versions.node}`,
  )
  progress.print(`auto takes ${(await resolveEngine('auto', { threads })).line.replace(/^engine: /, '')}`)
  return await untilSignal(progress, 'stopping; Ctrl-C again quits at once', async (signal) => {
    const reports: (EngineReport | { name: string; refused: string })[] = []
    for (const name of names) {
      reports.push(await examineEngine(name, { threads, onWork: (what) => progress.update(what), signal }))
      signal.throwIfAborted()
    }
    progress.clear()
    progress.print(`\n${formatTable(doctorTable(reports))}`)
    for (const line of [...reports.flatMap(limitsOf), ...reports.flatMap(tilesLine)]) progress.print(line)
    const problems = reports.flatMap(problemsOf)
    for (const line of problems) progress.print(line)
    return problems.length > 0 ? 1 : 0
  })
}
