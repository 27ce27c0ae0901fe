import { loadModel, type Memory, type Model } from '@ttt-e2e/checkpoint'
import { Progress, UserError } from '@ttt-e2e/cli'
import { formatTable, type Table } from '@ttt-e2e/report'
import '@ttt-e2e/kernels/engines'
import { createRandom, resolveEngine } from '@ttt-e2e/tensor-ops'
import { heldOutBooks } from '../memory/held-out-books'
import { mean } from '../memory/losses-of'

export interface DamageOptions {
  bytes: number
  kilobytes: number
  /** See `LearningRule.decay`; the model's own alone where left out. */
  decay?: number[]
  engine: string
}

/** What random bytes cost a model trained on the books afterwards: its loss by stretches of ordinary text. */
export async function damage(folder: string, options: DamageOptions): Promise<void> {
  const progress = new Progress()
  progress.print((await resolveEngine(options.engine)).line)
  const model = await loadModel(folder)
  if (model.recipe?.data.kind !== 'books')
    throw new UserError(
      `${folder} was trained on ${model.recipe?.data.kind ?? 'data that it does not name'}; this needs a model trained on the books`,
    )
  progress.print(`\n${formatTable(await tableOfDamage(model, options, (text) => progress.update(text)))}`)
  model.dispose()
}

/** Reads the text afresh and after the random bytes, with each decay. */
async function tableOfDamage(
  model: Model,
  { bytes, kilobytes, decay }: Pick<DamageOptions, 'bytes' | 'kilobytes' | 'decay'>,
  onProgress: (text: string) => void,
): Promise<Table> {
  const text = ordinaryText(kilobytes * 1024)
  const random = createRandom(1)
  const noise = Int32Array.from({ length: bytes }, () => random.integer(256))
  const ends = stretchEnds(kilobytes)
  const columns: string[] = []
  const losses: number[][] = []
  for (const share of decay ?? [model.system.rule?.decay ?? 0])
    for (const damaged of [false, true]) {
      const name = `${share === 0 ? 'no decay' : `decay ${share}`}, ${damaged ? 'after them' : 'afresh'}`
      const memory = model.startMemory({ decay: share })
      if (damaged)
        await lossesIn(model, noise, memory, (done) => onProgress(`${name} · random bytes ${done}`))
      const read = await lossesIn(model, text, memory, (done) => onProgress(`${name} · text ${done}`))
      memory.dispose()
      columns.push(name)
      // The very first byte of a text isn't predicted.
      losses.push(
        ends.map((end, i) => mean(read.subarray(Math.max(1, (ends[i - 1] ?? 0) * 1024), end * 1024))),
      )
    }
  return {
    title: `loss on ordinary text after ${bytes} random bytes (nats per byte)`,
    columns: ['kilobytes', ...columns],
    rows: ends.map((end, i) => [
      `${ends[i - 1] ?? 0}–${end}`,
      ...losses.map((perStretch) => perStretch[i].toFixed(3)),
    ]),
    note: `held-out books, one after another, ${model.name}; kilobytes of text since the random bytes ended`,
  }
}

/** Stretches that double: 20, 40, 80, … */
function stretchEnds(kilobytes: number): number[] {
  const ends: number[] = []
  for (let end = 20; end < kilobytes; end *= 2) ends.push(end)
  return [...ends, kilobytes]
}

function ordinaryText(length: number): Int32Array {
  const text = new Int32Array(length)
  let filled = 0
  for (const { tokens } of heldOutBooks()) {
    const part = tokens.subarray(0, length - filled)
    text.set(part, filled)
    filled += part.length
  }
  return text.subarray(0, filled)
}

async function lossesIn(
  model: Model,
  tokens: Int32Array,
  memory: Memory,
  onProgress: (done: string) => void,
): Promise<Float32Array> {
  const losses = new Float32Array(tokens.length)
  await model.read(tokens, {
    memory,
    pieceLength: 4096,
    onProgress({ done, total, losses: piece }) {
      losses.set(piece, done - piece.length)
      onProgress(`${done} of ${total}`)
    },
  })
  return losses
}
