import { type FusedOp } from '@ttt-e2e/tensor-ops'
import { checkOp, type OpCase } from '@ttt-e2e/tensor-ops/op-check'
import { beforeAll, expect, it } from 'vitest'
import { describe } from 'vitest'
import { channelDeltaRuleOp } from '../channel-delta-rule'
import { scan as channelScan } from '../channel-delta-rule/wgsl'
import { registerGpuEngine, useWebGpu } from '../engines/webgpu/testing'
import { gatedDeltaRuleOp } from '../gated-delta-rule'
import { mamba3ScanOp } from '../mamba3-scan'
import { ssdScanOp } from '../ssd-scan'
import { scanSupports } from './reach'

const engine = 'webgpu of small buffers'

/** More than a tile of columns, more than a stretch of tokens. */
const examples: { op: FusedOp; example: OpCase }[] = [
  {
    op: gatedDeltaRuleOp as FusedOp,
    example: {
      name: 'gated-delta-rule',
      shapes: {
        q: [1, 5, 1, 3],
        k: [1, 5, 1, 3],
        v: [1, 5, 2, 17],
        g: [1, 5, 2],
        beta: [1, 5, 2],
        state: [1, 2, 3, 17],
      },
      values: { g: [-0.1, -Infinity, -1e16, -0.5, 0] },
      scale: { k: 0.5 },
    },
  },
  {
    op: channelDeltaRuleOp as FusedOp,
    example: {
      name: 'channel-delta-rule',
      shapes: {
        q: [1, 5, 1, 3],
        k: [1, 5, 1, 3],
        erase: [1, 5, 2, 3],
        v: [1, 5, 2, 17],
        g: [1, 5, 2, 3],
        state: [1, 2, 3, 17],
      },
      values: { g: [-0.1, -Infinity, -1e16, -0.5, 0, -3, -80] },
      scale: { k: 0.5, erase: 0.5 },
    },
  },
  {
    op: ssdScanOp as FusedOp,
    example: {
      name: 'ssd-scan',
      shapes: {
        x: [1, 5, 2, 17],
        dt: [1, 5, 2],
        A: [2],
        B: [1, 5, 1, 3],
        C: [1, 5, 1, 3],
        D: [2],
        state: [1, 2, 17, 3],
      },
      values: { dt: [0.3, 0, 1, 0.01, 3], A: [-1, -1e30] },
    },
  },
  {
    op: mamba3ScanOp as FusedOp,
    example: {
      name: 'mamba3-scan',
      shapes: {
        q: [1, 5, 1, 2, 3],
        k: [1, 5, 1, 2, 3],
        v: [1, 5, 1, 2, 17],
        g: [1, 5, 2],
        write: [1, 5, 2],
        own: [1, 5, 2],
        D: [2],
        state: [1, 2, 17, 3],
        keyBefore: [1, 1, 2, 3],
        valueBefore: [1, 1, 2, 17],
        writeBefore: [1, 2],
      },
      values: { g: [-0.1, -Infinity, -1e16, -0.5, 0] },
    },
  },
]

describe('scans of a matrix state on webgpu', () => {
  useWebGpu()
  beforeAll(async () => {
    // States of two heads take 768 bytes: two or three tokens of them at a time.
    await registerGpuEngine(engine, { maxStorageBufferBindingSize: 2400 })
  })

  it.each(examples)('$example.name in stretches and tiles', async ({ op, example }) => {
    const { leaked, errors } = await checkOp(op, example, engine, { order: 1 })
    expect(leaked).toBe(0)
    for (const { name, error, limit } of errors) expect(error, `${name}: relative error`).toBeLessThan(limit)
  })
})

it('says why its kernels do not take what is too large', () => {
  const shapes = (depth: number, width: number) => {
    const keys = [1, 8, 1, depth]
    return { q: keys, k: keys, erase: keys, v: [1, 8, 1, width], g: keys, state: [1, 1, depth, width] }
  }
  const limits = { maxStorageBufferBindingSize: 2 ** 20 }
  expect(scanSupports(channelScan, shapes(256, 16), true, limits)).toBe(true)
  expect(scanSupports(channelScan, shapes(257, 16), true, limits)).toBe(
    'its keys have 257 channels, its kernel takes 256',
  )
  expect(scanSupports(channelScan, shapes(256, 2048), false, limits)).toBe(
    'it takes a buffer of 2097152 bytes, a kernel of this GPU may get 1048576',
  )
})
