import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { addVllmMetrics } from './operating/vllm-metrics'

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** What /metrics shows, each server with a registry of its own. */
export function createMetrics() {
  const registry = new Registry()
  const of = (name: string, help: string) => ({ name: `ttte2e_${name}`, help, registers: [registry] })
  /** Who knows what is held says so. */
  const held = { usage: async () => ({ count: 0, bytes: 0 }) }
  const ours = {
    registry,
    tokensRead: new Counter(of('tokens_read_total', 'Tokens of texts and prompts that were read')),
    tokensGenerated: new Counter(of('tokens_generated_total', 'Tokens that were generated')),
    innerSteps: new Counter(of('inner_steps_total', 'Steps of learning while reading')),
    held,
    memories: new Gauge({
      ...of('memories', 'Memories held'),
      async collect() {
        this.set((await held.usage()).count)
      },
    }),
    memoryBytes: new Gauge({
      ...of('memory_bytes', 'Bytes of all memories; tensors that forks share count for each'),
      async collect() {
        this.set((await held.usage()).bytes)
      },
    }),
    evicted: new Counter(
      of('memories_evicted_total', 'Memories that made room in the store, or had expired'),
    ),
    running: new Gauge(of('requests_running', 'Requests that take turns at the model')),
    queueDepth: new Gauge(of('queue_depth', 'Requests that wait for a place at the model')),
    cancelled: new Counter(
      of('requests_cancelled_total', 'Requests whose work was freed: the client had gone'),
    ),
    rejected: new Counter({
      ...of('rejected_total', 'Requests refused, by reason'),
      labelNames: ['reason'] as const,
    }),
    firstToken: new Histogram({
      ...of('time_to_first_token_seconds', 'From the request to its first token'),
      buckets: seconds,
    }),
    betweenTokens: new Histogram({
      ...of('inter_token_seconds', 'From one token to the next'),
      buckets: seconds,
    }),
  }
  const theirs = addVllmMetrics(registry, seconds, ours)
  const both = (name: 'firstToken' | 'betweenTokens') => ({
    observe(value: number) {
      ours[name].observe(value)
      theirs[name].observe(value)
    },
  })
  return { ...ours, firstToken: both('firstToken'), betweenTokens: both('betweenTokens') }
}

export type Metrics = ReturnType<typeof createMetrics>
