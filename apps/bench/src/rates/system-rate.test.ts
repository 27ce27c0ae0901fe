import { describe, expect, it } from 'vitest'
import { bestRate, systemRate } from './system-rate'

describe('bestRate', () => {
  it('has the lowest loss, whatever the order', () => {
    expect(bestRate({ '0.004': 1.1, '0.001': 1.3, '0.002': 1.0 })).toEqual({ rate: 0.002 })
  })

  it('says that it is at an end of the rates', () => {
    expect(bestRate({ '0.001': 1, '0.002': 2 })).toEqual({ rate: 0.001, edge: 'lowest' })
    expect(bestRate({ '0.001': 2, '0.002': 1 })).toEqual({ rate: 0.002, edge: 'highest' })
  })

  it('passes rates over whose numbers were not finite', () => {
    expect(bestRate({ '0.001': 2, '0.002': 1, '0.004': null })).toEqual({ rate: 0.002 })
  })
})

it('tells where a rate is from', () => {
  expect(systemRate({ '0.001': 2, '0.002': 1, '0.004': 3 }).source).toBe('the best of 0.001, 0.002, 0.004')
  expect(systemRate({ '0.001': 2, '0.002': 1 }).source).toBe('the best of 0.001, 0.002, the highest')
})
