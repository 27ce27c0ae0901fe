import { pause } from '@ttt-e2e/tensor-ops'
import { Reader } from '@ttt-e2e/ttt-inner'
import { pieceOf } from '../piece-of'
import type { ReaderContext } from './probe'

/** A reader that has read a text from its beginning, learning where the system does. The caller disposes it. */
export async function readInto(
  {
    system,
    params,
    benchmark,
    signal,
  }: Pick<ReaderContext<unknown>, 'system' | 'params' | 'benchmark' | 'signal'>,
  text: Int32Array,
  { learn = true }: { learn?: boolean } = {},
): Promise<Reader> {
  const { task, recipe } = benchmark
  const reader = new Reader(system, params, { bosToken: task.bosToken })
  const piece = pieceOf(recipe.size.window)
  for (let at = 0; at < text.length; at += piece) {
    await reader.read(text.subarray(at, at + piece), { learn })
    await pause()
    signal.throwIfAborted()
  }
  return reader
}

/**
 * What a memory makes of a text after a cue; it stays as it was.
 *
 * @returns nats of each token of `text`, all but the first cue's given what comes before
 */
export async function ask(
  memory: Reader,
  cue: Int32Array,
  text: Int32Array,
  { learn = false }: { learn?: boolean } = {},
): Promise<Float32Array> {
  const reader = memory.fork()
  try {
    if (cue.length > 0) await reader.read(cue, { learn })
    return await reader.read(text, { learn })
  } finally {
    reader.dispose()
  }
}
