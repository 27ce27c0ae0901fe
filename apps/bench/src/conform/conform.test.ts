import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodeSafetensors, resolveEngine } from '@ttt-e2e/tensor-ops'
import '@ttt-e2e/kernels/engines'
import { describe, expect, it } from 'vitest'
import { findCases, readDescription, readTensors } from './golden-case'
import { runConform } from './index'

const golden = fileURLToPath(new URL('../../fixtures/golden', import.meta.url))

describe.each(['cpu', 'native', 'wasm'])('conform on %s', (engine) => {
  it.for(['ops', 'e2e', 'baselines', 'checkpoints', 'datasets'])(
    'agrees with every golden case of %s',
    async (folder, { skip }) => {
      await resolveEngine(engine).catch((error: Error) => skip(error.message))
      const lines: string[] = []
      const code = await runConform(join(golden, folder), { engine, print: (line) => lines.push(line) })
      expect(lines.filter((line) => line.includes('FAIL'))).toEqual([])
      expect(lines.at(-1)).toBe(`${findCases(join(golden, folder)).length} ok, 0 failed, 0 skipped`)
      expect(code).toBe(0)
    },
  )
})

describe('conform', () => {
  const folderWith = (description: object, tensors = {}) => {
    const folder = mkdtempSync(join(tmpdir(), 'conform-'))
    writeFileSync(join(folder, 'case.json'), JSON.stringify(description))
    writeFileSync(join(folder, 'case.safetensors'), encodeSafetensors(tensors))
    return folder
  }
  const run = async (folder: string, kind?: string) => {
    const lines: string[] = []
    const code = await runConform(folder, { engine: 'cpu', kind, print: (line) => lines.push(line) })
    return { code, lines: lines.slice(1) }
  }
  const readGolden = (name: string) => ({
    description: readDescription(join(golden, name))!,
    tensors: readTensors(join(golden, name)),
  })
  const scalar = (value: number) => ({ shape: [1], values: Float32Array.of(value) })

  it('skips kinds it does not know, and fails where nothing ran', async () => {
    expect(await run(folderWith({ kind: 'dream' }))).toEqual({
      code: 1,
      lines: ['case  skipped: kind dream', '0 ok, 0 failed, 1 skipped'],
    })
    expect(await run(folderWith({ kind: 'op' }), 'e2e')).toEqual({
      code: 1,
      lines: ['0 ok, 0 failed, 0 skipped'],
    })
  })

  it('names cases by where they are below the folder, however that is written', async () => {
    const { lines } = await run(`${folderWith({ kind: 'dream' })}/.//`)
    expect(lines[0]).toBe('case  skipped: kind dream')
  })

  it('fails a case whose numbers are wrong', async () => {
    const tensors = {
      'input.gate': scalar(1),
      'input.up': scalar(1),
      cotangent: scalar(1),
      output: scalar(2),
    }
    const { code, lines } = await run(folderWith({ kind: 'op', op: 'swiglu', attrs: {} }, tensors))
    expect(code).toBe(1)
    expect(lines[0]).toMatch(/^case {2}6\.3e-1 \(output\) {2}tolerance 1e-5 {2}FAIL$/)
  })

  it('fails a published model that computes otherwise, or has parameters that ours has no use for', async () => {
    const { description, tensors } = readGolden('baselines/mistral_swa16')
    const other = { ...(description.config as object), sliding_window: 15 }
    const { code, lines } = await run(folderWith({ ...description, config: other }, tensors))
    expect(code).toBe(1)
    expect(lines[0]).toMatch(/tolerance .* FAIL$/)
    const more = { ...tensors, 'param.model.layers.0.self_attn.q_proj.bias': scalar(0) }
    expect((await run(folderWith(description, more))).lines[0]).toContain(
      "the model doesn't use model.layers.0.self_attn.q_proj.bias",
    )
  })

  it('fails a case that it cannot read', async () => {
    const { code, lines } = await run(folderWith({ kind: 'op', op: 'swiglu', attrs: {} }))
    expect(code).toBe(1)
    expect(lines[0]).toContain('FAIL')
  })
})
