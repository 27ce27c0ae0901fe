import { expect, it } from 'vitest'
import { readOptions } from './options'

const given = { model: 'run', host: '127.0.0.1', port: '8080', engine: 'auto' }

it('names the option that is wrong', () => {
  const cases: [raw: object, sentence: RegExp][] = [
    [{ port: '70000' }, /^--port is '70000': /],
    [{ threads: 'two' }, /^--threads is 'two': /],
    [{ maxBody: 'much' }, /^--max-body is 'much': must be a number of bytes, /],
    [{ precision: 'f64' }, /^--precision is 'f64': /],
    [{ parallel: '0' }, /^--parallel is '0': /],
    ...['2', '-0.1', 'much', ' ', Infinity].map((decay): [object, RegExp] => [
      { decay },
      /^--decay is '[^']*': must be a number from 0, none, to 1$/,
    ]),
  ]
  for (const [raw, sentence] of cases)
    expect(() => readOptions({ ...given, ...raw }, '/here', {})).toThrow(sentence)
})

it('reads sizes, limits, paths and the key of the environment', () => {
  const raw = {
    ...given,
    memories: 'kept',
    maxBody: '64K',
    maxText: '2g',
    maxMemoryBytes: '1000',
    queue: '0',
    decay: '1e-3',
  }
  expect(readOptions(raw, '/here', { TTT_E2E_API_KEY: 'sesame' })).toMatchObject({
    model: '/here/run',
    store: '/here/kept',
    apiKey: 'sesame',
    port: 8080,
    decay: 0.001,
    limits: { bodyBytes: 65_536, textBytes: 2 ** 31, memoryBytes: 1000, queue: 0, parallel: 16 },
  })
})
