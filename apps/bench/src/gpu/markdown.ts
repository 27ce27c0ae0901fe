import { median } from '../statistics'
import type { Speed } from '../timing/measurement'
import { digits } from '../timing/speed-table'
import type { GpuResults, Outcome } from './outcome'

/** Results as a document of tables. */
export function markdownOf(results: GpuResults): string {
  const { outcomes } = results
  const measured = outcomes.filter(({ record }) => record?.rows.length)
  const isContext = ({ name }: Outcome) => name.includes('-context-')
  const speeds = measured.filter((outcome) => !isContext(outcome)).flatMap(speedRows)
  const contexts = measured.filter(isContext)
  const printed = outcomes.filter(({ printed }) => printed !== undefined)
  const remarks = [...new Set(outcomes.flatMap(({ remarks = [] }) => remarks))]
  const missing = [...skippedParts(outcomes), ...remarks]
  return [
    `# ${cardOf(results)}`,
    provenanceOf(results, measured),
    ...(speeds.length > 0 ? [table(speedColumns, speeds)] : []),
    ...(contexts.length > 0 ? ['Seconds per 1000 tokens of a text of so many:', contextTable(contexts)] : []),
    ...printed.map((outcome) => ['```', withoutProgress(outcome.printed!), '```'].join('\n')),
    ...(missing.length > 0 ? ['Not measured:', missing.map((line) => `- ${line}`).join('\n')] : []),
  ]
    .join('\n\n')
    .concat('\n')
}

/** A line for each sentence, with all parts that it is said of. */
function skippedParts(outcomes: readonly Outcome[]): string[] {
  const bySentence = new Map<string, string[]>()
  for (const { name, skipped } of outcomes)
    if (skipped !== undefined) bySentence.set(skipped, [...(bySentence.get(skipped) ?? []), name])
  return [...bySentence].map(([sentence, names]) => `${names.join(', ')}: ${sentence}`)
}

/** A command that prints into a file says what it is at in lines like "webgpu · products". */
const withoutProgress = (text: string) =>
  text
    .split('\n')
    .filter((line) => !/^[\w-]+ · \S+$/.test(line))
    .join('\n')

const cardOf = ({ card, outcomes }: GpuResults) =>
  card ??
  outcomes.find(({ record }) => record?.engine.name === 'webgpu')?.record?.engine.description ??
  'No card was found'

/** With what, when and how it was measured. */
function provenanceOf({ startedAt, finishedAt, options }: GpuResults, measured: readonly Outcome[]): string {
  const { machine, versions, gitHash } = measured[0]?.record ?? {}
  const time = (at?: string) => at?.slice(0, 16).replace('T', ' ')
  return [
    `Measured from ${time(startedAt)} to ${time(finishedAt)} UTC`,
    ...(machine ? [`${machine.processor}, ${machine.cores} cores`, `Node ${versions!.node}`] : []),
    ...(gitHash ? [`commit ${gitHash}`] : []),
    ...(options ? [`medians of ${options.reps} runs, batch 1; products in f32 proper, the peers’ too`] : []),
  ].join(' · ')
}

const speedColumns = ['size', 'engine', 'work', 'system', 'tokens/s', 'seconds', '× the first', 'peers, tokens/s (ours ÷ theirs)'] // prettier-ignore

function speedRows({ record }: Outcome): string[][] {
  const { engine, options, rows } = record!
  const { precision } = options as { precision?: string }
  return rows.map((speed) => [
    `${speed.size}, ${speed.length} tokens`,
    `${engine.name} ${precision}`,
    speed.work,
    speed.system,
    digits(speed.tokensPerSecond),
    digits(speed.seconds),
    besideFirst(speed, rows),
    (speed.peers ?? [])
      .map(
        ({ peer, tokensPerSecond, ratio }) =>
          `${peer}: ${digits(median(tokensPerSecond))} (${ratio.toFixed(2)})`,
      ) // prettier-ignore
      .join(', '),
  ])
}

/** How many times as long as the first system it takes for the same work, whether or not it learns. */
function besideFirst(speed: Speed, rows: readonly Speed[]): string {
  const learnless = (work: string) => work.replace(' and learning', '')
  const first = rows.find(({ work }) => learnless(work) === learnless(speed.work))
  if (first === undefined || first.system === speed.system) return ''
  return (first.tokensPerSecond / speed.tokensPerSecond).toFixed(2)
}

function contextTable(outcomes: readonly Outcome[]): string {
  const secondsOf = ({ tokensPerSecond }: Speed) => 1000 / tokensPerSecond
  const systems = [...new Set(outcomes.flatMap(({ record }) => record!.rows.map(({ system }) => system)))]
  const ratios = systems.slice(1).map((system) => `${system} ÷ ${systems[0]}`)
  return table(
    ['size', 'engine', 'tokens', ...systems, ...ratios],
    outcomes.map(({ record }) => {
      const { engine, rows } = record!
      const seconds = systems.map((system) => {
        const speed = rows.find((row) => row.system === system)
        return speed && secondsOf(speed)
      })
      return [
        rows[0].size,
        engine.name,
        String(rows[0].length),
        ...seconds.map((each) => (each === undefined ? '' : digits(each))),
        ...seconds.slice(1).map((each) => (each && seconds[0] ? (each / seconds[0]).toFixed(2) : '')),
      ]
    }),
  )
}

const table = (columns: readonly string[], rows: readonly string[][]): string =>
  [columns, columns.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')
