import { escapeHtml, figureHtml, pageHtml, tableHtml } from '@ttt-e2e/report'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import type { Origin, Results, TaskResults } from '../experiment/results'
import { describeShares } from '../experiment/workers/share-out'
import type { Probe } from '../probes/probe'
import { unconvergedSentence } from '../probes/training/unconverged-label'
import { questions, type Question } from './answer'
import { comparisonTable } from './comparison-table'
import { comparisonCsv, csvName } from './csv-name'
import { parametersTable } from './parameters-table'
import { answersTo, reportsOf, type ProbeReport } from './report-probes'

/** One page that needs nothing else: no scripts, no links elsewhere, figures as SVG, tables also as CSV. */
export function formatHtml(results: Results, probes: readonly Probe[]): string {
  const { options, mergedFrom } = results
  const facts = [`preset ${options.presetName}: ${options.preset.summary}`, counted(options.seeds, 'seed')]
  const notes = mergedFrom
    ? [[...facts, `merged from ${counted(mergedFrom.length, 'run')}`], ...mergedFrom.map(factsOf)]
    : [[...facts, ...factsOf({ ...results, shares: options.shares })]]
  return pageHtml('TTT-E2E bench', [
    '<h1>TTT-E2E beside its baselines</h1>',
    ...(results.interrupted
      ? ['<p class="stopped">This run was stopped before everything was measured.</p>']
      : []),
    `<div class="glance">${(Object.keys(questions) as Question[]).map((question) => formatAnswer(question, results, probes)).join('\n')}</div>`,
    ...notes.map((note) => `<p class="note">${note.map(escapeHtml).join(' · ')}</p>`),
    `<p class="note">${escapeHtml(results.convergenceRule)}</p>`,
    ...results.tasks.map((task) => formatTask(task, probes)),
  ])
}

function factsOf({ engine, machine, versions, gitHash, startedAt, finishedAt, shares }: Origin): string[] {
  return [
    engine.line,
    describeShares(shares),
    ...Object.entries(machine).map(([name, value]) => `${name} ${value}`),
    ...Object.entries(versions).map(([name, value]) => `${name} ${value}`),
    ...(gitHash ? [`commit ${gitHash}`] : []),
    `${startedAt} to ${finishedAt}`,
  ]
}

/** One of the first screen's four: a sentence and a small figure. */
function formatAnswer(question: Question, { tasks }: Results, probes: readonly Probe[]): string {
  const answers = answersTo(question, tasks, probes)
  const sentence = answers.map(({ task, answer }) => `On ${task} ${answer.sentence}`).join('. ')
  return [
    `<section><h2>${escapeHtml(questions[question])}</h2>`,
    `<p>${escapeHtml(answers.length > 0 ? `${sentence}.` : 'Not measured here; --preset standard asks every probe.')}</p>`,
    ...answers.slice(0, 1).map(({ answer }) => figureHtml(answer.figure, 'small')),
    '</section>',
  ].join('\n')
}

function formatTask(task: TaskResults, probes: readonly Probe[]): string {
  return [
    `<section><h2>${escapeHtml(task.title)}</h2>`,
    ...(task.notes.length > 0
      ? [`<ul>${task.notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('')}</ul>`]
      : []),
    ...comparisonTable(task).map((table) => tableHtml(table, comparisonCsv(task.name))),
    ...reportsOf(task, probes).map((report) => formatProbe(report, task)),
    tableHtml({ ...parametersTable(task), title: 'systems' }, `${task.name}-systems.csv`),
    '</section>',
  ].join('\n')
}

function formatProbe({ probe, verdict, figures, tables }: ProbeReport, task: TaskResults): string {
  const isOfRuns = probe.needs === 'reader'
  return [
    `<section id="${task.name}-${escapeHtml(probe.name)}"><h3>${escapeHtml(probe.name.replaceAll('-', ' '))}</h3>`,
    ...verdict.map((sentence) => `<p class="verdict">${escapeHtml(sentence)}</p>`),
    ...figures.map((figure) => figureHtml(figure)),
    ...tables.map((table, i) => tableHtml(table, csvName(task.name, probe.name, i))),
    ...(isOfRuns ? unconvergedSentence(task).map((each) => `<p class="note">${escapeHtml(each)}</p>`) : []),
    ...(probe.published ? [tableHtml(probe.published)] : []),
    '</section>',
  ].join('\n')
}
