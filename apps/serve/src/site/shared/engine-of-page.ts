import { wrap, type Remote } from 'comlink'
import type { EngineInWorker } from './engine-in-worker'

interface PageParts {
  /** Starts the page's worker. */
  start(): Worker
  /** Where people choose the engine: `auto`, `webgpu` or `wasm`. */
  choice: HTMLSelectElement
  /** Where the line that names the engine stands. */
  line: HTMLElement
}

/** The engine of a page: it computes in a worker, so that the page answers while it does. */
export class EngineOfPage<Api extends EngineInWorker> {
  private worker: Worker | undefined
  private remote: Remote<Api> | undefined

  constructor(private readonly parts: PageParts) {
    const { choice } = parts
    const asked = new URLSearchParams(location.search).get('engine')
    if (asked !== null && [...choice.options].some(({ value }) => value === asked)) choice.value = asked
  }

  /** Starts the chosen engine, in place of one that runs. @throws what the worker throws, as a sentence */
  async start(): Promise<Remote<Api>> {
    const { start, choice, line } = this.parts
    this.worker?.terminate()
    this.remote = undefined
    line.textContent = 'engine: starting…'
    const worker = (this.worker = start())
    const failed = new Promise<never>((_, reject) =>
      worker.addEventListener('error', ({ message }) =>
        reject(new Error(`the worker of this page could not be started (${message || 'no reason given'})`)),
      ),
    )
    const remote = wrap<Api>(worker)
    const about = remote as unknown as EngineInWorker
    try {
      line.textContent = await Promise.race([about.useEngine(choice.value), failed])
    } catch (error) {
      line.textContent = 'engine: none'
      throw error
    }
    this.remote = remote
    return remote
  }

  /** Whether the engine still computes after an error. */
  async computes(): Promise<boolean> {
    return this.remote !== undefined && (this.remote as unknown as EngineInWorker).computes()
  }
}
