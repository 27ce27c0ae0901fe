import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { fromSource } from '@ttt-e2e/from-source'
import type { Results } from '../experiment/results'
import { reportPaths } from '../report/write-report'
import { resultsWithoutTimes } from './without-times'

export interface KillOptions {
  /** Whose reports are kept here: of a bench that was let be, and of those that were killed. */
  folder: string
  /** Of the bench, but for `--out`. */
  parameters: readonly string[]
  kills: number
  random: () => number
}

export interface KillReport {
  kills: number
  /** Benches that were killed again and again until they came to their end. */
  ended: number
  /** Of these, those whose numbers weren't those of the bench that was let be. */
  different: number
}

/**
 * Runs a bench, then others that are killed with all their workers at random moments and started again, until there were so
 * many kills; the numbers of each must be those of the first, to the bit, but for times.
 *
 * @throws what a bench says that ends before it is killed, and not well
 */
export async function killAtRandom(
  { folder, parameters, kills, random }: KillOptions,
  onChange: (report: KillReport) => void = () => {},
): Promise<KillReport> {
  const start = (name: string) => startBench([...parameters, '--out', join(folder, name)], folder)
  const before = performance.now()
  const letBe = await start('whole')
  await letBe.ended
  const most = performance.now() - before
  const whole = readNumbers(join(folder, 'whole'))
  const report: KillReport = { kills: 0, ended: 0, different: 0 }
  // The one that was killed last is let come to its end, too.
  for (let isKilled = true; isKilled || report.kills < kills;) {
    const bench = await start('killed')
    const ended = bench.ended.then(() => true)
    isKilled = report.kills < kills && !(await Promise.race([ended, wait(random() * most, false)]))
    if (isKilled) {
      await bench.kill()
      report.kills++
    } else {
      await ended
      report.ended++
      if (!isDeepStrictEqual(readNumbers(join(folder, 'killed')), whole)) report.different++
      rmSync(join(folder, 'killed'), { recursive: true })
    }
    onChange(report)
  }
  return report
}

const readNumbers = (out: string) =>
  resultsWithoutTimes(JSON.parse(readFileSync(reportPaths(out).results, 'utf8')) as Results)

interface RunningBench {
  /** Fulfilled when it is gone: of itself and well, or killed. */
  ended: Promise<void>
  /** kill −9 of it and its workers; returns when it is gone. */
  kill(): Promise<void>
}

async function startBench(parameters: readonly string[], folder: string): Promise<RunningBench> {
  const main = await fromSource(join(import.meta.dirname, '../main.ts'))
  const child: ChildProcess = spawn(process.execPath, [main, ...parameters], {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...process.env, INIT_CWD: folder },
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  let killed = false
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (said += text))
  const closed = once(child, 'close')
  const ended = closed.then(([code]: unknown[]) => {
    if (code !== 0 && !killed) throw new Error(`the bench ended with ${code ?? 'a signal'}: ${said}`)
  })
  return {
    ended,
    async kill() {
      killed = true
      process.kill(-child.pid!, 'SIGKILL')
      await closed
    },
  }
}
