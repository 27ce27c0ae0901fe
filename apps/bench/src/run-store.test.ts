import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystem } from '@ttt-e2e/baselines'
import { disposeRun, startRun } from '@ttt-e2e/meta-outer'
import { resolveEngine } from '@ttt-e2e/tensor-ops'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { RunStore, type CurvePoint } from './run-store'
import { microTask } from './testing'

let directory: string
beforeAll(() => resolveEngine('cpu'))
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'run-'))))

const point = (step: number): CurvePoint => ({
  step,
  loss: step,
  gradientNorm: 0,
  learningRate: 0,
  innerRate: 0,
  seconds: 0,
})

describe('RunStore', () => {
  const system = createSystem('swa', microTask().size)

  it('gives back what it saved, without steps of the curve that the state has not taken', async () => {
    const store = new RunStore(directory)
    expect(store.load(system)).toBeUndefined()
    const state = { ...startRun(system, 1), step: 2, tokens: 64, cursor: { nextSample: 4 } }
    await store.save(state, [point(0), point(1), point(2)])
    const loaded = store.load(system)!
    expect(loaded.state).toMatchObject({ step: 2, tokens: 64, cursor: { nextSample: 4 } })
    expect(loaded.curve).toEqual([point(0), point(1)])
    disposeRun(state)
    disposeRun(loaded.state)
  })

  it('keeps a run to the precision that it was begun in', () => {
    const store = new RunStore(directory)
    store.open({ system: 'swa' }, {})
    store.open({ system: 'swa', precision: 'f32' }, {})
    expect(() => store.open({ system: 'swa', precision: 'bf16' }, {})).toThrow(
      /holds a run with precision "f32", not "bf16"; ask for the same again/,
    )
  })

  it('says in one sentence that a file is damaged', () => {
    const store = new RunStore(directory)
    writeFileSync(join(directory, 'run.safetensors'), 'damaged')
    expect(() => store.load(system)).toThrow(/can't be read \(.*\); remove it or choose another --out$/)
  })
})
