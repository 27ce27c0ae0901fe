import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { latestCheckpoint, listCheckpoints } from '@ttt-e2e/checkpoint'
import { liveTensors } from '@ttt-e2e/tensor-ops'
import { beforeEach, expect, it, vi } from 'vitest'
import { exportModel } from './export-model'
import { readOptions, type RawOptions } from './options'
import { metricsOf, microSettings } from './testing'
import { trainer } from './trainer'

const folder = mkdtempSync(join(tmpdir(), 'trainer-'))

let printed = ''
beforeEach(() => {
  printed = ''
  const keep = (text: string | Uint8Array) => Boolean((printed += String(text)))
  vi.spyOn(process.stdout, 'write').mockImplementation(keep)
  vi.spyOn(process.stderr, 'write').mockImplementation(keep)
})

const settings = microSettings.filter((each) => each !== '--set')
const steps = (count: number) => `training.optimizer.schedule.steps=${count}`
const run = async (set: string[], more: Partial<RawOptions> = {}) =>
  await trainer(
    readOptions({ engine: 'wasm', threads: '1', recipe: 'tiny/languages', set, ...more }, folder),
    folder,
  )

it('keeps the last good checkpoint when numbers are not finite, and names step and tensor', async () => {
  const spoilt = [...settings, steps(12), 'training.optimizer.schedule.peakLearningRate=1e30']
  expect(await run(spoilt, { out: 'spoilt', saveEvery: '1' })).toBe(1)
  expect(printed).toMatch(
    /(loss|gradients) of step \d+ (is|are) not finite.*; last good checkpoint: .*step-\d+\n$/,
  )
  expect(latestCheckpoint(join(folder, 'spoilt'))?.skipped).toEqual([])
})

it('trains, goes on with more steps, exports, and begins from what it exported', async () => {
  const out = join(folder, 'runs/tiny-languages')
  const tensors = liveTensors()
  expect(await run([...settings, steps(4), 'evaluation.every=3'])).toBe(0)
  expect(liveTensors()).toBe(tensors)
  const lines = metricsOf(out).map(({ kind, step }) => `${String(kind)} ${String(step)}`)
  expect(lines).toEqual(['step 1', 'step 2', 'step 3', 'held-out 3', 'step 4', 'held-out 4'])

  await expect(run(settings)).rejects.toThrow(/holds a run already; --resume goes on with it/)
  expect(await run([steps(5)], { resume: true })).toBe(0)
  expect(metricsOf(out).at(-2)).toMatchObject({ kind: 'step', step: 5 })
  const another = run(['training.batch=1'], { recipe: undefined, resume: out })
  await expect(another).rejects.toThrow(/^--set training.batch=1 would make it another run; /)

  const other = run([], { recipe: undefined, resume: out, precision: 'bf16', engine: 'auto' })
  await expect(other).rejects.toThrow(/is trained in f32, not bf16; give --out|has no bf16/)

  await exportModel(out, join(folder, 'model'))
  expect(await run([...settings, steps(1)], { from: 'model', out: 'elsewhere' })).toBe(0)
  await expect(run([], { from: 'model', out: 'third' })).rejects.toThrow(
    /is a model of 'tiny\/languages' \(ttt-e2e\): its embedding is \[16, 8\], the recipe's \[16, 64\]/,
  )
})

it('packs documents that are shorter than a row, and goes on in the middle of them', async () => {
  const texts = Array.from({ length: 60 }, (_, n) => `${n} of the short ones. `.repeat(1 + (n % 2)))
  const lines = texts.map((text) => JSON.stringify({ text }))
  writeFileSync(join(folder, 'short.jsonl'), lines.join('\n'))
  const out = join(folder, 'packed')
  const short = [...settings, steps(6), 'size.heads=2', 'training.length=64', 'evaluation.length=24']
  const more = { recipe: 'tiny/books', data: 'short.jsonl', out, saveEvery: '3' }
  await expect(run(short, more)).rejects.toThrow(/^the longest document, 'short.jsonl:\d+', has \d+ tokens; /)
  expect(await run([...short, 'data.rows=packed'], more)).toBe(0)
  expect(printed).toMatch(/short.jsonl: \d+ documents, 0.0 MB, packed/)
  const whole = metricsOf(out)
  rmSync(listCheckpoints(out)[1], { recursive: true })
  expect(await run([], { recipe: undefined, resume: out })).toBe(0)
  expect(printed).toContain('6 steps from step 3')
  expect(metricsOf(out)).toEqual(whole)
})

it('says what a recipe takes, and trains nothing', async () => {
  expect(await run(settings, { dryRun: true, out: 'dry' })).toBe(0)
  for (const row of ['parameters', 'tokens', 'memory at its peak', 'FLOPs per token', 'time here'])
    expect(printed).toContain(row)
  expect(printed).toMatch(
    /time here .* a step takes [\d.e-]+ s, .* each of \d+ evaluations [\d.e-]+ s; measured/,
  )
  expect(printed).not.toContain("doesn't fit")
  expect(existsSync(join(folder, 'dry'))).toBe(false)
  printed = ''
  // It has no MLPs.
  expect(await run(settings, { system: 'mamba2-pure', dryRun: true, out: 'dry' })).toBe(0)
  expect(printed).toMatch(/memory at its peak .* measured in steps on random tokens$/m)
  expect(printed).not.toContain('Infinity')
  printed = ''
  expect(await run([...settings, 'training.batch=60000000'], { dryRun: true, out: 'dry' })).toBe(0)
  expect(printed).toMatch(
    /memory at its peak .* reckoned from steps of a model of .*; it doesn't fit this machine, which has [\d.]+ GiB$/m,
  )
  printed = ''
  expect(await run(settings, { dryRun: true, out: 'dry', ranks: '2', link: '0.5' })).toBe(0)
  expect(printed).toMatch(/^on ranks +2, 1 sequences each at the most, 0\.5 GB\/s between them$/m)
  expect(printed).toMatch(/^their efficiency +\d+ % of 2 × one process$/m)
  await expect(run(settings, { dryRun: true, ranks: '3' })).rejects.toThrow(/^--ranks 3 are more than the 2 /)
  await expect(run(settings, { ranks: '2' })).rejects.toThrow(/start this by mpirun -n NUMBER$/)
})

it('begins with a pretrained model, says what that takes, and goes on', async () => {
  const pretrained = [...settings, steps(1), 'evaluation.documents=0']
  expect(await run(pretrained, { system: 'full-attention', out: 'pretrained' })).toBe(0)
  const warm = ['training.trains=prime', 'warmStart.primeWidth=4', ...settings, steps(2)]
  const options = { initFrom: 'pretrained', out: 'warm' }
  expect(await run(warm, { ...options, dryRun: true, flops: '1e3' })).toBe(0)
  expect(printed).toMatch(/time at the given rate +\d+:\d\d min at 1\.00KFLOP\/s, nothing computed again/)
  expect(existsSync(join(folder, 'warm'))).toBe(false)
  expect(await run(warm, options)).toBe(0)
  expect(await run([steps(3)], { recipe: undefined, resume: 'warm' })).toBe(0)
  expect(metricsOf(join(folder, 'warm')).at(-2)).toMatchObject({ kind: 'step', step: 3 })
})

it.each([
  [{ initFrom: 'a', from: 'b' }, /--from and --init-from were both given/],
  [{ initFrom: 'a', resume: 'b' }, /--resume and --init-from were both given/],
  [{ flops: '1e15' }, /--flops says what a dry run reckons for/],
  [{ flops: 'many', dryRun: true }, /--flops is 'many'; it must be a number above 0/],
  [{ onNonfinite: 'cry' }, /unknown on-nonfinite 'cry'; known: stop, rollback, skip/],
] as [Partial<RawOptions>, RegExp][])('refuses %j', (more, message) => {
  expect(() => readOptions({ engine: 'cpu', recipe: 'tiny/languages', set: [], ...more }, folder)).toThrow(
    message,
  )
})
