import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { UserError } from '@ttt-e2e/tensor-ops/user-error'
import { callersFolder } from '../run-command'
import type { Memories } from './memories'

/** Where memories are: the options that every command has. */
export interface Place {
  server?: string
  apiKey?: string
  memories?: string
  model?: string
  engine?: string
  threads?: number
  /** Of the model's inner steps, see `LearningRule.decay`. */
  decay?: number
}

/**
 * The memories of a server where one is named, by option or environment; else those of a folder of this machine.
 *
 * @param say told of the engine, once there is one
 * @throws UserError for what can't be an address, or for options that exclude each other
 */
export async function openMemories(place: Place, say: (line: string) => void): Promise<Memories> {
  const { TTT_SERVER, TTT_E2E_API_KEY, TTT_MEMORIES, TTT_MODEL } = process.env
  const inProcess = [place.memories, place.model, place.engine, place.decay].some(
    (given) => given !== undefined,
  )
  if (place.server !== undefined && inProcess)
    throw new UserError(
      '--server has memories, a model and an engine of its own: leave out --memories, --model, --engine and --decay',
    )
  const server = place.server ?? (inProcess ? undefined : TTT_SERVER || undefined)
  if (server !== undefined) {
    const { ServerMemories } = await import('./server/server-memories')
    const key = place.apiKey ?? TTT_E2E_API_KEY
    return new ServerMemories({ url: addressOf(server), ...(key && { key }) })
  }
  const { FolderMemories } = await import('./folder/folder-memories')
  const folder = resolve(
    callersFolder(),
    place.memories ?? (TTT_MEMORIES || join(homedir(), '.ttt-e2e', 'memories')),
  )
  let model: ReturnType<typeof loadFor> | undefined
  const from = place.model ?? (TTT_MODEL || undefined)
  return new FolderMemories(
    folder,
    () => (model ??= loadFor({ ...place, ...(from && { model: from }) }, say)),
  )
}

async function loadFor({ model, engine = 'auto', threads, decay }: Place, say: (line: string) => void) {
  await import('@ttt-e2e/kernels/engines')
  const { resolveEngine } = await import('@ttt-e2e/tensor-ops')
  const { loadModel } = await import('@ttt-e2e/checkpoint')
  const { line } = await resolveEngine(engine, threads === undefined ? {} : { threads })
  say(line)
  if (model !== undefined) return loadModel(resolve(callersFolder(), model), { decay })
  const { modelFolder } = await import('@ttt-e2e/demo-model')
  return loadModel(modelFolder, { decay })
}

/** @throws UserError if it is none */
function addressOf(server: string): string {
  const text = /^https?:\/\//.test(server) ? server : `http://${server}`
  if (!URL.canParse(text))
    throw new UserError(
      `--server is '${server}'; it must be an address, as localhost:8080 or https://example.org`,
    )
  return text.replace(/\/+$/, '').replace(/\/v1$/, '')
}
