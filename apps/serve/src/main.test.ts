import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, openSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { saveCheckpoint } from '@ttt-e2e/checkpoint'
import { createSystem } from '@ttt-e2e/baselines'
import { fromSource } from '@ttt-e2e/from-source'
import { startRun } from '@ttt-e2e/meta-outer'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { recipe, until } from './testing'

const folder = mkdtempSync(join(tmpdir(), 'serve-'))

beforeAll(async () => {
  const engine = await resolveEngine('cpu')
  await saveCheckpoint(join(folder, 'run'), {
    recipe,
    state: startRun(createSystem(recipe.system, recipe.size), 1),
    engine,
  })
})

/** A port that is free. */
async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return String(port)
}

/** Whether a server comes to answer. */
const answers = (url: string) => until(async () => (await fetch(url).catch(() => undefined))?.status === 200)

const main = await fromSource(join(import.meta.dirname, 'main.ts'))
const surroundings = { cwd: join(import.meta.dirname, '..'), env: { ...process.env, INIT_CWD: folder } }

function start(...parameters: string[]) {
  const child = spawn(process.execPath, [main, ...parameters], surroundings)
  const said = { out: '', error: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.error += text))
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const url = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const found = /ready: (\S+)/.exec(said.out)?.[1]
      if (found) resolve(found)
    })
    child.on('close', () => reject(new Error(said.error)))
  })
  url.catch(() => {})
  return { child, said, ended, url }
}

it('answers a bad option with one sentence and exit code 2', async () => {
  const { said, ended } = start('--model', 'nowhere', '--engine', 'cpu', '--port', '0')
  expect(await ended).toBe(2)
  expect(said.error).toMatch(/^'.*nowhere' can't be used: there is no such folder\n$/)
})

it('serves what was trained, keeps its memories, and ends a stream well when it is told to end', async () => {
  const options = ['--model', 'run', '--engine', 'cpu', '--port', '0', '--memories', 'kept']
  const first = start(...options)
  const url = await first.url
  expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ready' })
  const post = (path: string, body: object) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const { id } = await (await post('/v1/memories', { text: 'The sea keeps what it takes.' })).json()
  const body = { prompt: 'It ', memory: id, max_tokens: 200, temperature: 0, stream: true }
  const answer = await post('/v1/completions', body)
  first.child.kill('SIGTERM')
  expect(await answer.text()).toMatch(/\[DONE\]\n\n$/)
  expect(await first.ended).toBe(0)
  expect(first.said.error).toBe('')

  const second = start(...options)
  const { data } = await (await fetch(`${await second.url}/v1/memories`)).json()
  expect(data).toMatchObject([{ id, tokens: 28 }])
  const third = start(...options)
  expect(await third.ended).toBe(2)
  expect(third.said.error).toMatch(
    new RegExp(`kept' can't be used: process ${second.child.pid} writes to it`),
  )
  second.child.kill('SIGINT')
  expect(await second.ended).toBe(130)
})

it('goes on serving where nobody reads what it says, or its disk is full', async () => {
  const full = existsSync('/dev/full') ? openSync('/dev/full', 'w') : undefined
  const outputs: [what: string, output: 'pipe' | number][] = [['closed', 'pipe']]
  if (full !== undefined) outputs.push(['full', full])
  for (const [what, output] of outputs) {
    const port = await freePort()
    const parameters = [main, '--model', 'run', '--engine', 'cpu', '--port', port]
    const child = spawn(process.execPath, parameters, { ...surroundings, stdio: ['ignore', output, output] })
    child.stdout?.destroy()
    child.stderr?.destroy()
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
    await answers(`http://127.0.0.1:${port}/health`)
    child.kill('SIGTERM')
    expect([what, await ended]).toEqual([what, 0])
  }
})

it('says in one sentence that memories can not be kept somewhere', async () => {
  writeFileSync(join(folder, 'file'), '')
  const { said, ended } = start('--model', 'run', '--engine', 'cpu', '--port', '0', '--memories', 'file')
  expect(await ended).toBe(2)
  expect(said.error).toMatch(
    /^'.*file' can't be used: a file stands where a folder is expected \(EEXIST\); choose another folder with --memories\n$/,
  )
})
