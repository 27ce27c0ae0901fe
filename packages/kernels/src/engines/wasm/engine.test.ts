import { resolveEngine, tf } from '@ttt-e2e/tensor-ops'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { attentionOp } from '../../ops'
import { normal, wasmForTests } from '../compiled/testing'

beforeAll(async () => {
  await resolveEngine('wasm')
})

describe('the wasm engine', () => {
  it('says what it runs on and which kernels are its own', async () => {
    const engine = await resolveEngine('wasm')
    expect(engine.description).toBe('128-bit SIMD, 1 thread')
    for (const name of ['BatchMatMul', 'Add', 'Reshape', 'Attention'])
      expect(engine.hasOwnKernel(name)).toBe(true)
    expect(engine.hasOwnKernel('Cumsum')).toBe(false)
  })

  it('is small and needs nothing from its host', () => {
    const bytes = readFileSync(new URL('./kernels.wasm', import.meta.url))
    expect(bytes.length).toBeLessThan(2 ** 20)
    expect(WebAssembly.Module.imports(new WebAssembly.Module(bytes))).toEqual([])
  })

  it('keeps tensors while its memory grows, between calls and within them', async () => {
    const wasm = await wasmForTests()
    const small = tf.tensor1d([1, 2, 3])
    const before = wasm.reservedBytes()
    const words = wasm.words
    const large: tf.Tensor[] = []
    while (wasm.reservedBytes() < before + 2 ** 26) large.push(tf.add(tf.zeros([1 << 20]), 1))
    expect(words.length).toBe(0)
    expect([...small.dataSync()]).toEqual([1, 2, 3])
    expect([...tf.cumsum(tf.add(small, large[0].slice(0, 3))).dataSync()]).toEqual([2, 5, 9])
    tf.dispose([small, ...large])
  })

  it('gives the same bits again', () => {
    const q = normal([2, 150, 4, 16])
    const run = () => {
      const { y, logSumExp } = attentionOp({ q, k: q, v: q }, { window: 70, offset: 0 })
      return [...y.dataSync(), ...logSumExp.dataSync()]
    }
    expect(run()).toEqual(run())
  })

  it('says when its memory runs out and goes on after that', async () => {
    const wasm = await wasmForTests()
    const x = normal([40_000])
    const before = wasm.liveBytes()
    for (let i = 0; i < 200; i++)
      expect(() => tf.mul(x.reshape([-1, 1]), x)).toThrow('it has at most 4096 MiB')
    expect(() => wasm.allocate(2 ** 33)).toThrow('allocating')
    expect(wasm.liveBytes()).toBe(before)
    expect(tf.sum(tf.mul(x, 0)).dataSync()[0]).toBe(0)
  })

  it('fills fresh blocks with NaN where asked to', async () => {
    const wasm = await wasmForTests()
    wasm.setPoison(1)
    const block = wasm.allocate(64)
    const { buffer, offset } = wasm.place(block)
    expect(new Float32Array(buffer, offset, 16).every(Number.isNaN)).toBe(true)
    wasm.release(block)
    wasm.setPoison(0)
  })
})
