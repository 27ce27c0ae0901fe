import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Speed } from '../timing/measurement'
import type { SpeedRecord } from '../timing/record'
import { measureGpu } from './index'
import type { Outcome } from './outcome'
import { readGpuOptions, type RawGpuOptions } from './options'
import { partsOf, type Part } from './parts'
import { readResults } from './results'
import { runPart } from './run-part'

const folder = mkdtempSync(join(tmpdir(), 'gpu-'))

const raw: RawGpuOptions = {
  out: 'results',
  engines: 'webgpu,tensorflow',
  precisions: 'f32,f16',
  size: 'XS,S',
  systems: 'ttt-e2e,full-attention',
  contexts: '64,128,256',
  reps: '1',
  python: 'python3',
  minutes: '9',
}
const optionsFor = (name: string, more: Partial<RawGpuOptions> = {}) =>
  readGpuOptions({ ...raw, ...more }, join(folder, name))

/** What a part would have measured: full attention takes twice as long. */
function measured({ name }: Part): Outcome {
  if (name.endsWith('doctor')) return { name, printed: 'auto takes wasm' }
  const rows = ['ttt-e2e', 'full-attention'].map((system, i) => {
    const speed = { size: 'XS', length: Number(name.split('-').at(-1)) || 64, work: 'reading', system }
    return { ...speed, tokensPerSecond: 1000 / (i + 1), seconds: i + 1, peers: [{ peer: 'jax 9', tokensPerSecond: [500, 700], ratio: 1.5 }] } // prettier-ignore
  }) as Speed[]
  const record = {
    engine: { name: name.split('-')[0], description: 'a card', line: '' },
    options: { precision: 'f32' },
    machine: { processor: 'a processor', cores: 2 },
    versions: { node: 'v20' },
    rows,
  } as unknown as SpeedRecord<Speed>
  return { name, record, remarks: ['x.py was left out: it has no jax'] }
}

/** Runs with parts that take so many seconds each, by a clock of their own. */
function measure(options: ReturnType<typeof optionsFor>, seconds: number, run = measured, hasPython = true) {
  let milliseconds = 0
  const [ran, printed]: [Part[], string[]] = [[], []]
  const done = measureGpu(options, {
    run: async (part) => {
      ran.push(part)
      milliseconds += 1000 * seconds
      return run(part)
    },
    card: () => 'H100, driver 1',
    hasPython: () => hasPython,
    now: () => milliseconds,
    print: (line) => printed.push(line),
  })
  return { done, ran, printed }
}

it('asks for the most telling first, and for all sizes, precisions and engines', () => {
  const names = partsOf(optionsFor('parts')).map(({ name }) => name)
  expect(names.slice(0, 8)).toEqual([
    'webgpu-doctor',
    'webgpu-f32-XS-training',
    'webgpu-f32-XS-reading',
    'webgpu-f32-XS-decoding',
    'webgpu-f32-XS-context-64',
    'webgpu-f32-XS-context-128',
    'webgpu-f32-XS-context-256',
    'webgpu-f32-S-training',
  ])
  expect(names).toEqual(
    expect.arrayContaining(['webgpu-f16-S-decoding', 'tensorflow-doctor', 'tensorflow-f32-S-reading']),
  )
  expect(new Set(names).size).toBe(names.length)
  expect(partsOf(optionsFor('parts', { tune: true })).map(({ name }) => name)).toEqual([
    'webgpu-tune',
    ...names,
  ])
})

it('writes what was measured, with the card, and keeps it when the other parts are measured later', async () => {
  const options = optionsFor('kept', { only: 'webgpu-doctor,webgpu-f32-XS' })
  expect(await measure(options, 1).done).toBe(0)
  const text = () => readFileSync(join(options.out, 'results.md'), 'utf8')
  expect(text()).toMatch(/^# H100, driver 1\n\nMeasured from .* UTC · a processor, 2 cores · Node v20 · /)
  expect(text()).toContain(
    '| XS, 64 tokens | webgpu f32 | reading | full-attention | 500 | 2.00 | 2.00 | jax 9: 600 (1.50) |',
  )
  expect(text()).toContain('| XS | webgpu | 256 | 1.00 | 2.00 | 2.00 |')
  expect(text()).toContain('```\nauto takes wasm\n```')
  expect(text().match(/x\.py was left out/g)).toHaveLength(1)
  await measure(optionsFor('kept', { only: 'webgpu-f32-S-training' }), 1).done
  expect(readResults(options.out).outcomes).toHaveLength(8)
  expect(text()).toContain('| XS | webgpu | 256 |')
})

it('begins nothing when its time is over, gives a part no more than is left, and says so', async () => {
  const options = optionsFor('late', { minutes: '2', only: 'webgpu-f32-XS' })
  const { done, ran } = measure(options, 59)
  expect(await done).toBe(0)
  expect(ran).toHaveLength(2)
  expect(readFileSync(join(options.out, 'results.md'), 'utf8')).toContain(
    '\n- webgpu-f32-XS-decoding, webgpu-f32-XS-context-64, webgpu-f32-XS-context-128, webgpu-f32-XS-context-256: ' +
      'the 2 minutes were over (--only measures it)\n',
  )
})

it('tries no longer text where a shorter one did not fit, and fails where nothing could be measured', async () => {
  const options = optionsFor('small', { only: 'webgpu-f32-XS-context' })
  const run = ({ name }: Part): Outcome => ({ name, skipped: 'the GPU is out of memory' })
  const { done, ran } = measure(options, 1, run)
  expect(await done).toBe(1)
  expect(ran).toHaveLength(1)
  expect(readResults(options.out).outcomes.map(({ skipped }) => skipped)).toEqual([
    'the GPU is out of memory',
    'a shorter one could not be measured',
    'a shorter one could not be measured',
  ])
})

it('leaves peers out where there is no Python', async () => {
  const options = optionsFor('alone', { peers: 'peers', only: 'webgpu-f32-XS-training' })
  const without = measure(options, 1, measured, false)
  await without.done
  expect(without.ran[0].command).not.toContain('--peers')
  expect(without.printed[0]).toContain("peers are left out: 'python3' can't be run")
  const { done, ran } = measure(options, 1)
  await done
  expect(ran[0].command).toEqual(expect.arrayContaining(['--peers', options.peers, '--python', 'python3']))
})

it('runs a part in a process, and makes a sentence of what stops it', async () => {
  const program = (text: string) => {
    const path = join(folder, `${text.length}.mjs`)
    writeFileSync(path, text)
    return [path]
  }
  mkdirSync(join(folder, 'parts'), { recursive: true })
  const part: Part = { name: 'p', command: ['train-speed'], writesJson: true, seconds: 60 }
  const run = (text: string, seconds = 60, more: Partial<Part> = {}) =>
    runPart({ ...part, ...more }, seconds, join(folder, 'parts'), program(text))
  const write = `import { writeFileSync } from 'node:fs'; writeFileSync(process.argv.at(-1), '{ "rows": [1] }')`
  expect(await run(`${write}; console.log('a.py was left out: no jax\\nother')`)).toEqual({
    name: 'p',
    record: { rows: [1] },
    remarks: ['a.py was left out: no jax'],
  })
  expect(await run(`console.error("the engine 'webgpu' can't run here"); process.exitCode = 2`)).toEqual({
    name: 'p',
    skipped: "the engine 'webgpu' can't run here",
  })
  expect(await run(`throw new TypeError('it broke')`)).toEqual({ name: 'p', skipped: 'TypeError: it broke' })
  expect((await run(`setInterval(() => {}, 1000)`, 0.2)).skipped).toBe('it was not done after 0 s')
  const doctor = { command: ['doctor'], writesJson: false }
  expect(await run(`console.log('WRONG'); process.exitCode = 1`, 60, doctor)).toEqual({ name: 'p', printed: 'WRONG' }) // prettier-ignore
})

it.each([
  [{ contexts: '128,64' }, "--contexts is '128,64'; each must be longer than the one before"],
  [{ size: 'XL' }, "unknown size 'XL'"],
  [{ minutes: '0' }, "--minutes is '0'"],
])('refuses %o in one sentence', (given, sentence) => {
  expect(() => optionsFor('refused', given)).toThrow(sentence)
})

it('names the parts where --only names none', async () => {
  await expect(measure(optionsFor('none', { only: 'webgl' }), 1).done).rejects.toThrow(
    "--only is 'webgl'; the parts are webgpu-doctor, webgpu-f32-XS-training,",
  )
})
