import { disposeRun } from '@ttt-e2e/meta-outer'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { beginRun, openTask, recipeNamed, resolveRecipe, trainRun } from '@ttt-e2e/training'
import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { warmStart } from './index'

const folder = mkdtempSync(join(tmpdir(), 'warm-start-'))
const model = join(folder, 'pretrained')
const out = join(folder, 'out')

async function pretrain(): Promise<void> {
  const engine = await resolveEngine('auto')
  const settings = ['hiddenSize=16', 'heads=2', 'layers=2', 'intermediateSize=24'].map(
    (each) => `size.${each}`,
  )
  const steps = ['training.length=64', 'training.batch=1', 'training.optimizer.schedule.steps=1']
  const recipe = resolveRecipe(recipeNamed('tiny/books'), {
    system: 'full-attention',
    settings: [...settings, ...steps, 'evaluation.documents=0'],
  })
  const run = await beginRun({ folder: model, recipe })
  const { signal } = new AbortController()
  for await (const event of trainRun({ run, task: await openTask(recipe), engine, signal }))
    expect(event.kind).not.toBe('failed')
  disposeRun(run.state)
}

it('trains both runs, reads with everybody, and does nothing twice', { timeout: 120_000 }, async () => {
  await pretrain()
  const said = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const options = {
    model,
    out,
    settings: [
      'size.window=16',
      'size.chunk=8',
      'size.suffixBlocks=1',
      'warmStart.primeWidth=8',
      'training.length=64',
      'training.optimizer.schedule.steps=2',
      'evaluation.length=128',
    ],
    rates: [0.01, 0.1],
    documents: 3,
    engine: 'auto',
  }
  expect(await warmStart(options)).toBe(0)
  const text = said.mock.calls.map(([chunk]) => String(chunk)).join('')
  const losses = JSON.parse(readFileSync(join(out, 'losses.json'), 'utf8')) as Record<string, number[]>
  const names = ['TTT-E2E', 'learning off', 'fine-tuned, never learning', 'naive learning, rate 0.0?1', 'untouched, in the window', 'untouched, full attention'] // prettier-ignore
  for (const name of names) expect(text).toMatch(new RegExp(`${name} +\\d\\.\\d{3} +\\d\\.\\d{3}`))
  expect(text).toMatch(/fine-tuned, never learning +-?\d\.\d{3} \(-?\d\.\d{3} to -?\d\.\d{3}\)/)
  // Six readers of three documents, and three sequences of training text at two rates.
  expect(Object.keys(losses)).toHaveLength(6 * 3 + 3 * 2)
  expect(Object.values(losses).flat().every(Number.isFinite)).toBe(true)
  const changed = statSync(join(out, 'losses.json')).mtimeMs
  expect(await warmStart(options)).toBe(0)
  expect(statSync(join(out, 'losses.json')).mtimeMs).toBe(changed)
  const others = { ...options, settings: [...options.settings, 'size.window=32'] }
  await expect(warmStart(others)).rejects.toThrow('holds a run with other settings')
  said.mockRestore()
})
