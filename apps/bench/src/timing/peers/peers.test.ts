import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Speed } from '../measurement'
import { parametersFor, type PeerRequest } from './parameters'
import { peerRatios } from './peer-ratios'
import { readPeerSpeed } from './peer-speed'
import { findPeers } from './peers'

const folder = mkdtempSync(join(tmpdir(), 'scripts-'))

/** Scripts in JavaScript, which Node runs as Python would run its own. */
function scripts(name: string, sources: Record<string, string>): string {
  const path = join(folder, name)
  mkdirSync(path)
  for (const [file, source] of Object.entries(sources)) writeFileSync(join(path, file), source)
  return path
}
const { signal } = new AbortController()
const request: PeerRequest = {
  size: 'S',
  works: ['training step'],
  systems: ['ttt-e2e', 'full-attention'],
  precision: 'f32',
  batch: 1,
  length: 1024,
  decodingContext: 1024,
  reps: 3,
  threads: 2,
}

it.each([
  [
    '{"peer": "jax 9", "device": "cpu", "method": "ttt", "size": "S", "what": "prefill", "dtype": "f32", "batch": 2, "T": 1024, "median_s": 0.5, "tokens_per_s": 4096}',
    {
      peer: 'jax 9',
      system: 'ttt-e2e',
      work: 'reading and learning',
      batch: 2,
      length: 1024,
      tokensPerSecond: 4096,
    },
  ],
  [
    '{"size": "M", "model": "full", "prec": "bf16", "what": "train_step", "T": 2048, "wall_s": 1, "tok_s": 2048}',
    {
      peer: 'x.py',
      system: 'full-attention',
      work: 'training step',
      precision: 'bf16',
      batch: 1,
      tokensPerSecond: 2048,
    },
  ],
  [
    '{"size": "M", "model": "swa", "prec": "f32", "what": "decode", "ctx": 8192, "ms_tok": 4}',
    { system: 'swa', work: 'decoding', length: 8192, tokensPerSecond: 250 },
  ],
])('reads what scripts print: %s', (line, speed) => {
  expect(readPeerSpeed(line, 'x.py')).toMatchObject(speed)
})

it.each([
  '',
  'swa self-check max abs 1e-6',
  '{"loss": 3}',
  '{"size": "S", "model": "full", "what": "train_step", "tok_s": 0}',
  '[1',
])('passes over what is no speed: %s', (line) => expect(readPeerSpeed(line, 'x.py')).toBeUndefined())

it('gives a script the options that its help names', () => {
  expect(
    parametersFor('usage: [-h] [--sizes S] [--methods M] [--T T] [--reps-more N]', request, 'o'),
  ).toEqual(
    ['--sizes', 'S', '--methods', 'ttt,fa', '--T', '1024'], // prettier-ignore
  )
  expect(parametersFor('[--sizes S] [--only O]\n  --out OUT', request, 'o')).toEqual(
    ['--sizes', 'S', '--only', 'S.full.f32.train_step', '--out', 'o'], // prettier-ignore
  )
  expect(parametersFor('[--sizes S] [--only O]', { ...request, systems: ['ttt-e2e'] }, 'o')).toBeUndefined()
})

it('runs scripts, and says in one sentence what it can not run', async () => {
  const help = `if (process.argv.includes('--help')) { console.log('--sizes SIZES'); process.exit() }`
  const speed = `console.log(JSON.stringify({ size: process.argv[3], model: 'full', prec: 'f32', what: 'train_step', T: 1024, tok_s: 100 }))`
  const missing = (name: string) =>
    `console.error("ModuleNotFoundError: No module named '${name}'"); process.exit(1)`
  const path = scripts('several', {
    'a.py': `${help}\n${speed}`,
    'b.py': missing('jax'),
    'c.py': `${help}\n${missing('torch')}`,
    'd.py': `console.log('--steps')`,
    'e.py': `${help}\n${speed}\nconsole.error("Traceback\\nKeyError: 'S'"); process.exit(1)`,
    'notes.txt': '',
  })
  const printed: string[] = []
  const peers = await findPeers(path, process.execPath, (line) => printed.push(line), signal)
  const speeds = [...(await peers.measure(request)), ...(await peers.measure(request))]
  peers.dispose()
  // What a script printed before it failed counts; it isn't run again.
  expect(speeds.map(({ peer }) => peer)).toEqual(['a.py', 'e.py', 'a.py'])
  expect(printed).toEqual([
    expect.stringMatching(
      /^b\.py was left out: '.*' has no Python package 'jax'; install it, or give --python /,
    ),
    'd.py was left out: it takes no --sizes',
    expect.stringMatching(/^c\.py was left out: '.*' has no Python package 'torch'; install it/),
    "e.py failed at size S: KeyError: 'S'",
  ])
})

it('refuses folders without scripts and a Python that is not there', async () => {
  const find = (path: string, python = process.execPath) => findPeers(path, python, () => {}, signal)
  await expect(find('/no/such')).rejects.toThrow(
    "--peers is '/no/such'; it must be a folder of Python scripts",
  )
  await expect(find(scripts('empty', {}))).rejects.toThrow('there is no Python script in it')
  await expect(find(scripts('one', { 'a.py': '' }), 'no-such-python')).rejects.toThrow(
    "'no-such-python' can't be run (not found); give --python the path of a Python",
  )
})

it('sets a peer only beside the same work', () => {
  const ours = {
    size: 'S',
    system: 'swa',
    work: 'reading',
    batch: 1,
    length: 1024,
    tokensPerSecond: 300,
  } as Speed
  const theirs = { ...ours, size: 'S', peer: 'p', precision: 'f32' }
  const peers = [
    { ...theirs, tokensPerSecond: 100 },
    { ...theirs, tokensPerSecond: 200 },
    { ...theirs, batch: 8 },
    { ...theirs, length: 8 },
    { ...theirs, precision: 'bf16' },
    { ...theirs, system: 'full-attention' },
    { ...theirs, work: 'decoding' as const },
  ]
  expect(peerRatios(ours, 'f32', peers)).toEqual([{ peer: 'p', tokensPerSecond: [100, 200], ratio: 2 }])
})
