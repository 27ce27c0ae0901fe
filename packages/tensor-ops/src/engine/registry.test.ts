import { describe, expect, it } from 'vitest'
import {
  engineMemory,
  engineNames,
  liveBytes,
  precisionsInWords,
  profileKernels,
  registerEngine,
  resolveEngine,
  tf,
  type Engine,
} from '../index'

/** An engine from outside, which runs cpu's kernels under a name of its own. */
function registerImitation(name: string, engine: Partial<Engine> = {}): void {
  registerEngine({
    name,
    rank: 20,
    probe: async () => true,
    async create() {
      if (tf.findBackend(name) === null) {
        tf.registerBackend(name, () => tf.findBackend('cpu'))
        tf.copyRegisteredKernels('cpu', name)
      }
      return 'an imitation'
    },
    memory: () => ({ live: 3, reserved: 5, limit: 8 }),
    ...engine,
  })
}

describe('the registry of engines', () => {
  it('knows cpu, which runs everywhere', async () => {
    expect(engineNames()).toEqual(['cpu'])
    const { name, line, refused } = await resolveEngine('auto')
    expect({ name, line, refused }).toEqual({
      name: 'cpu',
      line: 'engine: cpu (JavaScript, 1 thread)',
      refused: [],
    })
  })

  it('takes engines from outside and tries them by rank, saying why others were refused', async () => {
    registerImitation('second', { rank: 30 })
    registerImitation('absent', { rank: 10, probe: async () => 'no such machine' })
    expect(engineNames()).toEqual(['absent', 'second', 'cpu'])
    const { name, line, refused } = await resolveEngine('auto')
    expect(name).toBe('second')
    expect(refused).toEqual([{ name: 'absent', reason: 'no such machine' }])
    expect(line).toBe('engine: second (an imitation) — refused absent: no such machine')
    expect(tf.getBackend()).toBe('second')
  })

  it('never replaces an engine asked for by name', async () => {
    await expect(resolveEngine('absent')).rejects.toThrow(
      "the engine 'absent' can't run here (absent: no such machine)",
    )
    await expect(resolveEngine('gpu')).rejects.toThrow(
      "unknown engine 'gpu'; known: auto, absent, second, cpu",
    )
  })

  it('refuses a precision that an engine lacks', async () => {
    const request = resolveEngine('cpu', { precision: 'bf16' })
    await expect(request).rejects.toThrow("the engine 'cpu' can't run here (cpu: it has no bf16, only f32)")
    await expect(resolveEngine('auto', { precision: 'bf16' })).rejects.toThrow('cpu: it has no bf16')
    await expect(resolveEngine('cpu', { precision: 'f64' as never })).rejects.toThrow(
      "unknown precision 'f64'; known: f32, bf16, f16",
    )
    expect((await resolveEngine('cpu')).precision).toBe('f32')
    registerImitation('rounding', { precisions: ['bf16'] })
    expect(engineNames('bf16')).toEqual(['rounding'])
    expect(engineNames('f32')).not.toContain('rounding')
    expect(await resolveEngine('auto', { precision: 'bf16' })).toMatchObject({ name: 'rounding' })
    expect(precisionsInWords()).toBe('f32, bf16 (rounding), f16 (no engine)')
  })

  it('asks an engine whether it can in a precision, and takes one that is not worth it where no other can', async () => {
    registerImitation('device', {
      precisions: ['f32', 'f16'],
      probe: (precision) => Promise.resolve(precision === 'f32' || 'this device has no f16'),
      worthIt: () => Promise.resolve('it is slow'),
    })
    expect((await resolveEngine('auto')).refused).toContainEqual({ name: 'device', reason: 'it is slow' })
    await expect(resolveEngine('device', { precision: 'f16' })).rejects.toThrow(
      "the engine 'device' can't run here (device: this device has no f16)",
    )
    registerImitation('device', { precisions: ['f16'], worthIt: () => Promise.resolve('it is slow') })
    const { name, refused } = await resolveEngine('auto', { precision: 'f16' })
    expect(name).toBe('device')
    expect(refused.map((each) => each.name)).not.toContain('device')
  })

  it('asks the active engine for its memory', async () => {
    await resolveEngine('cpu')
    const before = engineMemory()
    const x = tf.ones([8])
    expect(engineMemory()).toEqual({
      live: before.live + 32,
      reserved: before.reserved + 32,
      limit: Infinity,
    })
    x.dispose()
    await resolveEngine('second')
    expect(engineMemory()).toEqual({ live: 3, reserved: 5, limit: 8 })
    expect(liveBytes()).toBe(3)
  })
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
