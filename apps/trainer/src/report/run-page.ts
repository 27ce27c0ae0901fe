import { formatBytes, formatCount, formatDuration } from '@ttt-e2e/cli'
import { escapeHtml, figureHtml, pageHtml, tableHtml, type Table } from '@ttt-e2e/report'
import { basename } from 'node:path'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { compareRuns, namesOf } from '../runs/compare-runs'
import { recentLoss, recentSpeed, type StoredRun } from '../runs/read-run'
import { settingsOf } from '../runs/settings'
import { runFigures } from './run-figures'

/** The report of a run as one page that needs nothing else. */
export function runPage(run: StoredRun): string {
  const { folder, info, lines } = run
  const failure = lines.find((line) => line.kind === 'failed')
  const name = basename(folder)
  return pageHtml(`${name} · training`, [
    `<h1>${escapeHtml(name)}</h1>`,
    ...(failure ? [`<p class="stopped">${escapeHtml(failure.reason)}</p>`] : []),
    `<p class="note">${escapeHtml([...factsOf(run), `written ${new Date().toISOString()}`].join(' · '))}</p>`,
    tableHtml(standing(run)),
    ...runFigures([{ name, run }]).map((figure) => figureHtml(figure)),
    ...heldOutTable(run).map((table) => tableHtml(table, `${name}-held-out.csv`)),
    ...(info?.recipe
      ? [tableHtml({ title: 'recipe', columns: ['setting', 'value'], rows: settingsOf(info.recipe) })]
      : []),
  ])
}

/** Two runs beside each other on one page. */
export function comparisonPage(a: StoredRun, b: StoredRun): string {
  const names = namesOf(a, b)
  return pageHtml(names.join(' beside '), [
    `<h1>${escapeHtml(names.join(' beside '))}</h1>`,
    ...compareRuns(a, b).map((table) => tableHtml(table)),
    ...runFigures([a, b].map((run, i) => ({ name: names[i], run }))).map((figure) => figureHtml(figure)),
  ])
}

function factsOf({ info, folder }: StoredRun): string[] {
  if (!info) return [folder, 'no checkpoint yet']
  const { recipe, engine, versions, gitHash, savedAt } = info
  return [
    folder,
    ...(recipe ? [`${recipe.name}, ${recipe.system}`, recipe.summary] : []),
    ...(engine ? [`engine ${engine.name}, ${engine.precision}: ${engine.description}`] : []),
    ...Object.entries(versions).map(([name, version]) => `${name} ${version}`),
    ...(gitHash === null ? [] : [`commit ${gitHash}`]),
    `saved ${savedAt}`,
  ]
}

function standing(run: StoredRun): Table {
  const { steps, heldOut, info, state } = run
  const planned = info?.recipe?.training.optimizer.schedule.steps
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0)
  const tokens = steps.reduce((sum, step) => sum + (step.tokens ?? 0), 0)
  const speed = recentSpeed(run)
  const resident = steps.at(-1)?.residentBytes
  return {
    title: 'where it stands',
    columns: ['what', 'value'],
    rows: [
      ['state', state],
      ['steps', `${steps.at(-1)?.step ?? 0}${planned === undefined ? '' : ` of ${planned}`}`],
      ['tokens', formatCount(tokens)],
      ['time in steps', formatDuration(seconds)],
      ['training loss, last 20 steps', recentLoss(run)?.toFixed(3) ?? ''],
      ['held-out loss, last', heldOut.at(-1)?.loss.toFixed(3) ?? ''],
      ['tokens/s, last 20 steps', speed === undefined ? '' : formatCount(speed)],
      ['memory of the process, last', resident === undefined ? '' : formatBytes(resident)],
    ],
  }
}

/** Held-out losses of the last evaluation by place. */
function heldOutTable({ heldOut }: StoredRun): Table[] {
  const last = heldOut.at(-1)
  if (!last) return []
  return [
    {
      title: `held-out loss after ${counted(last.step, 'step')} (nats per token)`,
      columns: ['tokens', 'loss'],
      rows: last.byPlace.map(({ from, to, loss }) => [`${from + 1}–${to}`, loss.toFixed(4)]),
    },
  ]
}
