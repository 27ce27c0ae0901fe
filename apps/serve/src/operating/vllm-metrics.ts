import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** Something that counts, whatever it is called. */
interface Source {
  get(): Promise<{ values: { value: number }[] }>
}

/**
 * The metrics that vLLM's dashboards look for, of what ours count. Buckets of the histograms are ours.
 *
 * Source: vLLM's documentation, "Production metrics".
 */
export function addVllmMetrics(registry: Registry, seconds: number[], ours: Record<VllmSource, Source>) {
  const registers = [registry]
  const gauge = (name: string, help: string, source: Source) =>
    new Gauge({
      name: `vllm:${name}`,
      help,
      registers,
      async collect() {
        this.set(await sumOf(source))
      },
    })
  const counter = (name: string, help: string, source: Source) =>
    new Counter({
      name: `vllm:${name}`,
      help,
      registers,
      async collect() {
        this.reset()
        this.inc(await sumOf(source))
      },
    })
  gauge('num_requests_running', 'Requests that take turns at the model', ours.running)
  gauge('num_requests_waiting', 'Requests that wait for a place at the model', ours.queueDepth)
  counter('prompt_tokens_total', 'Tokens of texts and prompts that were read', ours.tokensRead)
  counter('generation_tokens_total', 'Tokens that were generated', ours.tokensGenerated)
  const histogram = (name: string, help: string) =>
    new Histogram({ name: `vllm:${name}`, help, registers, buckets: seconds })
  return {
    firstToken: histogram('time_to_first_token_seconds', 'From the request to its first token'),
    betweenTokens: histogram('inter_token_latency_seconds', 'From one token to the next'),
  }
}

export type VllmSource = 'running' | 'queueDepth' | 'tokensRead' | 'tokensGenerated'

const sumOf = async (source: Source): Promise<number> =>
  (await source.get()).values.reduce((sum, { value }) => sum + value, 0)
