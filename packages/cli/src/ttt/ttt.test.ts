import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { expect, it } from 'vitest'
import { newFolder, packageFolder, startProcess, tttCommand } from './testing'

const folder = newFolder()
const env = { TTT_MEMORIES: join(folder, 'memories'), TTT_SERVER: '' }
const ttt = (...parameters: string[]) => startProcess([...tttCommand, ...parameters], folder, env)
const sea = 'The sea keeps what it takes. '.repeat(40)

it('reads from a pipe, writes JSON, and ends an answer that nobody reads', async () => {
  const reading = ttt('read', '-', '--save', 'sea', '--json', '--engine', 'wasm')
  reading.child.stdin.end(sea)
  expect(await reading.ended).toBe(0)
  expect(JSON.parse(reading.said.out)).toMatchObject({ name: 'sea', tokens: sea.length, steps: 36 })

  const still = ttt('read', '-', '--save', 'still', '--no-learn', '--engine', 'wasm')
  still.child.stdin.end(sea)
  expect(await still.ended).toBe(0)
  expect(still.said.out).toMatch(/^still: 1\.16K tokens in 0 steps of learning, loss /)
  expect(await ttt('rm', 'still').ended).toBe(0)

  const asked = ['ask', 'sea', 'The', '--go-on', '--seed', '1', '--engine', 'wasm']
  const asking = ttt(...asked, '--max-tokens', '8', '--json')
  expect(await asking.ended).toBe(0)
  expect(JSON.parse(asking.said.out)).toEqual({ memory: 'sea', answer: expect.stringMatching(/./) })

  const endless = ttt(...asked, '--max-tokens', '1000000')
  endless.child.stdout.once('data', () => endless.child.stdout.destroy())
  expect(await endless.ended).toBe(0)
})

it('leaves no trace of a text whose reading is interrupted', async () => {
  const { child, said, ended } = ttt('read', '-', '--save', 'broken', '--engine', 'wasm')
  child.stdin.write(sea.repeat(20))
  child.stderr.once('data', () => child.kill('SIGINT'))
  expect(await ended).toBe(130)
  expect(said.out).toBe('')
  expect(said.error).toMatch(/\ninterrupted: nothing was saved, and what was there before is as it was\n$/)
  const listing = ttt('ls', '--json')
  expect(await listing.ended).toBe(0)
  expect((JSON.parse(listing.said.out) as { name: string }[]).map(({ name }) => name)).toEqual(['sea'])
})

it.skipIf(!existsSync('/dev/full'))(
  'says where a disk is full of what it prints, and what is not whole then',
  async () => {
    const run = (...parameters: string[]) =>
      startProcess(['sh', '-c', 'exec "$@" > /dev/full', 'sh', ...tttCommand, ...parameters], folder, env)
    const full = 'nothing more can be printed: no space is left on the disk of the output (ENOSPC)\n'
    const listing = run('ls')
    expect([await listing.ended, listing.said.error]).toEqual([0, full])
    const exporting = run('export', 'sea', '-')
    expect([await exporting.ended, exporting.said.error]).toEqual([
      2,
      `${full}the memory 'sea' was not written whole: write it to where there is room\n`,
    ])
  },
)

it.each([
  [['read', 'nowhere.txt', '--save', 'x'], /^'.*nowhere.txt' can't be used: there is no such file or folder/],
  [['read', 'nowhere.txt'], /^say where the text goes: --save NAME makes a memory/],
  [
    ['ask', 'sea', 'Who?', '--temperature', 'hot'],
    /^--temperature is 'hot'; it must be a number from 0 to 2/,
  ],
  [['ls', '--server', 'http://', '--json'], /^--server is 'http:\/\/'; it must be an address/],
  [
    ['ls', '--server', 'localhost:1', '--memories', 'x'],
    /^--server has memories, a model and an engine of its own/,
  ],
])('answers %j with one sentence and exit code 2', async (parameters, message) => {
  const { said, ended } = ttt(...parameters)
  expect(await ended).toBe(2)
  expect(said).toEqual({ out: '', error: expect.stringMatching(message) })
  expect(said.error).toMatch(/^[^\n]+\n$/)
})

it('does what its README shows', async () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')
  const [, code, promised] = /^```bash\n(.*?)^```\n\s*^```\n(.*?)^```$/ms.exec(readme)!
  const start = tttCommand.map((word) => `'${word}'`).join(' ')
  const npx = join(folder, 'npx')
  writeFileSync(
    npx,
    `#!/usr/bin/env bash\nshift\nexport INIT_CWD=$PWD\ncd '${packageFolder}'\nexec ${start} "$@"\n`,
  )
  chmodSync(npx, 0o755)
  const { said, ended } = startProcess(['bash', '-euc', `cd '${newFolder()}'\n${code}`], folder, {
    PATH: `${folder}${delimiter}${process.env.PATH}`,
    TTT_SERVER: '',
  })
  expect(await ended).toBe(0)
  const pattern = promised.trim().split('…').map(escape).join('.*')
  expect(said.out.trim()).toMatch(new RegExp(`^${pattern}$`))
})

const escape = (text: string) => text.replaceAll(/[\^$\\.*+?()[\]{}|]/g, '\\$&')
