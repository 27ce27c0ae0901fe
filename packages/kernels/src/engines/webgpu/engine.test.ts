import { execFileSync } from 'node:child_process'
import { pause, resolveEngine, tf, UserError } from '@ttt-e2e/tensor-ops'
import { describe, expect, it } from 'vitest'
import '../../attention'
import { rmsNorm } from '../../rms-norm'
import type { GpuBackend } from './backend'
import { failureOf, openGpu } from './device'
import { registerGpuBackend } from './register'
import { useWebGpu } from './testing'

const inProcess = (script: string): string =>
  execFileSync(
    process.execPath,
    ['--conditions=source', '--import', 'tsx', '--input-type=module', '--eval', script],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], cwd: import.meta.dirname, timeout: 60_000 },
  )
const imports = `
  import { resolveEngine, tf } from '@ttt-e2e/tensor-ops'
  import '${new URL('index.ts', import.meta.url).href}'
`

describe('the engine webgpu', () => {
  useWebGpu()

  it('says what it runs on and which kernels are its own', async () => {
    const engine = await resolveEngine('webgpu')
    expect(engine.line).toMatch(/^engine: webgpu \(.+\)$/)
    for (const name of ['BatchMatMul', 'Add', 'Reshape', 'UnsortedSegmentSum'])
      expect(engine.hasOwnKernel(name)).toBe(true)
    expect(engine.hasOwnKernel('Conv2D')).toBe(false)
  })

  it('leaves the process to end by itself', () => {
    const script = `${imports}
      await resolveEngine('webgpu')
      console.log((await tf.sum(tf.matMul(tf.ones([30, 30]), tf.ones([30, 30]))).data())[0])`
    expect(inProcess(script)).toBe('27000\n')
  })

  it('says why it is not there', () => {
    const script = `${imports}
      await resolveEngine('webgpu').catch((error) => console.log(error.message))`
    const saved = process.env.VK_DRIVER_FILES
    process.env.VK_DRIVER_FILES = '/nowhere'
    try {
      expect(inProcess(script)).toMatch(/^the engine 'webgpu' can't run here \(webgpu: no adapter was found/)
    } finally {
      if (saved === undefined) delete process.env.VK_DRIVER_FILES
      else process.env.VK_DRIVER_FILES = saved
    }
  })

  it('says that its adapter has no f16, where it has none', async ({ skip }) => {
    await resolveEngine('webgpu')
    if ((tf.backend() as unknown as GpuBackend).gpu.features.has('shader-f16')) skip('this adapter has it')
    await expect(resolveEngine('webgpu', { precision: 'f16' })).rejects.toThrow(
      /^the engine 'webgpu' can't run here \(webgpu: .+ has no shader-f16\)$/,
    )
  })

  it('is not what auto takes where its adapter computes on the processor', async () => {
    const gpu = await openGpu()
    if (typeof gpu === 'string') throw new Error(gpu)
    gpu.device.destroy()
    // Where no other engine is known but wasm.
    const script = `${imports}
      import '${new URL('../wasm/index.ts', import.meta.url).href}'
      const { name, refused } = await resolveEngine('auto')
      console.log(JSON.stringify({ name, refused }))`
    const { name, refused } = JSON.parse(inProcess(script)) as { name: string; refused: object[] }
    if (gpu.software) {
      expect(name).toBe('wasm')
      expect(refused).toMatchObject([{ name: 'webgpu', reason: expect.stringContaining('on the processor') }])
    } else expect(name).toBe('webgpu')
  })

  it('says that values have to be awaited, and knows small ones that came from JavaScript', () => {
    tf.tidy(() => {
      expect([...tf.tensor1d([1, 2]).dataSync()]).toEqual([1, 2])
      expect(() => tf.add(tf.tensor1d([1, 2]), 1).dataSync()).toThrow(UserError)
    })
  })

  it('says that its device was lost', async () => {
    const gpu = await openGpu()
    if (typeof gpu === 'string') throw new Error(gpu)
    registerGpuBackend('webgpu-lost', gpu)
    await tf.setBackend('webgpu-lost')
    const sum = tf.add(tf.ones([3]), 1)
    gpu.device.destroy()
    await expect(sum.data()).rejects.toThrow('the GPU device was lost')
    expect(() => tf.add(sum, 1)).toThrow('resume from it')
    tf.removeBackend('webgpu-lost')
    await resolveEngine('webgpu')
  })

  it('is made anew after its device was lost', async () => {
    await resolveEngine('webgpu')
    const lost = tf.backend() as unknown as GpuBackend
    const one = tf.tensor1d([1])
    lost.gpu.device.destroy()
    await expect(tf.add(one, 1).data()).rejects.toThrow(UserError)
    const engine = await resolveEngine('webgpu')
    expect(tf.backend()).not.toBe(lost)
    expect(engine.hasOwnKernel('Attention')).toBe(true)
    tf.dispose(one)
    const x = tf.tensor2d([[3, 4]])
    expect((await rmsNorm(x, tf.ones([2]), 0).data())[1]).toBeCloseTo(4 / Math.sqrt(12.5), 5)
  })

  it('says in a sentence that the GPU is out of memory', () => {
    class GPUOutOfMemoryError extends Error {}
    expect(failureOf(new GPUOutOfMemoryError('no more'))).toBeInstanceOf(UserError)
    expect(failureOf(new GPUOutOfMemoryError('no more')).message).toMatch(
      /^the GPU is out of memory: .+ resume$/,
    )
    expect(failureOf(new Error('a mistake'))).not.toBeInstanceOf(UserError)
  })

  it('tells who gives it more than it can do when it has caught up', async () => {
    await resolveEngine('webgpu')
    const { commands } = tf.backend() as unknown as GpuBackend
    for (let i = 0; i < 100; i++) {
      tf.tidy(() => tf.add(tf.ones([3]), i))
      commands.flush()
    }
    expect(commands.behind()).toBeInstanceOf(Promise)
    while (commands.behind()) await pause()
    expect(commands.behind()).toBeUndefined()
  })

  it('says that a tensor is larger than its buffers', async () => {
    await resolveEngine('webgpu')
    const { pool, gpu } = tf.backend() as unknown as GpuBackend
    const before = pool.liveBytes
    expect(() => pool.take(gpu.limits.maxBufferSize + 4)).toThrow(/larger than this GPU's buffers/)
    expect(pool.liveBytes).toBe(before)
  })
})
