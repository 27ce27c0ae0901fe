import { UserError } from '@ttt-e2e/tensor-ops'
import type { Gpu } from './device'

/** The standard's numbers: Node has no globals for them. */
export const usage = { mapRead: 1, copySource: 4, copyDestination: 8, uniform: 64, storage: 128 } as const

/** Memory of the GPU that a tensor's values, or a place of a program, stand in. */
export interface PooledBuffer {
  readonly id: number
  readonly buffer: GPUBuffer
  readonly bytes: number
  /** The last batch of commands that uses it. */
  batch: number
}

/** Buffers by size, used again: making one takes longer than most kernels. */
export class BufferPool {
  liveBytes = 0
  reservedBytes = 0
  private next = 0
  private readonly free = new Map<number, PooledBuffer[]>()

  constructor(private readonly gpu: Gpu) {}

  /**
   * @param bytes at least these
   * @throws UserError if no buffer may be as large
   */
  take(bytes: number): PooledBuffer {
    this.gpu.check()
    const size = sizeClass(bytes)
    const known = this.free.get(size)?.pop()
    this.liveBytes += size
    if (known) return known
    const { maxBufferSize: most } = this.gpu.limits
    if (bytes > most) {
      this.liveBytes -= size
      throw tooLarge(bytes, most, "this GPU's buffers")
    }
    const actual = Math.min(size, Math.floor(most / 4) * 4)
    this.reservedBytes += size
    return {
      id: this.next++,
      buffer: this.gpu.device.createBuffer({
        size: actual,
        usage: usage.storage | usage.copySource | usage.copyDestination,
      }),
      bytes: size,
      batch: -1,
    }
  }

  /** Commands that were given before may still use it: the next ones come after them. */
  give(buffer: PooledBuffer): void {
    this.liveBytes -= buffer.bytes
    const list = this.free.get(buffer.bytes)
    if (list) list.push(buffer)
    else this.free.set(buffer.bytes, [buffer])
  }

  /** Destroys all that nobody uses. */
  trim(): void {
    for (const list of this.free.values())
      for (const { buffer, bytes } of list) {
        buffer.destroy()
        this.reservedBytes -= bytes
      }
    this.free.clear()
  }
}

/** Rounded up to four steps between powers of two, so that others fit too. */
export function sizeClass(bytes: number): number {
  if (bytes <= 256) return 256
  const step = 2 ** (Math.ceil(Math.log2(bytes)) - 3)
  return Math.ceil(bytes / step) * step
}

/**
 * @param than what has at most so many bytes
 * @param what has more
 */
export const tooLarge = (bytes: number, most: number, than: string, what = 'a tensor'): UserError =>
  new UserError(
    `${what} of ${mebibytes(bytes)} is larger than ${than}, at most ${mebibytes(most)}: ` +
      'take a smaller batch, shorter sequences or a smaller model',
  )

const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`
