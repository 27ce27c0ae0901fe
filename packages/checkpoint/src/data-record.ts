import { z } from 'zod'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')

/** The text that a run is trained on, so that it goes on with this text and no other, wherever it lies. */
export const dataRecordSchema = z.strictObject({
  /** Of all documents' tokens, one after another, each with its length. */
  sha256,
  /** By name below the folder of the text, or the name of the one file: of the tokens of its documents. */
  files: z.record(z.string(), z.strictObject({ sha256, tokens: z.int().min(0) })),
  /** Of what of it is trained on; the rest is held out. Missing in records from before this was kept. */
  trained: sha256.optional(),
})

export type DataRecord = z.infer<typeof dataRecordSchema>
