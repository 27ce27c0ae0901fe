import { crc32c } from '@ttt-e2e/tensor-ops'
import { PbfWriter } from 'pbf'

/** One moment of a run, as TensorBoard counts: numbers by their tags, or the first record's version of the format. */
export type TensorBoardEvent = { at: number } & (
  { version: string } | { step: number; scalars: readonly (readonly [tag: string, value: number])[] }
)

/** The format that all its readers know: what the first event of a file says. */
export const eventVersion = 'brain.Event:2'

/**
 * An event as a record of a TensorBoard file: TensorFlow's `Event` message (event.proto: wall_time 1, step 2, file_version 3,
 * summary 5) framed as a TFRecord, with masked checksums of its length and of its bytes.
 *
 * @param event `at` in seconds since 1970
 */
export function encodeEvent(event: TensorBoardEvent): Uint8Array {
  const message = new PbfWriter()
  message.writeDoubleField(1, event.at)
  if ('version' in event) message.writeStringField(3, event.version)
  else {
    message.writeVarintField(2, event.step)
    message.writeMessage(5, writeSummary, event.scalars)
  }
  return frame(message.finish())
}

/** summary.proto: value 1, of each tag 1 and simple_value 2. */
function writeSummary(scalars: readonly (readonly [string, number])[], summary: PbfWriter): void {
  for (const scalar of scalars) summary.writeMessage(1, writeValue, scalar)
}

function writeValue([tag, number]: readonly [string, number], value: PbfWriter): void {
  value.writeStringField(1, tag)
  value.writeFloatField(2, number)
}

/** Length as uint64, its checksum, the bytes, their checksum; little-endian. */
function frame(bytes: Uint8Array): Uint8Array {
  const record = new Uint8Array(bytes.length + 16)
  const view = new DataView(record.buffer)
  view.setBigUint64(0, BigInt(bytes.length), true)
  view.setUint32(8, maskedChecksum(record.subarray(0, 8)), true)
  record.set(bytes, 12)
  view.setUint32(12 + bytes.length, maskedChecksum(bytes), true)
  return record
}

/** TFRecord's: a checksum of bytes that hold checksums would be weak without the mask. */
export function maskedChecksum(bytes: Uint8Array): number {
  const sum = crc32c(bytes)
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0
}
