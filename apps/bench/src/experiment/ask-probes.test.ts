import { expect, it } from 'vitest'
import { ownProbes } from '../probes'
import type { Probe } from '../probes/probe'
import { askProbes } from './ask-probes'
import { probeSizes } from './probe-sizes'

const outside = { name: 'spread', needs: 'run' } as Probe
const namesOf = (probes: readonly Probe[]) => probes.map(({ name }) => name)

it('every probe has a row of sizes, in the order of the report', () => {
  expect(Object.keys(probeSizes)).toEqual(namesOf(ownProbes))
})

it('asks those of the preset and those from outside', () => {
  const { probes, sizes, lines } = askProbes([...ownProbes, outside], 'full')
  expect(namesOf(probes)).toEqual([...namesOf(ownProbes), 'spread'])
  expect([sizes.spread, lines]).toEqual([{}, []])
})

it('asks those that are named alone', () => {
  expect(namesOf(askProbes(ownProbes, 'quick', ['training']).probes)).toEqual(['training'])
})

it('refuses a name that none has, with the nearest', () => {
  expect(() => askProbes(ownProbes, 'quick', ['training', 'los-by-index'])).toThrow(
    /^there is no probe 'los-by-index'; did you mean 'loss-by-index'\? Known: .*training/,
  )
})
