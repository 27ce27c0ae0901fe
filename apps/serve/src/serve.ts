import { loadModel } from '@ttt-e2e/checkpoint'
import { resolveEngine, UserError } from '@ttt-e2e/tensor-ops'
import { collectDefaultMetrics } from 'prom-client'
import { createApp, type ServerState } from './app'
import { isLoopback, listen } from './listen'
import { openStore } from './memories/store/open-store'
import { isFolder, ownFolder } from './memories/store/own-folder'
import { createMetrics } from './metrics'
import { createLog, type Log } from './operating/log'
import { startTracing } from './operating/tracing'
import type { ServeOptions } from './options'
import { Services } from './service'
import { Keys } from './tenants/keys'
import { readKeys } from './tenants/read-keys'

/** What runs: its address, and a way to end it. */
export interface Running {
  url: string
  /** Reads the file of keys again, where there is one. */
  reloadKeys?: () => void
  /** Takes no more requests, lets those at work finish for a while, and frees everything. */
  close(graceSeconds: number): Promise<void>
}

/**
 * Listens, then loads the model: until it is there, /health says so.
 *
 * @throws UserError, EngineError or CheckpointError, in a sentence for whoever started it
 */
export async function serve(options: ServeOptions, print: (line: string) => void): Promise<Running> {
  const { limits, apiKey, host, hosts, origins, store: place, threads, precision } = options
  const log = createLog(options.log)
  const keys = options.keys === undefined ? undefined : new Keys(readKeys(options.keys))
  const tracing = await startTracing()
  const metrics = createMetrics()
  collectDefaultMetrics({ register: metrics.registry })
  const state: ServerState = { status: 'loading' }
  const app = createApp(state, {
    limits,
    metrics,
    // A server that is told its names has the one that it listens at, too.
    reach: { local: isLoopback(host), hosts: hosts.length > 0 ? [...hosts, host] : [], origins },
    log,
    ...(tracing && { tracing }),
    ...(keys && { keys }),
    ...(apiKey !== undefined && { apiKey }),
  })
  const listening = await listen(app, options)
  let unlock = () => {}
  try {
    if (place !== undefined && isFolder(place)) unlock = ownFolder(place)
    print((await resolveEngine(options.engine, { threads, precision })).line)
    const { expand, decay } = options
    const model = await loadModel(options.model, { keepQuantised: !expand, decay })
    const id = model.name
    const store = place === undefined ? undefined : await openStore(place, model, (why) => log.warn(why))
    const { deterministic } = options
    const services = new Services({ id, model }, { limits, metrics, deterministic, ...(store && { store }) })
    state.services = services
    state.status = 'ready'
    print(`model: ${id}, ${model.system.name}, ${model.hash.slice(0, 12)}`)
    for (const note of model.notes) print(`note: ${note}`)
    if (!isLoopback(host) && apiKey === undefined && !keys)
      print(`warning: everyone who reaches ${host} can use this server`)
    if (store) print(`memories: ${(await store.usage()).count} in ${store.name}`)
    return {
      url: listening.url,
      ...(keys && { reloadKeys: () => reload(keys, options.keys!, log) }),
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
        await tracing?.close()
      },
    }
  } catch (error) {
    void listening.close()
    listening.cutOff()
    unlock()
    throw error
  }
}

/** A file that is not sound changes nothing. */
function reload(keys: Keys, path: string, log: Log): void {
  try {
    keys.replace(readKeys(path))
    log.info({ path }, 'the keys were read again')
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    log.error(`${error.message}; those that were read before stay`)
  }
}

/** The last messages of streams that were cut off are on their way to the socket. */
const flushed = () => new Promise((resolve) => setTimeout(resolve, 100))
