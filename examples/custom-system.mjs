// A system that is in no registry: TTT-E2E's rule around Gated DeltaNet and window attention in turn. It is trained for a few
// steps beside full attention of as many parameters.
import '@ttt-e2e/kernels/engines'
import { createSystem, gatedDeltanetMixer } from '@ttt-e2e/baselines'
import { byteTokenizer, textStream } from '@ttt-e2e/data'
import { standardOptimizer, standardSchedule, startRun, train } from '@ttt-e2e/meta-outer'
import { attentionMixer } from '@ttt-e2e/swa-transformer'
import { resolveEngine } from '@ttt-e2e/tensor-ops'

const mine = {
  name: 'learning-deltanet',
  summary: 'Gated DeltaNet and window attention in turn, with prime MLPs that learn while reading',
  pattern: ({ window }) => [gatedDeltanetMixer({ keyHeads: 2 }), attentionMixer(window)],
  knob: { of: 'MLPs' },
  primes: true,
  learns: true,
}
const size = {
  vocabularySize: byteTokenizer.vocabularySize,
  hiddenSize: 32,
  heads: 2,
  layers: 4,
  intermediateSize: 96,
  suffixBlocks: 1,
  window: 16,
  chunk: 16,
  innerRate: 1,
  ropeTheta: 10_000,
}

console.log((await resolveEngine('auto')).line)
const documents = [
  { id: 'the sea', tokens: byteTokenizer.encode('The sea keeps what it takes. '.repeat(40)) },
]
for (const definition of [mine, 'full-attention']) {
  const system = createSystem(definition, size)
  const data = textStream({ documents, tokenizer: byteTokenizer, batch: 2, length: 64, seed: 1 })
  const optimizer = standardOptimizer(standardSchedule(20, 1e-2))
  const losses = []
  for await (const { loss } of train({ system, state: startRun(system, 1), data, optimizer }))
    losses.push(loss)
  const thousands = Math.round(system.decoder.parameterCount / 1000)
  console.log(
    `${system.name}: ${thousands}K parameters, loss ${losses[0].toFixed(2)} → ${losses.at(-1).toFixed(2)}`,
  )
}
