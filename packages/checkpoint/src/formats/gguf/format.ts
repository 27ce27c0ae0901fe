import { keepsQuantised } from '@ttt-e2e/kernels/ops'
import type { ByteSource } from '@ttt-e2e/tensor-ops'
import { CheckpointError } from '../../checkpoint-error'
import type { ModelFolder } from '../../folders/model-folder'
import type { Format, StoredModel } from '../format'
import { llamaModel, type LlamaNames } from '../llama/model'
import type { LlamaSizes } from '../llama/sizes'
import { publishedMismatches, publishedWeights } from '../published-weights'
import { blockTypes } from './block-types'
import { ggufMagic, readGgufHeader, type GgufHeader } from './header'
import { scalingOfDivisors, sizesOf } from './sizes'
import { ggufSource } from './source'
import { tokenizerOf } from './tokenizer'

const names: LlamaNames = {
  embedding: 'token_embd',
  finalNorm: 'output_norm',
  head: 'output',
  layers: 'blk',
  norm: 'attn_norm',
  q: 'attn_q',
  k: 'attn_k',
  v: 'attn_v',
  o: 'attn_output',
  qNorm: 'attn_q_norm',
  kNorm: 'attn_k_norm',
  feedForwardNorm: 'ffn_norm',
  gate: 'ffn_gate',
  up: 'ffn_up',
  down: 'ffn_down',
}

/** A divisor of the frequency of each pair, where RoPE is scaled as Llama 3.1's. */
const divisorsName = 'rope_freqs.weight'

/** A GGUF file, whose quantised tensors become float32 as they are read, or stay what they are where nothing learns. */
export const gguf: Format = {
  name: 'gguf',
  async recognises({ file, open }) {
    const bytes = file === undefined ? undefined : await open(file)
    if (!bytes || bytes.size < 4) return false
    return new DataView((await bytes.read(0, 4)).buffer).getUint32(0, true) === ggufMagic
  },
  async open(folder, { keepQuantised = false }) {
    const file = (await folder.open(folder.file!))!
    const header = await readGgufHeader(file)
    if (header.problems.length > 0) throw new CheckpointError(folder.name, header.problems)
    return openGguf(folder, file, header, keepQuantised && keepsQuantised())
  },
}

async function openGguf(
  folder: ModelFolder,
  file: ByteSource,
  header: GgufHeader,
  keepQuantised: boolean,
): Promise<StoredModel> {
  const problems: string[] = []
  const source = ggufSource(file, header)
  const { weights } = source
  const sizes = sizesOf(header, problems)
  const tokenizer = tokenizerOf(header.metadata, problems)
  if (sizes && header.tensors.has(divisorsName)) await scaleByDivisors(sizes)
  if (problems.length > 0 || !sizes || !tokenizer) throw new CheckpointError(folder.name, problems)
  // Llama's rows of queries and keys are already in the order of neighbouring pairs; the others' aren't.
  const isLlama = header.metadata.get('general.architecture') === 'llama'
  const published = llamaModel(sizes, names, isLlama ? 'pairs' : 'halves')
  const types = new Set([...blockTypes.values()].map(({ name }) => name))
  problems.push(
    ...publishedMismatches(published, weights, { unused: (name) => name === divisorsName, types }),
  )
  if (problems.length > 0) throw new CheckpointError(folder.name, problems)
  const values = [...header.tensors.values()].reduce(
    (sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1),
    0,
  )
  return {
    architecture: published.architecture,
    weights: publishedWeights(published, weights, keepQuantised ? source.quantised : undefined),
    hash: source.hash,
    notes: source.notes,
    weightsFile: folder.file!,
    // Once they are float32.
    bytes: 4 * values,
    tokenizer: tokenizer.tokenizer,
    documentsBeginWithBos: tokenizer.beginsWithBos,
  }

  async function scaleByDivisors(model: LlamaSizes): Promise<void> {
    const { values: divisors } = await weights.read(divisorsName)
    const scaling = scalingOfDivisors(divisors, model)
    if (scaling) model.rope.scaling = scaling
    else
      problems.push(
        `the divisors of RoPE's frequencies (${divisorsName}) are not those of Llama 3.1's scaling`,
      )
  }
}
