import { program, resolveEngine, tf, type Tensor } from '@ttt-e2e/tensor-ops'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { attentionOp } from '../../ops'
import { registerCompiledBackend } from '../compiled/register'
import { createDraws, expectBits, expectSameBits, valuesOf, wasmForTests } from '../compiled/testing'
import { loadWasm, type WasmModule } from './module'

const { normal } = createDraws(7)

const useTwoThreads = () => resolveEngine('wasm', { threads: 2 })

/** A module of its own, loaded where the host has no shared memory. */
async function loadWithoutSharedMemory(): Promise<WasmModule> {
  vi.stubGlobal('SharedArrayBuffer', undefined)
  try {
    return await loadWasm()
  } finally {
    vi.unstubAllGlobals()
  }
}

function attentionAndGradient(q: Tensor) {
  return valuesOf(() => {
    const offset = tf.zeros([q.shape[0]], 'int32')
    const { y, logSumExp } = attentionOp({ q, k: q, v: q, offset }, { window: 70 })
    const inputs = { q, k: q, v: q, offset, d_y: q, y, logSumExp }
    const gradient = attentionOp.gradient(['q', 'k', 'v'], ['y'])(inputs, { window: 70 })
    return [y, logSumExp, ...Object.values(gradient)]
  })
}

const product = (a: Tensor, b: Tensor) => valuesOf(() => [tf.matMul(a, b)])

/** Runs a script of its own in a process of its own and waits for its end. @returns what it has printed */
function inProcess(script: string): string {
  const all = `
    await import('./index.ts')
    const { resolveEngine, tf } = await import('@ttt-e2e/tensor-ops')
    ${script}`
  return execFileSync(
    process.execPath,
    ['--conditions=source', '--import', 'tsx', '--input-type=module', '-e', all],
    { cwd: fileURLToPath(new URL('.', import.meta.url)), encoding: 'utf8', timeout: 60_000 },
  )
}

beforeAll(useTwoThreads)

describe('the wasm engine', () => {
  it('says what it runs on and which kernels are its own', async () => {
    const engine = await resolveEngine('wasm', { threads: 1 })
    expect(engine.description).toBe('128-bit SIMD, 1 thread')
    expect((await useTwoThreads()).description).toBe('128-bit SIMD, 2 threads')
    for (const name of ['BatchMatMul', 'Add', 'Reshape', 'Attention'])
      expect(engine.hasOwnKernel(name)).toBe(true)
    expect(engine.hasOwnKernel('Cumsum')).toBe(false)
  })

  it('is small and needs nothing from its host but memory', () => {
    const bytes = readFileSync(new URL('./kernels.wasm', import.meta.url))
    expect(bytes.length).toBeLessThan(2 ** 20)
    expect(WebAssembly.Module.imports(new WebAssembly.Module(bytes))).toEqual([
      { module: 'env', name: 'memory', kind: 'memory' },
    ])
  })

  it('gives the same bits on 1, 2 and 3 threads and again', async () => {
    const [q, a, b] = [normal([2, 150, 4, 16]), normal([300, 260]), normal([260, 270])]
    await expectSameBits(() => [attentionAndGradient(q), product(a, b)], {}, 'wasm')
    await useTwoThreads()
  })

  it('replays a program with the same bits on 1, 2 and 3 threads and again', async () => {
    const owner = {}
    const inputs = { a: normal([300, 260]), b: normal([260, 270]) }
    const f = ({ a, b }: typeof inputs) => ({ value: { y: tf.mul(tf.matMul(a, b), 2), sum: tf.sum(a) } })
    const run = () =>
      valuesOf(() => {
        const { y, sum } = program({ owner, key: 'product' }, f, inputs).value
        return [y, sum]
      })
    await expectSameBits(run, {}, 'wasm')
    await useTwoThreads()
  })

  it('makes a trap in a task an error of the call, and goes on after that', async () => {
    const wasm = await wasmForTests()
    const [a, b] = [normal([300, 260]), normal([260, 270])]
    const expected = product(a, b)
    // It seems to have twice as many rows as there are in the whole memory: the later ones are beyond it, and whoever takes
    // them traps, the caller or a worker.
    const rows = (2 * wasm.place(0).buffer.byteLength) / 4096
    const beyond = Object.assign(tf.zeros([64]), { shape: [rows, 1024] })
    for (let i = 0; i < 50; i++) {
      const before = wasm.liveBytes()
      expect(() => tf.max(beyond, 1)).toThrow(
        'the kernel Max stopped in the wasm engine (memory access out of bounds)',
      )
      expect(wasm.liveBytes()).toBe(before)
      expectBits(product(a, b), expected)
    }
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

  it('has as many threads as workers can be started for', async () => {
    const module = await loadWasm()
    expect(await module.useThreads(2)).toEqual({ threads: 2 })
    vi.spyOn(process.getBuiltinModule('node:worker_threads'), 'Worker').mockImplementation(function () {
      throw new Error('not allowed')
    })
    try {
      const refused = 'this host starts no more workers'
      expect(await module.useThreads(4)).toEqual({ threads: 2, refused })
      expect(await (await loadWasm()).useThreads(2)).toEqual({ threads: 1, refused })
    } finally {
      vi.restoreAllMocks()
    }
  })

  it('does not keep the process alive', () => {
    const output = inProcess(`
      const { line } = await resolveEngine('wasm', { threads: 4 })
      const x = tf.ones([300, 300])
      console.log(line, tf.sum(tf.matMul(x, x)).dataSync()[0])
    `)
    expect(output).toBe('engine: wasm (128-bit SIMD, 4 threads) 27000000\n')
  })

  it('says why it has one thread', () => {
    const output = inProcess(`
      delete globalThis.SharedArrayBuffer
      console.log((await resolveEngine('wasm', { threads: 4 })).line)
      console.log((await resolveEngine('wasm', { threads: 1 })).line)
    `)
    expect(output).toBe(
      'engine: wasm (128-bit SIMD, 1 thread (this host has no shared memory))\n' +
        'engine: wasm (128-bit SIMD, 1 thread)\n',
    )
  })
})

describe.each(['shared', 'unshared'])('the wasm engine on %s memory', (kind) => {
  const name = kind === 'shared' ? 'ttt-wasm' : 'wasm-unshared'
  let wasm: WasmModule
  beforeAll(async () => {
    wasm = kind === 'shared' ? await wasmForTests() : await loadWithoutSharedMemory()
    if (kind === 'unshared') registerCompiledBackend(name, wasm)
  })
  beforeEach(async () => void (await tf.setBackend(name)))
  afterEach(useTwoThreads)

  it('keeps tensors while its memory grows, between calls and within them', () => {
    const small = tf.tensor1d([1, 2, 3])
    const before = wasm.reservedBytes()
    const words = wasm.words
    const large: tf.Tensor[] = []
    while (wasm.reservedBytes() < before + 2 ** 26) large.push(tf.add(tf.zeros([1 << 20]), 1))
    expect(words.buffer instanceof ArrayBuffer).toBe(kind === 'unshared')
    expect(words.length > 0).toBe(wasm.memoryStays)
    expect([...small.dataSync()]).toEqual([1, 2, 3])
    expect([...tf.cumsum(tf.add(small, large[0].slice(0, 3))).dataSync()]).toEqual([2, 5, 9])
    tf.dispose([small, ...large])
  })

  it('gives the same bits as the other', async () => {
    const [q, a, b] = [normal([2, 150, 4, 16]), normal([300, 260]), normal([260, 270])]
    const [copyOfQ, copyOfA, copyOfB] = [q, a, b].map((x) => x.dataSync())
    const results = [attentionAndGradient(q), product(a, b)]
    await useTwoThreads()
    expect([
      attentionAndGradient(tf.tensor(copyOfQ, q.shape)),
      product(tf.tensor(copyOfA, a.shape), tf.tensor(copyOfB, b.shape)),
    ]).toEqual(results)
  })

  it('gives JavaScript arrays of its own', () => {
    const values = tf.add(tf.zeros([4]), 1).dataSync()
    expect(values.buffer).toBeInstanceOf(ArrayBuffer)
  })
})

it("leaves TensorFlow.js' own backend of the name wasm what it is", () => {
  const output = inProcess(`
    tf.registerBackend('wasm', tf.findBackendFactory('cpu'))
    tf.copyRegisteredKernels('cpu', 'wasm')
    const theirs = tf.getKernel('Add', 'wasm')
    console.log((await resolveEngine('wasm', { threads: 1 })).name, tf.getBackend(), tf.add(1, 2).dataSync()[0])
    await tf.setBackend('wasm')
    console.log(tf.getKernel('Add', 'wasm') === theirs, tf.add(1, 2).dataSync()[0])
    console.log((await resolveEngine('wasm', { threads: 1 })).name, tf.getBackend())
  `)
  expect(output).toBe('wasm ttt-wasm 3\ntrue 3\nwasm ttt-wasm\n')
})
