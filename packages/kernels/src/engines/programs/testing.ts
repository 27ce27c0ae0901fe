import type { Abilities, Buffer, Call } from './buffers'
import { CallRecording } from './recording'

/** A buffer, a call and a recording of an engine that has no memory and no kernels. */
export interface TestBuffer extends Buffer {
  readonly name: string
}
export interface TestCall extends Call<TestBuffer> {
  readonly kernel: string
}

export const alignment = 8

/** `add` sums, what `product` writes first can be added to what stands there, `write` writes over its first input. */
export const abilities: Abilities<TestCall> = {
  isSum: ({ kernel }) => kernel === 'add',
  accumulates: ({ kernel }, output) => kernel === 'product' && output === 0,
  overwrites: ({ kernel }) => (kernel === 'write' ? 0 : undefined),
}

export const buffer = (name: string, bytes = 16): TestBuffer => ({ name, bytes })

export const call = (
  kernel: string,
  inputs: readonly (TestBuffer | undefined)[],
  ...outputs: readonly (TestBuffer | undefined)[]
): TestCall => ({ kernel, inputs, outputs })

/** A recording of these calls, with what was released of it. */
export function recordingOf(
  given: readonly TestBuffer[],
  calls: readonly TestCall[],
  results: readonly TestBuffer[],
  options: {
    spent?: number
    first?: CallRecording<TestBuffer, TestCall>
    constants?: readonly TestBuffer[]
  } = {},
) {
  const released: string[] = []
  const recording = new CallRecording<TestBuffer, TestCall>(given, options.spent ?? 0, options.first, {
    retain() {},
    release: ({ name }) => void released.push(name),
  })
  for (const constant of options.constants ?? []) recording.made(constant)
  for (const each of calls) recording.call(each)
  recording.end(results)
  return Object.assign(recording, { released })
}
