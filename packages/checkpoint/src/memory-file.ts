import { problemsOf } from '@ttt-e2e/baselines'
import { longestUnfinished } from '@ttt-e2e/data'
import {
  allFinite,
  bytesOf,
  decodeSafetensors,
  encodeSafetensors,
  encodeSafetensorsHeader,
  readSafetensorsHeader,
  type PlainTensors,
} from '@ttt-e2e/tensor-ops'
import { Reader, type SavedState } from '@ttt-e2e/ttt-inner'
import { z } from 'zod'
import { CheckpointError } from './checkpoint-error'
import { Memory } from './memory'
import { memoryProblems, tokenProblems } from './memory-problems'
import { foreignMemory, type Model } from './model'
import { sha256Of } from './sha256'

const count = z.int().min(0)
/** Positions are int32 where they are read. */
const position = count.max(2 ** 31 - 1)

/** The `state` of a memory file's metadata: everything that is not a tensor. */
const metaSchema: z.ZodType<SavedState['meta']> = z.strictObject({
  position,
  steps: count,
  open: z.strictObject({ rows: count, tokens: z.array(z.array(count)) }),
})

/** A memory as a safetensors file; in the metadata stand the hash of its model and one of everything else in the file. */
export async function encodeMemory(memory: Memory): Promise<Uint8Array> {
  const { tensors, meta } = await memory.reader.save()
  const metadata = {
    format: 'ttt-e2e memory',
    schemaVersion: '2',
    model: memory.modelHash,
    state: JSON.stringify(meta),
    unfinished: JSON.stringify(memory.unfinished),
  }
  return encodeSafetensors(tensors, { ...metadata, sha256: contentHash(tensors, metadata) })
}

/** The hash of a memory's file as it is without this hash. */
function contentHash(
  tensors: PlainTensors,
  { sha256: _sha256, ...metadata }: Record<string, string>,
): string {
  const entries = Object.entries(tensors)
  const header = encodeSafetensorsHeader(
    entries.map(([name, { shape }]) => ({ name, shape, dtype: 'F32' })),
    metadata,
  )
  return sha256Of([header, ...entries.map(([, { values }]) => bytesOf(values))])
}

/**
 * A memory from the bytes of `encodeMemory`: reading goes on exactly where it was saved.
 *
 * @param name what to call it in errors
 * @throws CheckpointError if it is another model's, in one sentence, or listing what is not sound
 */
export function decodeMemory(model: Model, bytes: Uint8Array, name = 'memory'): Memory {
  const refuse = (problems: string[]): never => {
    throw new CheckpointError(name, problems)
  }
  const { entries, metadata, problems } = readSafetensorsHeader(bytes)
  if (problems.length > 0) refuse(problems)
  if (metadata.format !== 'ttt-e2e memory') refuse(['it is not a memory (its metadata says nothing of one)'])
  if (metadata.schemaVersion !== '2')
    refuse([
      `its schema version is ${metadata.schemaVersion}, this release reads version 2: read its text again`,
    ])
  if (metadata.model !== model.hash) refuse([foreignMemory(metadata.model ?? 'unknown', model.hash)])
  const meta = metaSchema.safeParse(json(metadata.state))
  const unfinished = z.array(count).max(longestUnfinished).safeParse(json(metadata.unfinished))
  if (!meta.success) return refuse(problemsOf(meta.error).map((problem) => `state: ${problem}`))
  if (!unfinished.success)
    return refuse(problemsOf(unfinished.error).map((problem) => `unfinished: ${problem}`))
  const unsound = [
    ...tokenProblems(unfinished.data, model.tokenizer.vocabularySize, 'unfinished'),
    ...memoryProblems(model, meta.data, entries),
  ]
  if (unsound.length > 0) refuse(unsound)
  const { tensors } = decodeSafetensors(bytes)
  for (const [path, { values }] of Object.entries(tensors))
    if (!allFinite(values)) refuse([`${path} has values that are not finite`])
  let memory: Memory
  try {
    const reader = new Reader(
      model.system,
      model.params,
      { bosToken: model.tokenizer.bosToken },
      { tensors, meta: meta.data },
    )
    memory = new Memory(reader, model.hash)
  } catch (error) {
    return refuse([(error as Error).message])
  }
  // Files of earlier releases have none. Last, since it says least of what is wrong.
  if (metadata.sha256 !== undefined && metadata.sha256 !== contentHash(tensors, metadata)) {
    memory.dispose()
    refuse(['it is not the file that was saved (its hash differs)'])
  }
  memory.unfinished = unfinished.data
  return memory
}

/** What a memory's file says of itself. */
export interface MemoryFileFacts {
  /** Of the weights that it belongs to. */
  modelHash: string
  tokens: number
  /** Inner steps. */
  steps: number
}

/** What a memory's file says, without its model; undefined for bytes that are no memory. */
export function memoryFileFacts(bytes: Uint8Array): MemoryFileFacts | undefined {
  const { metadata } = readSafetensorsHeader(bytes)
  const { data } = metaSchema.safeParse(json(metadata.state))
  if (metadata.format !== 'ttt-e2e memory' || metadata.model === undefined || !data) return undefined
  return { modelHash: metadata.model, tokens: data.position, steps: data.steps }
}

function json(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}
