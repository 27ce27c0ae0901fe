import '@ttt-e2e/kernels/engines'
import { loadModel } from '@ttt-e2e/checkpoint'
import { modelFolder } from '@ttt-e2e/demo-model'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { lockFolder } from '@ttt-e2e/tensor-ops/files'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FolderMemories } from './folder/folder-memories'
import type { Conversation, Memories, ReadingProgress } from './memories'
import { ServerMemories } from './server/server-memories'
import { newFolder, startServer } from './testing'

const folder = newFolder()
const key = 'a-key'
let server: Awaited<ReturnType<typeof startServer>>
let homes: { server: Memories; folder: Memories }

beforeAll(async () => {
  await resolveEngine('wasm')
  server = await startServer('--engine', 'wasm', '--api-key', key)
  const model = loadModel(modelFolder)
  homes = {
    server: new ServerMemories({ url: server.url, key }),
    folder: new FolderMemories(folder, () => model),
  }
})
afterAll(() => server.stop())

const signal = new AbortController().signal
const text = 'The sea keeps what it takes, and gives back what it will — sometimes. '.repeat(140)
async function* bytesOf(text: string, size = 1000) {
  const bytes = Buffer.from(text)
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}
const whole = async (pieces: AsyncIterable<string>) => {
  let all = ''
  for await (const piece of pieces) all += piece
  return all
}
const both = async <T>(work: (memories: Memories) => Promise<T>) => {
  const found = { server: await work(homes.server), folder: await work(homes.folder) }
  expect(found.folder).toEqual(found.server)
  return found.folder
}
const answers = { maxTokens: 24, temperature: 0, signal, goOn: false, update: false }

it('of a server and of a folder become the same of a text, bit for bit, and answer the same', async () => {
  const progress = { server: [] as ReadingProgress[], folder: [] as ReadingProgress[] }
  for (const home of ['server', 'folder'] as const) {
    const onProgress = (report: ReadingProgress) => void progress[home].push(report)
    const facts = await homes[home].read(bytesOf(text), { save: 'sea' }, { onProgress, signal })
    expect(facts).toMatchObject({ name: 'sea', tokens: Buffer.byteLength(text) })
    expect(facts.steps).toBe(Math.floor((facts.tokens - 1) / 32))
    await homes[home].read(bytesOf('And more.'), { into: 'sea' }, { onProgress, signal })
  }
  const { bytes, tokens, loss } = progress.folder.at(-2)!
  expect(bytes).toBe(Buffer.byteLength(text))
  expect(tokens).toBe(bytes)
  expect(loss).toBeLessThan(1)
  expect(progress.server.find((each) => each.tokens === tokens)?.loss).toBeCloseTo(loss!, 4)

  await both(async (memories) => Buffer.from(await memories.export('sea')).toString('base64'))
  expect(
    await both((memories) => whole(memories.ask('sea', 'The sea keeps', { ...answers, goOn: true }))),
  ).toHaveLength(24)
  await both((memories) => whole(memories.ask('sea', 'What is the sea?', answers)))
  await both(async (memories) => {
    const conversation: Conversation = await memories.chat('sea')
    const said = [
      await whole(conversation.say('Who?', answers)),
      await whole(conversation.say('Why?', answers)),
    ]
    conversation.dispose()
    return said
  })
})

it('read without learning, and become the same of it, bit for bit', async () => {
  const options = { onProgress: () => {}, signal, learn: false }
  const found = await both(async (memories) => {
    await memories.read(bytesOf(text), { save: 'still' }, options)
    const { tokens, steps } = await memories.read(bytesOf('And more.'), { into: 'still' }, options)
    const file = Buffer.from(await memories.export('still')).toString('base64')
    await memories.remove('still')
    return { tokens, steps, file }
  })
  expect(found).toMatchObject({ tokens: Buffer.byteLength(text) + 9, steps: 0 })
})

it('move between a server and a folder unchanged, and are forked, changed and forgotten by name', async () => {
  const file = await homes.folder.export('sea')
  await homes.server.import('of-the-folder', file)
  expect(Buffer.from(await homes.server.export('of-the-folder')).equals(file)).toBe(true)
  await homes.folder.import('of-the-server', await homes.server.export('sea'))
  expect(readFileSync(join(folder, 'of-the-server.safetensors')).equals(file)).toBe(true)

  await both(async (memories) => {
    await memories.fork('sea', 'tide')
    const before = (await memories.list()).find(({ name }) => name === 'tide')!.tokens
    const answer = await whole(memories.ask('tide', 'It', { ...answers, goOn: true, update: true }))
    const tide = (await memories.list()).find(({ name }) => name === 'tide')!
    expect(tide.tokens).toBe(before + 2 + 24)
    expect(Buffer.from(await memories.export('sea')).equals(file)).toBe(true)
    const changed = Buffer.from(await memories.export('tide')).equals(file)
    await memories.remove('tide')
    expect((await memories.list()).map(({ name }) => name)).not.toContain('tide')
    return { answer, changed }
  })
})

it('say in a sentence what they refuse, and change nothing', async () => {
  const onProgress = () => {}
  for (const memories of Object.values(homes)) {
    const before = await memories.list()
    const refused: [RegExp, () => Promise<unknown>][] = [
      [/there is no memory 'moby'/, () => whole(memories.ask('moby', 'Who?', answers))],
      [
        /there is a memory 'sea' already/,
        () => memories.read(bytesOf('x'), { save: 'sea' }, { onProgress, signal }),
      ],
      [/there is a memory 'sea' already/, () => memories.fork('sea', 'sea')],
      [/empty/, () => memories.read(bytesOf(''), { save: 'new' }, { onProgress, signal })],
      [/is not a memory|header|is JSON/, () => memories.import('new', Buffer.from('{"a": "file"}'))],
      [/not valid UTF-8/, () => memories.read(latin1(), { save: 'new' }, { onProgress, signal })],
    ]
    for (const [message, work] of refused) await expect(work()).rejects.toThrow(message)
    expect(await memories.list()).toEqual(before)
  }
  const away = new ServerMemories({ url: 'http://127.0.0.1:9' })
  await expect(away.list()).rejects.toThrow(/^http:\/\/127.0.0.1:9 can't be reached, or hung up/)
  const stranger = new ServerMemories({ url: server.url, key: 'another' })
  await expect(stranger.list()).rejects.toThrow(/the server refuses: /)
  await expect(homes.folder.fork('sea', '../sea')).rejects.toThrow(/can't be a memory's name in a folder/)
})

async function* latin1() {
  yield Buffer.from('Bärte', 'latin1')
}

it('of a folder that a server has are not changed beside it', async () => {
  const release = lockFolder(folder)
  try {
    const changes = [
      () => homes.folder.fork('sea', 'another'),
      () => homes.folder.remove('sea'),
      () => homes.folder.read(bytesOf('x'), { into: 'sea' }, { onProgress: () => {}, signal }),
    ]
    for (const change of changes)
      await expect(change()).rejects.toThrow(`process ${process.pid} writes to it; end that one first`)
    expect((await homes.folder.list()).map(({ name }) => name)).toContain('sea')
  } finally {
    release()
  }
})

it('stop reading at an abort, and keep nothing of it', async () => {
  for (const memories of Object.values(homes)) {
    const controller = new AbortController()
    const reading = memories.read(
      bytesOf(text.repeat(20)),
      { save: 'aborted' },
      { signal: controller.signal, onProgress: () => controller.abort() },
    )
    await expect(reading).rejects.toThrow()
    expect((await memories.list()).map(({ name }) => name)).not.toContain('aborted')
  }
})
