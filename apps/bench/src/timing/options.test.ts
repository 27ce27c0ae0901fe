import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { readSpeedOptions } from './options'

it('measures three sizes and systems where nothing is said', () => {
  expect(readSpeedOptions({ engine: 'auto' }, '/')).toEqual({
    sizes: ['XS', 'S', 'M'],
    systems: ['ttt-e2e', 'full-attention', 'swa'],
    batch: 1,
    reps: 5,
    engine: 'auto',
    precision: 'f32',
    python: 'python3',
  })
})

it('takes paths from where the caller is, and a bare name of a Python from the PATH', () => {
  const paths = { peers: 'peers', python: './venv/bin/python', json: 'a.json' }
  expect(readSpeedOptions({ engine: 'auto', ...paths }, '/home/x')).toMatchObject({
    peers: '/home/x/peers',
    python: '/home/x/venv/bin/python',
    json: '/home/x/a.json',
  })
  const pythonOf = (python: string) => readSpeedOptions({ engine: 'auto', peers: '/p', python }, '/x').python
  expect(pythonOf('python3.12')).toBe('python3.12')
  expect(pythonOf('.\\venv\\python.exe')).toBe(resolve('/x', '.\\venv\\python.exe'))
})

it.each([
  [{ size: 'S,XL' }, "unknown size 'XL'; known: XS, S, M, 125m"],
  [{ systems: 'ttt' }, "unknown system 'ttt'; known: ttt-e2e, full-attention"],
  [{ precision: 'f64' }, "unknown precision 'f64'; known: f32, bf16, f16"],
  [{ batch: '0' }, "--batch is '0'; it must be a whole number from 1 to 4096"],
  [{ length: '1.5' }, "--length is '1.5'; it must be a whole number from 1 to 1048576"],
  [{ reps: 'many' }, "--reps is 'many'; it must be a whole number from 1 to 1000"],
  [{ positions: true, batch: '2' }, '--positions and --batch were both given'],
  [{ python: 'python3' }, '--python python3 was given without --peers'],
  [
    { size: 'S,XS', systems: 'swa,hybrid-5-1' },
    "hybrid-5-1 can't be measured at --size XS: the pattern of 'hybrid-5-1' is 6 layers long, the model has 4",
  ],
])('refuses %o in one sentence', (given, sentence) => {
  expect(() => readSpeedOptions({ engine: 'auto', ...given }, '/')).toThrow(sentence)
})
