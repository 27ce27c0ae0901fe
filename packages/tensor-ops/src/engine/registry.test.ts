import { expect, it } from 'vitest'
import { profileKernels, registerEngine, resolveEngine, tf } from '../index'

it('says in one line what was chosen and why the others were refused', async () => {
  const { name, line, refused } = await resolveEngine('auto')
  expect(name).toBe('cpu')
  expect(refused.map((r) => r.name)).toEqual(['native', 'webgpu', 'tensorflow', 'wasm'])
  expect(line).toMatch(/^engine: cpu \(.*\) — refused native: not built yet; .*$/)
})

it('never replaces an engine asked for by name', async () => {
  registerEngine({ name: 'wasm', probe: async () => 'no modules here', create: async () => '' })
  await expect(resolveEngine('wasm')).rejects.toThrow(
    "the engine 'wasm' can't run here (wasm: no modules here)",
  )
  await expect(resolveEngine('gpu')).rejects.toThrow("unknown engine 'gpu'; known: auto, native")
})

it('refuses a precision that an engine lacks', async () => {
  const request = resolveEngine('cpu', { precision: 'bf16' })
  await expect(request).rejects.toThrow("the engine 'cpu' can't run here (cpu: it has no bf16, only f32)")
  await expect(resolveEngine('auto', { precision: 'bf16' })).rejects.toThrow('cpu: it has no bf16')
  await expect(resolveEngine('cpu', { precision: 'f16' as never })).rejects.toThrow(
    "unknown precision 'f16'; known: f32, bf16",
  )
  expect((await resolveEngine('cpu')).precision).toBe('f32')
})

it('counts the kernels that ran', async () => {
  await resolveEngine('cpu')
  const { result, profile } = await profileKernels(() =>
    tf.tidy(() => tf.add(tf.exp(tf.ones([2])), 1).dataSync()[0]),
  )
  expect(result).toBeCloseTo(Math.E + 1, 5)
  expect(profile.byKernel.map((kernel) => kernel.name).sort()).toEqual(expect.arrayContaining(['Add', 'Exp']))
  expect(profile.calls).toBe(profile.byKernel.reduce((sum, kernel) => sum + kernel.calls, 0))
})
