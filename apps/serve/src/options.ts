import { resolve } from 'node:path'
import { UserError } from '@ttt-e2e/cli'
import { modelFolder } from '@ttt-e2e/demo-model'
import { precisions, type Precision } from '@ttt-e2e/tensor-ops'
import { z } from 'zod'
import { defaultLimits, type Limits } from './limits'

export interface ServeOptions {
  /** A model folder, a checkpoint or a run. */
  model: string
  host: string
  port: number
  apiKey?: string
  engine: string
  precision?: Precision
  threads?: number
  /** A folder that keeps memories over restarts. */
  memories?: string
  limits: Limits
}

const count = z.coerce.number().int().min(1)
const units: Record<string, number> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }
const size = z
  .string()
  .regex(/^\d+(\.\d+)?[KMG]?$/i, 'must be a number of bytes, as 1000, 64K, 4M or 2G')
  .transform((text) => Math.floor(parseFloat(text) * (units[text.at(-1)!.toUpperCase()] ?? 1)))
const schema = z.strictObject({
  model: z.string().min(1).default(modelFolder),
  host: z.string().min(1),
  port: z.coerce.number().int().min(0).max(65_535),
  apiKey: z.string().min(1).optional(),
  engine: z.string(),
  precision: z.enum(precisions).optional(),
  threads: count.optional(),
  memories: z.string().min(1).optional(),
  parallel: count.optional(),
  queue: z.coerce.number().int().min(0).optional(),
  maxTokens: count.optional(),
  maxBody: size.optional(),
  maxText: size.optional(),
  maxMemories: count.optional(),
  maxMemoryBytes: size.optional(),
})

/** @param caller the folder that paths are relative to @throws UserError naming the option */
export function readOptions(raw: Record<string, unknown>, caller: string, env = process.env): ServeOptions {
  const key = raw.apiKey ?? (env.TTT_E2E_API_KEY || undefined)
  const result = schema.safeParse({ ...raw, ...(key !== undefined && { apiKey: key }) })
  if (!result.success) {
    const [{ path, message }] = result.error.issues
    const option = String(path[0]).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    throw new UserError(`--${option} is '${String(raw[String(path[0])])}': ${message}`)
  }
  const { parallel, queue, maxTokens, maxBody, maxText, maxMemories, maxMemoryBytes, ...rest } = result.data
  return {
    ...rest,
    model: resolve(caller, rest.model),
    ...(rest.memories !== undefined && { memories: resolve(caller, rest.memories) }),
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
      }),
    },
  }
}

const defined = (limits: { [Name in keyof Limits]?: number | undefined }): Partial<Limits> =>
  Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))
