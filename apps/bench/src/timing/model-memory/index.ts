import { loadModel } from '@ttt-e2e/checkpoint'
import { formatTable, type Table } from '@ttt-e2e/report'
import '@ttt-e2e/kernels/engines'
import { engineMemory, giveBackIdle, resolveEngine } from '@ttt-e2e/tensor-ops'
import { countStateBytes, Reader, type System } from '@ttt-e2e/ttt-inner'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { randomTokens } from '../random-batch'

export interface ModelMemoryOptions {
  model: string
  /** Read at once. */
  tokens: number
  /** Decoded after them, each the likeliest. */
  decode: number
  engine: string
  threads?: number
  expand?: boolean
}

/** What the process holds at a moment, in bytes. */
export interface Held {
  when: string
  /** Resident, and how much of the heap JavaScript uses, each after a rest and a collection of garbage. */
  resident: number
  heap: number
  /** In the engine's tensors. */
  tensors: number
  /** Tokens whose keys and values are held, and the bytes of these, without room for more. */
  tokens: number
  cache: number
}

/**
 * Prints what a process holds before a model is there, with it, after reading and after decoding, beside the model's file
 * and its cache.
 *
 * @throws CheckpointError, EngineError, DataError as `loadModel`
 */
export async function modelMemory(options: ModelMemoryOptions): Promise<void> {
  process.stdout.write(`${(await resolveEngine(options.engine, { threads: options.threads })).line}\n`)
  const { file, held } = await measureModelMemory(options)
  process.stdout.write(`${formatTable(modelMemoryTable(file, held))}\n`)
}

/**
 * On the engine in use.
 *
 * @param rest seconds without work before each moment, see `collectGarbage`
 * @returns the bytes of the model's files, and what was held at each moment
 */
export async function measureModelMemory(
  options: Pick<ModelMemoryOptions, 'model' | 'tokens' | 'decode' | 'expand'>,
  rest = 6,
): Promise<{ file: number; held: Held[] }> {
  const held: Held[] = []
  const note = async (when: string, system?: System, tokens = 0) => {
    await collectGarbage(rest)
    const { rss: resident, heapUsed: heap } = process.memoryUsage()
    const cache = system && tokens > 0 ? filledBytes(system, tokens) : 0
    held.push({ when, resident, heap, tensors: engineMemory().live, tokens, cache })
  }
  // What Node itself left to malloc goes back here, not with the model's.
  giveBackIdle()
  await note('before the model')
  const model = await loadModel(options.model, { keepQuantised: !options.expand })
  const { system, params } = model
  await note('with the model', system)
  const reader = new Reader(system, params)
  await reader.read(randomTokens(system.decoder.config.vocabularySize, options.tokens))
  // Reading is done when the token after it is asked for.
  await reader.nextLogits()
  await note('after reading', system, options.tokens)
  for (let i = 0; i < options.decode; i++) {
    const logits = await reader.nextLogits()
    await reader.read(Int32Array.of(logits.indexOf(logits.reduce((a, b) => Math.max(a, b)))))
  }
  await note('after decoding', system, options.tokens + options.decode)
  reader.dispose()
  // Here, so that the tokenizer stays as it does for who uses it.
  model.dispose()
  return { file: bytesOfFiles(options.model), held }
}

/** Each moment beside the first one, and as a share of the file and the cache. */
export function modelMemoryTable(file: number, held: readonly Held[]): Table {
  const [base] = held
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)
  return {
    title: `memory of a model, MB: its file has ${megabytes(file)}`,
    columns: ['', 'resident', 'more than before', 'tensors', 'heap, more', 'tokens', 'cache', 'share'],
    rows: held.map((each) => [
      each.when,
      megabytes(each.resident),
      megabytes(each.resident - base.resident),
      megabytes(each.tensors),
      megabytes(each.heap - base.heap),
      String(each.tokens),
      megabytes(each.cache),
      each === base ? '' : ((each.resident - base.resident) / (file + each.cache)).toFixed(2),
    ]),
    note: 'share: more than before, of the file and the cache together; cache: states of the tokens held, without room for more',
  }
}

/** Of a model that reads by attention alone the keys and values of so many tokens; of others all that a reader holds. */
function filledBytes(system: System, tokens: number): number {
  const { architecture } = system
  const { mixers = [], layers = 0, heads = 1, hiddenSize = 0 } = architecture ?? {}
  if (system.rule || mixers.some(({ name }) => name !== 'attention') || layers === 0)
    return countStateBytes(system, tokens)
  return Array.from({ length: layers }, (_, layer) => {
    const options = mixers[layer % mixers.length].options ?? {}
    const {
      window = 0,
      keyHeads = heads,
      headWidth = hiddenSize / heads,
    } = options as {
      window?: number
      keyHeads?: number
      headWidth?: number
    }
    return 2 * 4 * keyHeads * headWidth * (window === 0 ? tokens : Math.min(tokens, window))
  }).reduce((sum, bytes) => sum + bytes, 0)
}

/** Of a file, or of all in a folder. */
function bytesOfFiles(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).size
  return readdirSync(path).reduce((sum, name) => sum + bytesOfFiles(join(path, name)), 0)
}

/**
 * Of V8's garbage, and of the room of its young generation: up to 34 MB that whatever ran has made it, before the model too. A
 * collection gives that up only where little was allocated in the last 5 s, and to the system with the next one.
 */
async function collectGarbage(rest: number): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (const share of [0, 1, 1 / 6, 1 / 6]) {
    await new Promise((resolve) => setTimeout(resolve, share * rest * 1000))
    collect()
  }
}
