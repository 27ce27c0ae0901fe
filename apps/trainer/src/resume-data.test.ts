import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileNames, latestCheckpoint } from '@ttt-e2e/checkpoint'
import { expect, it } from 'vitest'
import { ended, metricsOf, startTrainer, untilStep } from './testing'

const folder = mkdtempSync(join(tmpdir(), 'resume-data-'))
const steps = 12
const engine = ['--engine', 'wasm', '--threads', '1']

/** Documents of which no two share a passage. */
function text(): string {
  const path = join(folder, 'text')
  mkdirSync(path)
  for (let i = 0; i < 12; i++) {
    const word = (n: number) => ((n * 7919 + i * 104_729) % 46_656).toString(36)
    writeFileSync(join(path, `${i}.txt`), Array.from({ length: 120 }, (_, n) => word(n * n + n)).join(' '))
  }
  return path
}

function zarr(): string {
  const path = join(folder, 'tokens.zarr')
  const shared = { zarr_format: 2, dtype: '<u2', compressor: null, fill_value: 0, filters: null, order: 'C' }
  for (const [split, length] of Object.entries({ train: 700, val: 200 })) {
    const values = Uint16Array.from({ length }, (_, i) => (i * i) % 251)
    mkdirSync(join(path, split), { recursive: true })
    writeFileSync(
      join(path, split, '.zarray'),
      JSON.stringify({ ...shared, shape: [length], chunks: [length] }),
    )
    writeFileSync(join(path, split, '0'), new Uint8Array(values.buffer))
  }
  return path
}

const settings = [
  'size.hiddenSize=8',
  'size.heads=2',
  'size.layers=2',
  'size.intermediateSize=16',
  'training.length=32',
  'training.batch=2',
  `training.optimizer.schedule.steps=${steps}`,
  'evaluation.documents=2',
  'evaluation.length=64',
  'evaluation.every=8',
]

/** What may stand where a run is cut: gradients that are summed up, rows of several documents, a place in an array. */
it.each([
  ['ttt-e2e', 'packed rows of text, accumulated', text, ['data.rows=packed', 'training.microBatch=1']],
  ['gated-deltanet', 'token arrays in zarr, accumulated', zarr, ['data.bosToken=1', 'training.microBatch=1']],
  ['mamba2', 'windows of text', () => join(folder, 'text'), []],
])(
  '%s on %s: k steps, kill -9 and the rest are the same bits as all at once',
  async (system, _, data, more) => {
    const set = [...settings, ...more].flatMap((setting) => ['--set', setting])
    const task = ['--recipe', 'tiny/books', '--system', system, '--data', data()]
    const run = (name: string) => join(folder, `${system}-${name}`)
    const train = (name: string, ...rest: string[]) =>
      startTrainer(folder, ...task, ...engine, ...set, '--out', run(name), ...rest)
    const whole = ended(train('whole'))
    const killed = train('killed', '--save-every', '2')
    const end = ended(killed)
    await untilStep(run('killed'), 5)
    killed.kill('SIGKILL')
    expect((await end).signal).toBe('SIGKILL')
    expect(await whole).toMatchObject({ code: 0, stderr: '' })
    const resumed = await ended(startTrainer(folder, '--resume', run('killed'), ...engine))
    expect(resumed).toMatchObject({ code: 0, stderr: '' })
    expect(resumed.stdout).toMatch(new RegExp(`${steps} steps from step \\d+ of 2 × 32 tokens`))
    expect(metricsOf(run('killed'))).toEqual(metricsOf(run('whole')))
    const [one, other] = ['whole', 'killed'].map((name) => latestCheckpoint(run(name))!.path)
    for (const file of [fileNames.model, fileNames.optimizer])
      expect(readFileSync(join(other, file)).equals(readFileSync(join(one, file))), file).toBe(true)
  },
)
