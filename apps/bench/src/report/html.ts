import type { Results, TaskResults } from '../experiment/results'
import { describeShares } from '../experiment/workers/share-out'
import type { Probe } from '../probes/probe'
import type { Figure } from './figure'
import { parametersTable } from './parameters-table'
import { figuresOf, tablesOf } from './report-probes'
import type { Table } from './table'
import { verdictOf } from './verdict'

const style = `
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1, h2, h3 { line-height: 1.2 } h2 { margin-top: 3rem; border-top: 1px solid #ddd; padding-top: 1.5rem }
figure { margin: 2rem 0 } figure svg { max-width: 100%; height: auto } figcaption, .note { color: #555; font-size: 0.875rem }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; font-size: 0.875rem } .legend svg { vertical-align: middle; margin-right: 0.4rem }
.scroll { overflow-x: auto } table { border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums }
th, td { padding: 0.2rem 0.7rem; border-bottom: 1px solid #eee; text-align: left; vertical-align: top } th { border-bottom-color: #999 }
td.number, th.number { text-align: right } .stopped { background: #fff3cd; padding: 0.5rem 1rem }`

/** One page that needs nothing else: no scripts, no links, figures as SVG. */
export function formatHtml(results: Results, probes: readonly Probe[]): string {
  const { engine, machine, versions, gitHash, options, startedAt, finishedAt } = results
  const facts = [
    `preset ${options.presetName}: ${options.preset.summary}`,
    `${options.seeds} seed${options.seeds === 1 ? '' : 's'}`,
    engine.line,
    describeShares(options.shares),
    ...Object.entries(machine).map(([name, value]) => `${name} ${value}`),
    ...Object.entries(versions).map(([name, value]) => `${name} ${value}`),
    ...(gitHash ? [`commit ${gitHash}`] : []),
    `${startedAt} to ${finishedAt}`,
  ]
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>TTT-E2E bench</title><style>${style}</style></head>
<body>
<h1>TTT-E2E beside its baselines</h1>
<p class="note">${facts.map(escape).join(' · ')}</p>
${results.interrupted ? '<p class="stopped">This run was stopped before everything was measured.</p>' : ''}
<p class="note">${escape(results.convergenceRule)}</p>
${results.tasks.map((task) => formatTask(task, probes)).join('\n')}
</body>
</html>
`
}

function formatTask(task: TaskResults, probes: readonly Probe[]): string {
  return [
    `<section><h2>${escape(task.title)}</h2>`,
    `<h3>Verdict</h3><ul>${verdictOf(task, probes)
      .map((sentence) => `<li>${escape(sentence)}</li>`)
      .join('')}</ul>`,
    ...figuresOf(task, probes).map(formatFigure),
    ...tablesOf(task, probes).map(formatTable),
    formatTable({ ...parametersTable(task), title: 'systems' }),
    '</section>',
  ].join('\n')
}

function formatFigure({ title, caption, svg, legend }: Figure): string {
  const entries = legend.map(
    ({ name, colour, dash }) =>
      `<span><svg width="28" height="8"><line x1="0" y1="4" x2="28" y2="4" stroke="${colour}" stroke-width="2.5"${dash ? ` stroke-dasharray="${dash}"` : ''}/></svg>${escape(name)}</span>`,
  )
  return `<figure><h3>${escape(title)}</h3><div class="legend">${entries.join('')}</div>${svg}<figcaption>${escape(caption)}</figcaption></figure>`
}

function formatTable({ title, columns, rows, note }: Table): string {
  const isNumber = columns.map((_, i) => i > 0 && rows.every((row) => !/[a-z]{3}/.test(row[i])))
  const cells = (tag: string, values: string[]) =>
    values
      .map((value, i) => `<${tag}${isNumber[i] ? ' class="number"' : ''}>${escape(value)}</${tag}>`)
      .join('')
  return [
    `<h3>${escape(title)}</h3><div class="scroll"><table><thead><tr>${cells('th', columns)}</tr></thead>`,
    `<tbody>${rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('')}</tbody></table></div>`,
    ...(note ? [`<p class="note">${escape(note)}</p>`] : []),
  ].join('\n')
}

const escape = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
