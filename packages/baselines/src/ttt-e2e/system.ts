import { widthWithPrimes } from '@ttt-e2e/swa-transformer'
import { windowed } from '../attention/system'
import type { SystemDefinition } from '../definition'

const architecture = {
  pattern: windowed,
  knob: { of: 'MLPs', width: widthWithPrimes },
  primes: true,
} satisfies Partial<SystemDefinition>

export const tttE2e: SystemDefinition = {
  ...architecture,
  summary: 'window attention; prime MLPs learn while reading, meta-trained to',
  learns: true,
}

export const tttStatic: SystemDefinition = {
  ...architecture,
  summary: "TTT-E2E's architecture, trained and read without learning",
}

export const tttOff: SystemDefinition = {
  ...architecture,
  summary: "TTT-E2E's weights, learning switched off",
  weightsOf: 'ttt-e2e',
}

export const tttNaive: SystemDefinition = {
  ...architecture,
  summary: "ttt-static's weights, learning switched on at test time only",
  learns: true,
  weightsOf: 'ttt-static',
}
