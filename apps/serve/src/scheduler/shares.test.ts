import { expect, it } from 'vitest'
import { Shares } from './shares'

const costs = { answer: 8, read: 128 }
type Kind = keyof typeof costs

/** Which kinds go in so many turns. */
function turns(shares: Shares<Kind>, count: number, waiting: (kind: Kind) => boolean = () => true): Kind[] {
  return Array.from({ length: count }, () => {
    const kind = shares.next(waiting)
    shares.spend(kind, costs[kind])
    return kind
  })
}

const start = () => new Shares<Kind>(['answer', 'read'])

it('gives each kind as many tokens as the other', () => {
  const all = turns(start(), 17 * 10)
  expect(all.filter((kind) => kind === 'read')).toHaveLength(10)
  expect(all.slice(0, 2)).toEqual(['answer', 'read'])
})

it('gives all to the only one that waits, and counts nothing of that against it afterwards', () => {
  const shares = start()
  expect(turns(shares, 50, (kind) => kind === 'read')).toEqual(Array(50).fill('read'))
  shares.comeBack('answer')
  // At most what a piece takes: not what it might have had before it came.
  const first = turns(shares, 100).indexOf('read')
  expect(first).toBeGreaterThan(0)
  expect(first).toBeLessThanOrEqual(2 * (costs.read / costs.answer))
})

it('takes no saved turns from one that comes back often', () => {
  const shares = start()
  const reads = Array.from({ length: 20 }, () => {
    shares.comeBack('answer')
    return turns(shares, 17).filter((kind) => kind === 'read').length
  })
  expect(Math.min(...reads)).toBeGreaterThan(0)
})
