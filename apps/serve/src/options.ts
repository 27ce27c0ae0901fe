import { resolve } from 'node:path'
import { UserError } from '@ttt-e2e/cli'
import { modelFolder } from '@ttt-e2e/demo-model'
import { precisions, type Precision } from '@ttt-e2e/tensor-ops'
import { z } from 'zod'
import { defaultLimits, type Limits } from './limits'
import { logLevels, type LogLevel } from './operating/log'

export interface ServeOptions {
  /** A model folder, a checkpoint or a run. */
  model: string
  host: string
  port: number
  apiKey?: string
  /** Names that the server answers to, besides localhost's. */
  hosts: string[]
  /** Origins of pages that may use it. */
  origins: string[]
  engine: string
  precision?: Precision
  threads?: number
  /** Whether weights that are quantised in a GGUF file stay so. */
  expand: boolean
  /** Of its inner steps, see `LearningRule.decay`. */
  decay?: number
  /** What keeps memories over restarts: a folder, or the address of a store that servers share. */
  store?: string
  /** A file with the keys of tenants. */
  keys?: string
  log: { level: LogLevel; prompts: boolean }
  /** See `SchedulerOptions`. */
  deterministic: boolean
  limits: Limits
}

const count = z.coerce.number().int().min(1)
const share = z
  .any()
  .transform((given) => (String(given).trim() === '' ? NaN : Number(given)))
  .refine((value) => value >= 0 && value <= 1, 'must be a number from 0, none, to 1')
const units: Record<string, number> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }
const size = z
  .string()
  .regex(/^\d+(\.\d+)?[KMG]?$/i, 'must be a number of bytes, as 1000, 64K, 4M or 2G')
  .transform((text) => Math.floor(parseFloat(text) * (units[text.at(-1)!.toUpperCase()] ?? 1)))
/** Sent in a header: stray blanks around it are nobody's intention, and others can't be sent. */
const key = z
  .string()
  .transform((text) => text.trim())
  .refine((text) => text !== '', 'must not be empty; leave it out to serve without a key')
  .refine(
    (text) => /^[!-~]*$/.test(text),
    'must be of letters, digits and signs of ASCII, without blanks or line breaks within',
  )
const hostName = z
  .string()
  .transform((text) => text.toLowerCase())
  .refine(
    (text) => text === '*' || /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d+)?$/.test(text),
    'must be a name as requests have it in Host, as model.example.org, or *',
  )
const origin = z
  .string()
  .transform((text) => text.replace(/\/$/, ''))
  .refine(isOrigin, 'must be an origin, as https://example.org or http://localhost:3000, or *')
const schema = z.strictObject({
  model: z.string().min(1).default(modelFolder),
  host: z.string().min(1),
  port: z.coerce.number().int().min(0).max(65_535),
  apiKey: key.optional(),
  allowHost: z.array(hostName).default([]),
  allowOrigin: z.array(origin).default([]),
  engine: z.string(),
  precision: z.enum(precisions).optional(),
  threads: count.optional(),
  expand: z.boolean().default(false),
  decay: share.optional(),
  memories: z.string().min(1).optional(),
  store: z
    .string()
    .min(1)
    .refine(
      (text) => !/^[a-z0-9]+:\/\//i.test(text) || (isUrl(text) && /^(rediss?|s3):\/\//.test(text)),
      'must be a folder, redis://host:port or s3://bucket/prefix',
    )
    .optional(),
  keys: z.string().min(1).optional(),
  logLevel: z.enum(logLevels).default('warn'),
  logPrompts: z.boolean().default(false),
  deterministic: z.boolean().default(false),
  parallel: count.optional(),
  queue: z.coerce.number().int().min(0).optional(),
  maxTokens: count.optional(),
  maxBody: size.optional(),
  maxText: size.optional(),
  maxMemories: count.optional(),
  maxMemoryBytes: size.optional(),
  maxRam: size.optional(),
  maxDisk: size.optional(),
})

/** @param caller the folder that paths are relative to @throws UserError naming the option */
export function readOptions(raw: Record<string, unknown>, caller: string, env = process.env): ServeOptions {
  const key = raw.apiKey ?? env.TTT_E2E_API_KEY
  const result = schema.safeParse({ ...raw, ...(key !== undefined && { apiKey: key }) })
  if (!result.success) {
    const [{ path, message }] = result.error.issues
    // A key is not shown, not even a wrong one.
    if (path[0] === 'apiKey')
      throw new UserError(`${raw.apiKey === undefined ? 'TTT_E2E_API_KEY' : '--api-key'} ${message}`)
    const option = String(path[0]).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    throw new UserError(`--${option} is '${String(raw[String(path[0])])}': ${message}`)
  }
  const {
    parallel,
    queue,
    maxTokens,
    maxBody,
    maxText,
    maxMemories,
    maxMemoryBytes,
    maxRam,
    maxDisk,
    memories,
    store = memories,
    keys,
    logLevel,
    logPrompts,
    allowHost,
    allowOrigin,
    ...rest
  } = result.data
  if (memories !== undefined && store !== memories)
    throw new UserError('--memories and --store are given: there is one store; leave one of them out')
  if (keys !== undefined && rest.apiKey !== undefined)
    throw new UserError(
      'there is a file of keys, and a key in --api-key or TTT_E2E_API_KEY; leave one of them out',
    )
  return {
    ...rest,
    log: { level: logLevel, prompts: logPrompts },
    ...(keys !== undefined && { keys: resolve(caller, keys) }),
    hosts: allowHost,
    origins: allowOrigin,
    model: resolve(caller, rest.model),
    ...(store !== undefined && {
      store: isUrl(store) && store.includes('://') ? store : resolve(caller, store),
    }),
    limits: {
      ...defaultLimits,
      ...defined({
        parallel,
        queue,
        maxTokens,
        bodyBytes: maxBody,
        textBytes: maxText,
        memories: maxMemories,
        memoryBytes: maxMemoryBytes,
        liveBytes: maxRam,
        storeBytes: maxDisk,
      }),
    },
  }
}

const defined = (limits: { [Name in keyof Limits]?: number | undefined }): Partial<Limits> =>
  Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))

function isUrl(text: string): boolean {
  return URL.canParse(text)
}

/** Whether a text is what browsers send as Origin. */
function isOrigin(text: string): boolean {
  if (text === '*' || text === 'null') return true
  try {
    return new URL(text).origin === text
  } catch {
    return false
  }
}
