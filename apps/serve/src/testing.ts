import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import '@ttt-e2e/kernels/engines'
import { createSystem } from '@ttt-e2e/baselines'
import { Model, saveCheckpoint } from '@ttt-e2e/checkpoint'
import { byteTokenizer } from '@ttt-e2e/data'
import { standardOptimizer, standardSchedule, startRun, type Recipe } from '@ttt-e2e/meta-outer'
import { createRandom, resolveEngine } from '@ttt-e2e/tensor-ops'
import { createApp, type AppOptions, type ServerState } from './app'
import { defaultLimits, type Limits } from './limits'
import { listen } from './listen'
import type { MemoryStore } from './memories/store/memory-store'
import { createMetrics } from './metrics'
import { Services } from './service'

export const recipe: Recipe = {
  name: 'tiny/test',
  summary: 'weights as drawn',
  system: 'ttt-e2e',
  size: {
    vocabularySize: 257,
    hiddenSize: 16,
    heads: 2,
    layers: 2,
    intermediateSize: 32,
    suffixBlocks: 1,
    window: 16,
    chunk: 8,
    innerRate: 1,
    ropeTheta: 10_000,
  },
  data: { kind: 'books', rows: 'windows' },
  training: { length: 64, batch: 1, optimizer: standardOptimizer(standardSchedule(1, 1e-3)), seed: 1 },
  evaluation: { documents: 1, length: 64, every: 1 },
}

interface TinyOptions {
  seed?: number
  size?: Partial<Recipe['size']>
  engine?: string
}

/** A model of a few thousand untrained weights, on the fastest engine that is everywhere. */
export async function tinyModel({ seed = 1, size = {}, engine = 'wasm' }: TinyOptions = {}): Promise<Model> {
  await resolveEngine(engine)
  const own = { ...recipe, size: { ...recipe.size, ...size } }
  const system = createSystem(own.system, own.size)
  return new Model({
    system,
    params: system.decoder.init(createRandom(seed)),
    tokenizer: byteTokenizer,
    hash: `${seed}`.repeat(64).slice(0, 64),
    recipe: own,
  })
}

/** The same as a run of the trainer, in a folder of its own. @returns the folder */
export async function tinyRun(): Promise<string> {
  const engine = await resolveEngine('cpu')
  const folder = join(mkdtempSync(join(tmpdir(), 'run-')), 'run')
  await saveCheckpoint(folder, {
    recipe,
    state: startRun(createSystem(recipe.system, recipe.size), 1),
    engine,
  })
  return folder
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes of JavaScript and of what it holds that are in use once everything unused was collected. */
export function heldBytes(): number {
  collect()
  // What only finalisers and caches of the first pass held is free at the second.
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Waits until something is so, and fails if it never is. @param most how often to look, every 10 milliseconds */
export async function until(isSo: () => boolean | Promise<boolean>, most = 500): Promise<void> {
  for (let tries = 0; !(await isSo()); tries++) {
    if (tries > most) throw new Error('it never came to be so')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

interface TestOptions extends Partial<Omit<AppOptions, 'limits'>> {
  limits?: Partial<Limits>
  store?: MemoryStore
  deterministic?: boolean
  /** What the model is called. */
  id?: string
}

interface ListeningOptions extends TestOptions {
  host?: string
}

/** An app around a tiny model, with short ways to ask it. */
export function testApp(
  model: Model,
  { store, id = 'tiny', deterministic = false, ...options }: TestOptions = {},
) {
  const metrics = createMetrics()
  const limits = { ...defaultLimits, ...options.limits }
  const services = new Services({ id, model }, { limits, metrics, deterministic, ...(store && { store }) })
  const service = services.of()
  const state: ServerState = { status: 'ready', services }
  const app = createApp(state, {
    reach: { local: true, hosts: [], origins: [] },
    ...options,
    metrics,
    limits,
  })
  const request = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const json = body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array)
    const type: Record<string, string> = json ? { 'content-type': 'application/json' } : {}
    return app.request(`http://localhost${path}`, {
      method,
      headers: { ...type, ...headers },
      ...(body !== undefined && { body: json ? JSON.stringify(body) : (body as string) }),
    })
  }
  const value = async (name: string): Promise<number> => {
    const found = await metrics.registry.getSingleMetric(`ttte2e_${name}`)?.get()
    return found?.values.reduce((sum, each) => sum + each.value, 0) ?? NaN
  }
  return { app, state, services, service, metrics, limits, request, value }
}

export type TestApp = ReturnType<typeof testApp>

/** The same, behind a socket. */
export async function listeningApp(model: Model, { host = '127.0.0.1', ...options }: ListeningOptions = {}) {
  const test = testApp(model, options)
  const listening = await listen(test.app, { host, port: 0 })
  const { port, url } = listening
  const post = (path: string, body: object, signal?: AbortSignal) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    })
  const close = () => {
    void listening.close()
    listening.cutOff()
    test.services.dispose()
  }
  return { ...test, port, url, post, close }
}
