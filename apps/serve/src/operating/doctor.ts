import { createServer } from 'node:net'
import { loadModel, type Model } from '@ttt-e2e/checkpoint'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { asFileError } from '@ttt-e2e/tensor-ops/files'
import { counted } from '@ttt-e2e/tensor-ops/counted'
import { emptyTrace, newMemoryId } from '../memories/memory-record'
import { openStore } from '../memories/store/open-store'
import { isFolder, ownFolder } from '../memories/store/own-folder'
import type { ServeOptions } from '../options'
import { readKeys } from '../tenants/read-keys'
import { startTracing } from './tracing'

/** Checks, one after another, what a server needs; each says in a few words what it found. */
export async function doctor(options: ServeOptions, print: (line: string) => void): Promise<0 | 1> {
  let model: Model | undefined
  const checks: [what: string, check: () => Promise<string> | string][] = [
    ['node', () => process.version],
    ['engine', async () => (await resolveEngine(options.engine, options)).line],
    [
      'model',
      async () => {
        model = await loadModel(options.model, { decay: options.decay })
        return `${model.name}, ${model.system.name}, ${model.hash.slice(0, 12)}`
      },
    ],
    ['address', () => checkAddress(options)],
    ['store', () => checkStore(options.store, model)],
    ['keys', () => (options.keys === undefined ? 'none' : `${readKeys(options.keys).length}`)],
    ['traces', async () => ((await startTracing()) ? 'the SDK is there' : 'not asked for')],
  ]
  let failed = 0
  for (const [what, check] of checks)
    try {
      print(`ok    ${what}: ${await check()}`)
    } catch (error) {
      failed++
      const told = asFileError(error)
      print(`FAIL  ${what}: ${told instanceof Error ? told.message : String(told)}`)
    }
  model?.dispose()
  return failed > 0 ? 1 : 0
}

async function checkAddress({ host, port }: ServeOptions): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(`can't listen on ${host} port ${port} (${error.code})`)),
    )
    server.listen(port, host, resolve)
  })
  await new Promise((resolve) => server.close(resolve))
  return `${host} port ${port} is free`
}

/** Writes a memory of nothing, reads it and removes it again. */
async function checkStore(place: string | undefined, model: Model | undefined): Promise<string> {
  if (place === undefined) return 'none: memories end with the server'
  if (!model) return `${place} is not tried without a model`
  const skipped: string[] = []
  const unlock = isFolder(place) ? ownFolder(place) : () => {}
  const store = await openStore(place, model, (reason) => skipped.push(reason)).catch((error: unknown) => {
    unlock()
    throw error
  })
  try {
    const now = new Date().toISOString()
    const record = {
      id: newMemoryId(),
      version: 1,
      written: 1,
      tenant: 'doctor',
      name: null,
      parent: null,
      created: now,
      used: now,
      modelHash: model.hash,
      tokens: 0,
      steps: 0,
      bytes: 0,
      stored: 1,
      pinned: false,
      readOnly: false,
      expires: null,
      ...emptyTrace,
    }
    await store.put(record, new Uint8Array(1))
    const content = await store.content(record)
    await store.delete(record.id)
    if (content?.length !== 1) throw new Error(`${store.name} doesn't give back what was put there`)
    return [
      `${counted((await store.usage()).count, 'memory', { many: 'memories' })} in ${store.name}`,
      ...skipped,
    ].join('; ')
  } finally {
    await store.close()
    unlock()
  }
}
