import { loadModel } from '@ttt-e2e/checkpoint'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { asFileError, lockFolder, makeFolder } from '@ttt-e2e/tensor-ops/files'
import { collectDefaultMetrics } from 'prom-client'
import { createApp, type ServerState } from './app'
import { isLoopback, listen } from './listen'
import { openStore } from './memories/store/open-store'
import { createMetrics } from './metrics'
import type { ServeOptions } from './options'
import { Services } from './service'

/** What runs: its address, and a way to end it. */
export interface Running {
  url: string
  /** Takes no more requests, lets those at work finish for a while, and frees everything. */
  close(graceSeconds: number): Promise<void>
}

/**
 * Listens, then loads the model: until it is there, /health says so.
 *
 * @throws UserError, EngineError or CheckpointError, in a sentence for whoever started it
 */
export async function serve(options: ServeOptions, print: (line: string) => void): Promise<Running> {
  const { limits, apiKey, host, hosts, origins, memories, threads, precision } = options
  const metrics = createMetrics()
  collectDefaultMetrics({ register: metrics.registry })
  const state: ServerState = { status: 'loading' }
  const app = createApp(state, {
    limits,
    metrics,
    // A server that is told its names has the one that it listens at, too.
    reach: { local: isLoopback(host), hosts: hosts.length > 0 ? [...hosts, host] : [], origins },
    ...(apiKey !== undefined && { apiKey }),
  })
  const listening = await listen(app, options)
  let unlock = () => {}
  try {
    if (memories !== undefined) unlock = own(memories)
    print((await resolveEngine(options.engine, { threads, precision })).line)
    const model = await loadModel(options.model)
    const id = model.name
    const store = memories === undefined ? undefined : await openStore(memories, model, console.warn)
    const { deterministic } = options
    const services = new Services({ id, model }, { limits, metrics, deterministic, ...(store && { store }) })
    state.services = services
    state.status = 'ready'
    print(`model: ${id}, ${model.system.name}, ${model.hash.slice(0, 12)}`)
    if (!isLoopback(host) && apiKey === undefined)
      print(`warning: everyone who reaches ${host} can use this server`)
    if (store) print(`memories: ${(await store.usage()).count} in ${store.name}`)
    return {
      url: listening.url,
      async close(graceSeconds) {
        state.status = 'ending'
        const closed = listening.close()
        await services.scheduler.close(graceSeconds)
        await flushed()
        listening.cutOff()
        await closed
        services.dispose()
        await services.store.close()
        services.scheduler.dispose()
        unlock()
      },
    }
  } catch (error) {
    void listening.close()
    listening.cutOff()
    unlock()
    throw error
  }
}

/** Makes a folder this server's own: two would overwrite each other's memories. @throws FileError */
function own(folder: string): () => void {
  try {
    makeFolder(folder)
    return lockFolder(folder)
  } catch (error) {
    throw asFileError(error, { remains: 'choose another folder with --memories' })
  }
}

/** The last messages of streams that were cut off are on their way to the socket. */
const flushed = () => new Promise((resolve) => setTimeout(resolve, 100))
