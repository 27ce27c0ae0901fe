import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { tinyProbes } from '../testing'
import { bench, readOptions, type Results } from '../index'

const folder = mkdtempSync(join(tmpdir(), 'probe-'))

let printed = ''
beforeEach(() => {
  printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((printed += String(text))))
})

/** A module as one outside of the repository: plain, without imports. */
function write(name: string, code: string): string {
  writeFileSync(join(folder, name), code)
  return name
}

const spread = write(
  'spread.mjs',
  `export default {
    name: 'spread',
    needs: 'reader',
    measure: async ({ system, params }) => ({ system: system.name, embedding: params.embedding.shape }),
    summarise: (measured) => measured.length,
    table: ({ measured, summary }) => [{
      title: 'spread of ' + summary,
      columns: ['system', 'seed', 'rows'],
      rows: measured.map(({ system, seed, value }) => [system, String(seed), String(value.embedding[0])]),
    }],
  }`,
)
const options = { engine: 'wasm', preset: 'tiny', task: 'languages', systems: 'swa,full-attention' }

describe('a probe from outside', () => {
  it('is measured in every process, kept by its name, and reported', async () => {
    const given = { ...options, workers: '2', threads: '2', probe: [spread], out: 'out' }
    expect(await bench(readOptions(given, folder), folder)).toBe(0)
    const { tasks } = JSON.parse(readFileSync(join(folder, 'out/results.json'), 'utf8')) as Results
    expect(Object.keys(tasks[0].probes).sort()).toEqual(
      [...tinyProbes.map(({ name }) => name), 'spread'].sort(),
    )
    expect(tasks[0].probes.spread).toEqual({
      measured: ['swa', 'full-attention'].map((system) => ({
        system,
        seed: 0,
        value: { system, embedding: [8, 16] },
      })),
      summary: 2,
    })
    expect(printed).toContain('spread of 2\nsystem')
    expect(readFileSync(join(folder, 'out/report.html'), 'utf8')).toContain('<h4>spread of 2</h4>')
  })

  it.each([
    ['nowhere.mjs', /^the probe '.*nowhere.mjs' can't be loaded: /],
    [
      write('empty.mjs', 'export default { name: 1 }'),
      /exports no probe; its default export must have a name/,
    ],
    [
      write('taken.mjs', "export default { name: 'training', needs: 'run', measure() {}, summarise() {} }"),
      /^the probe 'training' of '.*taken.mjs' has a name that is taken; give it another$/,
    ],
  ])('is refused in one sentence: %s', async (probe, sentence) => {
    const asked = bench(readOptions({ ...options, probe: [probe] }, folder), folder)
    await expect(asked).rejects.toThrow(sentence)
  })
})
