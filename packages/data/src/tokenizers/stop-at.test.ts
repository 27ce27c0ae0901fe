import { expect, it } from 'vitest'
import { StopAt } from './stop-at'

const run = (strings: string[], pieces: string[]) => {
  const stop = new StopAt(strings)
  const given = pieces.map((piece) => stop.push(piece))
  return { given, rest: stop.end(), stopped: stop.stopped }
}

it('stops before the first of its strings, wherever pieces are cut', () => {
  for (const pieces of [['one two three'], [...'one two three'], ['one tw', 'o thr', 'ee']]) {
    const { given, rest, stopped } = run(['three', 'two'], pieces)
    expect(given.join('') + rest).toBe('one ')
    expect(stopped).toBe(true)
  }
})

it('holds back only what may be the beginning of a stop, and gives it when it is none', () => {
  expect(run(['aab'], ['xa', 'a', 'a', 'c'])).toEqual({
    given: ['x', '', 'a', 'aac'],
    rest: '',
    stopped: false,
  })
  expect(run(['end'], ['the en'])).toEqual({ given: ['the '], rest: 'en', stopped: false })
  expect(run([], ['all', ' of it'])).toEqual({ given: ['all', ' of it'], rest: '', stopped: false })
})
