import { describe, expect, it } from 'vitest'
import { sumInPlace } from './sum-in-place'
import { abilities, buffer, call, type TestBuffer, type TestCall } from './testing'

const [x, first, second, sum] = ['x', 'first', 'second', 'sum'].map((name) => buffer(name))

function plan(
  calls: TestCall[],
  { spent = [], stay = [] }: { spent?: TestBuffer[]; stay?: TestBuffer[] } = {},
) {
  const planned = sumInPlace(calls, new Set(spent), (each) => stay.includes(each), abilities)
  return {
    ...planned,
    written: planned.calls.map(
      ({ call: { kernel }, inputs, outputs, accumulate }) =>
        `${kernel}(${inputs.map((each) => each?.name)}) ${accumulate?.[0] ? '+=' : '='} ${outputs.map((each) => each?.name)}`,
    ),
  }
}

describe('a sum in place', () => {
  it('is formed where its first term stands, by the kernel that makes the second one where it can', () => {
    const { written, storageOf } = plan([
      call('any', [x], first),
      call('product', [x], second),
      call('add', [first, second], sum),
    ])
    expect(written).toEqual(['any(x) = first', 'product(x) += first'])
    expect(storageOf(sum)).toBe(first)
  })

  it('is an addition where the second term comes from a kernel that can not add', () => {
    const { written } = plan([
      call('any', [x], first),
      call('any', [x], second),
      call('add', [first, second], sum),
    ])
    expect(written).toEqual(['any(x) = first', 'any(x) = second', 'add(first,second) = first'])
  })

  it('is an addition where the first term is not there yet when the second one is made', () => {
    const { written } = plan([
      call('product', [x], second),
      call('any', [x], first),
      call('add', [first, second], sum),
    ])
    expect(written).toEqual(['product(x) = second', 'any(x) = first', 'add(first,second) = first'])
  })

  it('leaves a term alone that others read', () => {
    const other = buffer('other')
    const { written } = plan([
      call('any', [x], first),
      call('product', [x], second),
      call('add', [first, second], sum),
      call('any', [first], other),
    ])
    expect(written[2]).toBe('add(first,second) = sum')
  })

  it('of many terms is formed in one place', () => {
    const terms = ['a', 'b', 'c', 'd'].map((name) => buffer(name))
    const sums = ['ab', 'abc', 'abcd'].map((name) => buffer(name))
    const { written } = plan(
      [
        ...terms.map((term) => call('product', [x], term)),
        call('add', [terms[0], terms[1]], sums[0]),
        call('add', [sums[0], terms[2]], sums[1]),
        call('add', [sums[1], terms[3]], sums[2]),
      ],
      { stay: [sums[2]] },
    )
    // A result has a place of its own, which all of them share.
    expect(written).toEqual([
      'product(x) = abcd',
      'product(x) += abcd',
      'product(x) += abcd',
      'product(x) += abcd',
    ])
  })

  it('is written over an input that was given up for it, and over no other', () => {
    const calls = [call('product', [x], second), call('add', [first, second], sum)]
    const { written, storageOf } = plan(calls, { spent: [first], stay: [sum] })
    expect(written).toEqual(['product(x) += first'])
    expect(storageOf(sum)).toBe(first)
    expect(plan(calls, { stay: [sum] }).written).toEqual(['product(x) = second', 'add(first,second) = sum'])
  })

  it('keeps terms that are needed after the step', () => {
    const calls = [call('any', [x], first), call('product', [x], second), call('add', [first, second], sum)]
    expect(plan(calls, { stay: [first] }).written[2]).toBe('add(first,second) = sum')
    expect(plan(calls, { stay: [second] }).written[2]).toBe('add(first,second) = first')
  })

  it('of a tensor and itself is an addition', () => {
    const { written } = plan([call('any', [x], first), call('add', [first, first], sum)])
    expect(written[1]).toBe('add(first,first) = sum')
  })
})

describe('what a kernel may write over an input', () => {
  const [cache, written, joined] = ['cache', 'written', 'joined'].map((name) => buffer(name))

  it('is written there where that input was given up and nothing reads it later', () => {
    const { storageOf } = plan([call('any', [cache], joined), call('write', [cache, x], written)], {
      spent: [cache],
      stay: [written, joined],
    })
    expect(storageOf(written)).toBe(cache)
  })

  it.each<[string, TestCall[], { spent?: TestBuffer[]; stay?: TestBuffer[] }]>([
    ['read later', [call('write', [cache, x], written), call('any', [cache], joined)], { spent: [cache] }],
    ['read twice by the call', [call('write', [cache, cache], written)], { spent: [cache] }],
    ['a result itself', [call('write', [cache, x], written)], { spent: [cache], stay: [cache] }],
    ['an input that is not given up', [call('write', [cache, x], written)], {}],
  ])('stands in a place of its own where that input is %s', (_, calls, options) => {
    expect(plan(calls, options).storageOf(written)).toBe(written)
  })
})
