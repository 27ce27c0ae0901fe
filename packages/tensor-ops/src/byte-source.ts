/** Bytes that are read by range: a file, a part of a page's answer, or memory. */
export interface ByteSource {
  readonly size: number
  /** @returns a copy of the bytes [start, end), the receiver's own */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>
}

export const bytesInMemory = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: async (start, end) => new Uint8Array(bytes.subarray(start, end)),
})
