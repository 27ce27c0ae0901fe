import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadModel } from './load-model'
import { saveCheckpoint } from './save-checkpoint'
import { saveModel } from './save-model'
import { microRun } from './testing/micro-run'

const folder = join(mkdtempSync(join(tmpdir(), 'at-url-')), 'model')
const weights = join(folder, 'model.safetensors')
/** Bytes of the weights that were asked for. */
let served = 0
let server: Server
let url: string

beforeAll(async () => {
  await resolveEngine('cpu')
  await saveCheckpoint(`${folder}-run`, microRun())
  await saveModel(`${folder}-run`, folder)
  server = createServer((request, response) => {
    const bytes = readFileSync(join(folder, basename(request.url!)))
    const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '')
    if (!range || request.url!.startsWith('/whole/')) return response.end(bytes)
    const [start, end] = [Number(range[1]), Number(range[2]) + 1]
    if (request.url!.endsWith('safetensors')) served += end - start
    response.writeHead(206, { 'Content-Range': `bytes ${start}-${end - 1}/${bytes.length}` })
    return response.end(bytes.subarray(start, end))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

it.each(['parts', 'whole'])('is verified while it is read, served in %s', async (way) => {
  const sound = readFileSync(weights)
  served = 0
  const model = await loadModel(`${url}/${way}`)
  expect(model.hash).toMatch(/^[0-9a-f]{64}$/)
  model.dispose()
  // Each byte once, and the first one to learn the file's size.
  if (way === 'parts') expect(served).toBe(sound.length + 1)

  const damaged = Uint8Array.from(sound)
  damaged[damaged.length - 4] ^= 1
  writeFileSync(weights, damaged)
  await expect(loadModel(`${url}/${way}`)).rejects.toThrow(
    'model.safetensors is not the file that was saved (its hash differs)',
  )
  writeFileSync(weights, sound)
})
