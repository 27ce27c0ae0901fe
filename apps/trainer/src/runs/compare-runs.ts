import { formatBytes, formatCount, formatDuration } from '@ttt-e2e/cli'
import { signed, type Table } from '@ttt-e2e/report'
import { basename } from 'node:path'
import { recentLoss, recentSpeed, type StoredRun } from './read-run'
import { differentSettings } from './settings'

/** Places of the curves at which losses stand side by side. */
const rowsOfCurves = 8

/** What differs between two runs, as tables: their recipes, how they ended, their losses along the way. */
export function compareRuns(a: StoredRun, b: StoredRun): Table[] {
  const columns = namesOf(a, b)
  return [recipesTable(a, b, columns), endTable(a, b, columns), ...curvesTable(a, b, columns)]
}

/** Of their folders; whole paths where these have the same name. */
export function namesOf(a: StoredRun, b: StoredRun): [string, string] {
  const names = [a, b].map(({ folder }) => basename(folder))
  return names[0] === names[1] ? [a.folder, b.folder] : [names[0], names[1]]
}

function recipesTable(a: StoredRun, b: StoredRun, names: readonly string[]): Table {
  const rows = differentSettings(facts(a), facts(b))
  return {
    title: 'how they are made',
    columns: ['what differs', ...names],
    rows,
    note: rows.length > 0 ? 'what is not listed is the same' : 'nothing differs',
  }
}

const facts = ({ info }: StoredRun) => ({
  ...info?.recipe,
  engine: info?.engine,
  commit: info?.gitHash ?? undefined,
  'hash of the data': info?.data?.sha256.slice(0, 12),
})

function endTable(a: StoredRun, b: StoredRun, names: readonly string[]): Table {
  const places = [a, b].map(({ heldOut }) => heldOut.at(-1)?.byPlace ?? [])
  const shared = places[0].filter(({ from, to }) =>
    places[1].some((other) => other.from === from && other.to === to),
  )
  const placeRows = shared.map(({ from, to }) =>
    losses(
      `held-out, tokens ${from + 1} to ${to}`,
      (run) => run.heldOut.at(-1)?.byPlace.find((place) => place.from === from && place.to === to)?.loss,
    ),
  )
  function losses(what: string, of: (run: StoredRun) => number | undefined): string[] {
    const [ofA, ofB] = [of(a), of(b)]
    const difference = ofA === undefined || ofB === undefined ? '' : signed(ofB - ofA)
    return [what, ofA?.toFixed(3) ?? '', ofB?.toFixed(3) ?? '', difference]
  }
  const both = (what: string, of: (run: StoredRun) => string) => [what, of(a), of(b), '']
  return {
    title: 'where they stand',
    columns: ['what', ...names, 'second less first'],
    rows: [
      both('state', ({ state }) => state),
      both('steps', ({ steps }) => String(steps.at(-1)?.step ?? 0)),
      losses('training loss, last 20 steps', recentLoss),
      losses('held-out loss, last', ({ heldOut }) => heldOut.at(-1)?.loss),
      losses('held-out loss, best', ({ heldOut }) =>
        heldOut.length === 0 ? undefined : Math.min(...heldOut.map(({ loss }) => loss)),
      ),
      ...placeRows,
      both('time in steps', ({ steps }) =>
        formatDuration(steps.reduce((sum, { seconds }) => sum + seconds, 0)),
      ),
      both('tokens/s', (run) => speed(run)),
      both('memory of the process, most', ({ steps }) =>
        most(steps.flatMap((step) => step.residentBytes ?? [])),
      ),
    ],
  }
}

const speed = (run: StoredRun) => {
  const found = recentSpeed(run)
  return found === undefined ? '' : formatCount(found)
}

const most = (bytes: readonly number[]) =>
  bytes.length === 0 ? '' : formatBytes(bytes.reduce((a, b) => Math.max(a, b)))

/** Mean losses of the steps up to each of a few places that both have reached. */
function curvesTable(a: StoredRun, b: StoredRun, names: readonly string[]): Table[] {
  const reached = Math.min(...[a, b].map(({ steps }) => steps.at(-1)?.step ?? 0))
  const rows = Math.min(rowsOfCurves, reached)
  if (rows === 0) return []
  const border = (i: number) => Math.round((i * reached) / rows)
  const meanIn = ({ steps }: StoredRun, from: number, to: number) => {
    const losses = steps.filter(({ step }) => step > from && step <= to).map(({ loss }) => loss)
    return losses.reduce((sum, loss) => sum + loss, 0) / losses.length
  }
  return [
    {
      title: 'training loss along the way (nats per token)',
      columns: ['steps', ...names, 'second less first'],
      rows: Array.from({ length: rows }, (_, i) => {
        const [from, to] = [border(i), border(i + 1)]
        const [ofA, ofB] = [a, b].map((run) => meanIn(run, from, to))
        return [`${from + 1}–${to}`, ofA.toFixed(3), ofB.toFixed(3), signed(ofB - ofA)]
      }),
      note: 'the mean of those steps; up to where the shorter one stands',
    },
  ]
}
