import type { Model } from '@ttt-e2e/checkpoint'
import type { Limits } from './limits'
import { LiveMemories } from './memories/live-memories'
import { Memories } from './memories/memories'
import { RoomMaker } from './memories/make-room'
import type { MemoryStore } from './memories/store/memory-store'
import { RamStore } from './memories/store/ram/ram-store'
import type { Metrics } from './metrics'
import { ResponseStore } from './responses/response-store'
import { PrefixCache } from './scheduler/prefix-cache'
import { Scheduler } from './scheduler/scheduler'
import { defaultTenant } from './tenants/tenant'

/** Everything that the requests of one tenant share. */
export interface Service {
  /** The name that clients ask for. */
  id: string
  scheduler: Scheduler
  memories: Memories
  responses: ResponseStore
  prefixes: PrefixCache
  metrics: Metrics
  limits: Limits
  started: Date
  /** Counts tokens that were processed. */
  spend(tokens: number): void
}

export interface ServicesOptions {
  limits: Limits
  metrics: Metrics
  /** Keeps memories; where left out, they live as long as the process. */
  store?: MemoryStore
  /** See `SchedulerOptions`; not where left out. */
  deterministic?: boolean
}

/** What is served, to each tenant by itself: all share the model, none sees anything of another. */
export class Services {
  readonly scheduler: Scheduler
  readonly store: MemoryStore
  private readonly tenants = new Map<string, Service>()
  private readonly live: LiveMemories
  private readonly room: RoomMaker
  private readonly started = new Date()

  constructor(
    readonly served: { id: string; model: Model },
    private readonly options: ServicesOptions,
  ) {
    const { limits, metrics, store = new RamStore(), deterministic = false } = options
    const { parallel, queue } = limits
    this.scheduler = new Scheduler(served.model, { parallel, queue, deterministic, metrics })
    this.store = store
    // Where nothing else keeps them, all stay.
    this.live = new LiveMemories(store.keepsContent ? limits.liveBytes : Infinity)
    this.room = new RoomMaker({ store, live: this.live, metrics, maxBytes: limits.storeBytes })
    metrics.held.usage = () => store.usage()
  }

  get limits(): Limits {
    return this.options.limits
  }

  /** @param limits those of the tenant; the server's where left out */
  of(tenant = defaultTenant, limits: Limits = this.options.limits): Service {
    const known = this.tenants.get(tenant)
    // What is held stays, whatever may be held from now on.
    if (known) return Object.assign(known, { limits })
    const { metrics } = this.options
    const { store, live, scheduler, started } = this
    const { memoryBytes: maxBytes } = limits
    const memories = new Memories({
      tenant,
      store,
      live,
      modelHash: this.served.model.hash,
      limits: () => service.limits,
      onChange: () => this.room.make(),
    })
    const service: Service = {
      id: this.served.id,
      scheduler,
      memories,
      metrics,
      limits,
      started,
      responses: new ResponseStore({
        maxCount: limits.responses,
        maxBytes,
      }),
      prefixes: new PrefixCache({
        maxCount: limits.prefixes,
        maxBytes,
      }),
      spend: () => {},
    }
    this.tenants.set(tenant, service)
    return service
  }

  /** Frees all but the model. */
  dispose(): void {
    this.live.dispose()
    for (const { responses, prefixes } of this.tenants.values()) {
      responses.dispose()
      prefixes.dispose()
    }
  }
}
