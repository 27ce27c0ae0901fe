// A model in a page, on the engine wasm: it reads what stands in the text field and learns on the way. Bundled by
// `npx esbuild main.js --bundle --format=esm --outdir=out` with index.html and @ttt-e2e/kernels' kernels.wasm beside it.
import '@ttt-e2e/kernels/engines/wasm'
import { createSystem } from '@ttt-e2e/baselines'
import { createRandom, resolveEngine } from '@ttt-e2e/tensor-ops'
import { Reader } from '@ttt-e2e/ttt-inner'

const $ = (id) => document.getElementById(id)
const system = createSystem('ttt-e2e', {
  vocabularySize: 257,
  hiddenSize: 32,
  heads: 2,
  layers: 2,
  intermediateSize: 96,
  suffixBlocks: 1,
  window: 16,
  chunk: 16,
  innerRate: 1,
  ropeTheta: 10_000,
})

const { line } = await resolveEngine('wasm')
const params = system.decoder.init(createRandom(1))
$('engine').textContent = line

$('read').addEventListener('click', async () => {
  const reader = new Reader(system, params)
  const bytes = new TextEncoder().encode($('text').value)
  $('lines').textContent = ''
  for (let start = 0; start < bytes.length; start += 64) {
    const piece = Int32Array.from(bytes.subarray(start, start + 64))
    const nats = (await reader.read(piece)).filter((each) => !Number.isNaN(each))
    const mean = nats.reduce((sum, each) => sum + each, 0) / nats.length
    $('lines').textContent += `${mean.toFixed(2)} nats per byte after ${reader.steps} steps of learning\n`
  }
})
