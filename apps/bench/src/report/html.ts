import type { Results, TaskResults } from '../experiment/results'
import { describeShares } from '../experiment/workers/share-out'
import type { Probe } from '../probes/probe'
import { unconvergedSentence } from '../probes/training/unconverged-label'
import { questions, type Question } from './answer'
import { csvName, csvOf } from './csv'
import type { Figure } from './figure'
import { parametersTable } from './parameters-table'
import { answersTo, reportsOf, type ProbeReport } from './report-probes'
import { style } from './style'
import type { Table } from './table'

/** One page that needs nothing else: no scripts, no links elsewhere, figures as SVG, tables also as CSV. */
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
${results.interrupted ? '<p class="stopped">This run was stopped before everything was measured.</p>' : ''}
<div class="glance">${(Object.keys(questions) as Question[]).map((question) => formatAnswer(question, results, probes)).join('\n')}</div>
<p class="note">${facts.map(escape).join(' · ')}</p>
<p class="note">${escape(results.convergenceRule)}</p>
${results.tasks.map((task) => formatTask(task, probes)).join('\n')}
</body>
</html>
`
}

/** One of the first screen's four: a sentence and a small figure. */
function formatAnswer(question: Question, { tasks }: Results, probes: readonly Probe[]): string {
  const answers = answersTo(question, tasks, probes)
  const sentence = answers.map(({ task, answer }) => `On ${task} ${answer.sentence}`).join('. ')
  return [
    `<section><h2>${escape(questions[question])}</h2>`,
    `<p>${escape(answers.length > 0 ? `${sentence}.` : 'Not measured here; --preset standard asks every probe.')}</p>`,
    ...answers.slice(0, 1).map(({ answer }) => formatFigure(answer.figure, 'small')),
    '</section>',
  ].join('\n')
}

function formatTask(task: TaskResults, probes: readonly Probe[]): string {
  return [
    `<section><h2>${escape(task.title)}</h2>`,
    ...(task.notes.length > 0
      ? [`<ul>${task.notes.map((note) => `<li>${escape(note)}</li>`).join('')}</ul>`]
      : []),
    ...reportsOf(task, probes).map((report) => formatProbe(report, task)),
    formatTable({ ...parametersTable(task), title: 'systems' }, `${task.name}-systems.csv`),
    '</section>',
  ].join('\n')
}

function formatProbe({ probe, verdict, figures, tables }: ProbeReport, task: TaskResults): string {
  const isOfRuns = probe.needs === 'reader'
  return [
    `<section id="${task.name}-${escape(probe.name)}"><h3>${escape(probe.name.replaceAll('-', ' '))}</h3>`,
    ...verdict.map((sentence) => `<p class="verdict">${escape(sentence)}</p>`),
    ...figures.map((figure) => formatFigure(figure)),
    ...tables.map((table, i) => formatTable(table, csvName(task.name, probe.name, i))),
    ...(isOfRuns ? unconvergedSentence(task).map((each) => `<p class="note">${escape(each)}</p>`) : []),
    ...(probe.published ? [formatTable(probe.published)] : []),
    '</section>',
  ].join('\n')
}

function formatFigure({ title, caption, svg, legend }: Figure, kind?: 'small'): string {
  const entries = legend.map(
    ({ name, colour, dash }) =>
      `<span><svg width="28" height="8"><line x1="0" y1="4" x2="28" y2="4" stroke="${colour}" stroke-width="2.5"${dash ? ` stroke-dasharray="${dash}"` : ''}/></svg>${escape(name)}</span>`,
  )
  const heading = kind === 'small' ? '' : `<h4>${escape(title)}</h4>`
  return `<figure${kind ? ` class="${kind}"` : ''}>${heading}<div class="legend">${entries.join('')}</div><div class="plot">${svg}</div><figcaption>${escape(caption)}</figcaption></figure>`
}

/** @param csv what it is saved as; not saved where left out */
function formatTable(table: Table, csv?: string): string {
  const { title, columns, rows, note } = table
  const isNumber = columns.map((_, i) => i > 0 && rows.every((row) => !/[a-z]{3}/.test(row[i])))
  const cells = (tag: string, values: string[]) =>
    values
      .map((value, i) => `<${tag}${isNumber[i] ? ' class="number"' : ''}>${escape(value)}</${tag}>`)
      .join('')
  return [
    `<h4>${escape(title)}</h4><div class="scroll"><table><thead><tr>${cells('th', columns)}</tr></thead>`,
    `<tbody>${rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('')}</tbody></table></div>`,
    ...(note === undefined ? [] : [`<p class="note">${escape(note)}</p>`]),
    ...(csv === undefined ? [] : [csvLink(table, csv)]),
  ].join('')
}

const csvLink = (table: Table, name: string) =>
  `<p class="note csv"><a download="${escape(name)}" href="data:text/csv;charset=utf-8,${encodeURIComponent(csvOf(table))}">CSV</a></p>`

const escape = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
