import { describe, expect, it } from 'vitest'
import { readOptions, withWeights } from './options'

describe('readOptions', () => {
  it('takes relative paths from where the caller is', () => {
    expect(readOptions({ engine: 'auto', out: 'runs/a', data: '/b.txt' }, '/home/x')).toMatchObject({
      out: '/home/x/runs/a',
      data: '/b.txt',
    })
  })

  it.each([
    [{ systems: 'ttt-e2e,mamba9' }, "unknown system 'mamba9'; known: ttt-e2e, full-attention"],
    [{ preset: 'huge' }, "unknown preset 'huge'; known: tiny, quick, default, standard, full"],
    [{ precision: 'f64' }, "unknown precision 'f64'; known: f32, bf16, f16"],
    [{ task: 'poems' }, "unknown task 'poems'; known: languages, books"],
    [{ seeds: '1.5' }, "--seeds is '1.5'; it must be a whole number from 1 to 100"],
    [{ seeds: '1e2' }, "--seeds is '1e2'"],
    [{ firstSeed: '-1' }, "--first-seed is '-1'; it must be a whole number from 0 to 1000000"],
    [{ threads: '0' }, "--threads is '0'; it must be a whole number from 1 to 1024"],
    [{ workers: '0' }, "--workers is '0'; it must be a whole number from 1 to 1024"],
    [{ workers: '3', threads: '2' }, '--workers is 3 and --threads 2; the workers share the threads'],
    [{ task: 'books', data: 'a.txt' }, 'your own text is the only task of its run'],
    [{ textField: 'body' }, '--text-field says where the text of --data is; give both'],
    [{ model: 'runs/a', preset: 'quick' }, 'a stored run has its own preset'],
  ])('refuses %o in one sentence', (given, sentence) => {
    expect(() => readOptions({ engine: 'auto', ...given }, '/')).toThrow(sentence)
  })
})

describe('withWeights', () => {
  it('adds the system whose weights another reads with, before it', () => {
    expect(withWeights(['ttt-off', 'swa'])).toEqual(['ttt-e2e', 'swa', 'ttt-off'])
  })
})
