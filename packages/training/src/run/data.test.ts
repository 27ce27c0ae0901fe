import { latestCheckpoint, loadCheckpoint, saveModel } from '@ttt-e2e/checkpoint'
import { disposeRun } from '@ttt-e2e/meta-outer'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { recipes } from '../recipes'
import { resolveRecipe } from '../recipes/resolve-recipe'
import { beginRun, resumeRun } from './open-run'
import { microSettings, trainAndDispose } from './testing'

const settings = [
  ...microSettings,
  'size.heads=2',
  'training.optimizer.schedule.steps=4',
  'evaluation.documents=2',
  'evaluation.length=16',
]

beforeAll(() => resolveEngine('cpu'))

let root: string
let data: string
const folder = () => join(root, 'run')
const sentence = (n: number) => `${n} ships went out, ${n * 7} came back; nobody counts those of ${n * 31}. `
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'data-'))
  data = join(root, 'books')
  mkdirSync(join(data, 'notes'), { recursive: true })
  writeFileSync(join(data, 'notes/a.md'), sentence(1).repeat(3))
  writeFileSync(join(data, 'b.txt'), sentence(2).repeat(3))
  const lines = [3, 4, 5].map((n) => JSON.stringify({ text: sentence(n) }))
  writeFileSync(join(data, 'pages.jsonl'), lines.join('\n'))
})

const begin = async (at = data) => {
  const recipe = resolveRecipe(recipes.get('tiny/books')!, { settings, data: at })
  expect(await trainAndDispose(await beginRun({ folder: folder(), recipe }), 2)).toBe('stopped')
}
const resume = async (at?: string) =>
  trainAndDispose(
    await resumeRun({ folder: folder(), changes: { settings: [], ...(at !== undefined && { data: at }) } }),
  )

it('goes on with the same data under another path, and stores that path', async () => {
  await begin()
  cpSync(folder(), join(root, 'copy'), { recursive: true })
  renameSync(data, join(root, 'elsewhere'))
  await expect(resume()).rejects.toThrow(/there is no file or folder '.*books'/)
  expect(await resume(join(root, 'elsewhere'))).toBe('done')
  const { info, state } = await loadCheckpoint(folder())
  expect(info.recipe.data).toMatchObject({ path: join(root, 'elsewhere') })
  expect(Object.keys(info.data!.files).sort()).toEqual(['b.txt', 'notes/a.md', 'pages.jsonl'])
  disposeRun(state)
})

it.each<[string, () => void, RegExp]>([
  [
    'a file that has grown',
    () => writeFileSync(join(data, 'notes/a.md'), sentence(1).repeat(4)),
    /: 'notes\/a.md' was \d+ tokens \([0-9a-f]{12}…\), is \d+ tokens \([0-9a-f]{12}…\); bring back what it was, or begin another run on what it is: --out FOLDER/,
  ],
  [
    'one letter of a line',
    () => {
      const path = join(data, 'pages.jsonl')
      writeFileSync(path, readFileSync(path, 'utf8').replace('4 ships', '4 sheep'))
    },
    /: 'pages.jsonl' was (\d+) tokens \(.*…\), is \1 tokens \(.*…\); bring back/,
  ],
  ['a file that is gone', () => rmSync(join(data, 'b.txt')), /: 'b.txt' is gone; bring back/],
  [
    'a file that is new',
    () => writeFileSync(join(data, 'c.txt'), sentence(9)),
    /: 'c.txt' is new; bring back/,
  ],
])('refuses to go on with changed data and says what changed: %s', async (_, change, message) => {
  await begin()
  change()
  await expect(resume()).rejects.toThrow(/^the data of '.*run' has changed since the run was saved: /)
  await expect(resume()).rejects.toThrow(message)
})

it('names the one file by both names where it is another', async () => {
  await begin(join(data, 'b.txt'))
  writeFileSync(join(root, 'other.txt'), sentence(2).repeat(4))
  await expect(resume(join(root, 'other.txt'))).rejects.toThrow(
    /: 'b.txt' was \d+ tokens \(.*…\), 'other.txt' is \d+ tokens \(.*…\); bring back/,
  )
  cpSync(join(data, 'b.txt'), join(root, 'other.txt'))
  expect(await resume(join(root, 'other.txt'))).toBe('done')
})

it('takes the text from the field that is named when the run goes on', async () => {
  await begin()
  const changes = (textField: string) => ({ settings: [], data, textField })
  const resumeBy = async (field: string) =>
    trainAndDispose(await resumeRun({ folder: folder(), changes: changes(field) }))
  await expect(resumeBy('title')).rejects.toThrow(/^line 1 of '.*pages\.jsonl' has no 'title': it has 'text'/)
  const pages = join(data, 'pages.jsonl')
  writeFileSync(pages, readFileSync(pages, 'utf8').replaceAll('"text"', '"body"'))
  expect(await resumeBy('body')).toBe('done')
})

it('goes on as before where a run was saved without a record, but not under another path', async () => {
  await begin()
  const path = join(latestCheckpoint(folder())!.path, 'run.json')
  const { data: _data, ...before } = JSON.parse(readFileSync(path, 'utf8'))
  writeFileSync(path, JSON.stringify(before))
  await expect(resume(join(root, 'elsewhere'))).rejects.toThrow(/was saved without a record of its data/)
  expect(await resume()).toBe('done')
})

it('refuses to go on where other text is held out, and says where nobody can tell', async () => {
  await begin()
  const path = join(latestCheckpoint(folder())!.path, 'run.json')
  const { data: stored, ...rest } = JSON.parse(readFileSync(path, 'utf8'))
  const saveWith = (trained?: string) =>
    writeFileSync(path, JSON.stringify({ ...rest, data: { ...stored, trained } }))
  saveWith(stored.sha256)
  await expect(resume()).rejects.toThrow(
    /^what is held out of the data of '.*run' is not what it was when the run was saved, .* or begin another run/,
  )
  saveWith()
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  expect(await resume()).toBe('done')
  expect(warn.mock.calls.flat().join()).toMatch(/was saved without saying which of its text was held out/)
  warn.mockRestore()
})

it('does not ship the names of the files with a model', async () => {
  await begin()
  await saveModel(folder(), join(root, 'model'))
  expect(readFileSync(join(root, 'model/run.json'), 'utf8')).not.toContain('pages.jsonl')
})
