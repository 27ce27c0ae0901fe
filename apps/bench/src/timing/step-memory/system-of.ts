import { createSystem } from '@ttt-e2e/baselines'
import type { System } from '@ttt-e2e/ttt-inner'
import { speedSizes } from '../sizes'
import type { StepWork } from './work'

/** The system of a step, with the chunk that it is measured at. @throws UnknownSystem or SizeError */
export const systemOf = ({ system, size, chunk }: Pick<StepWork, 'system' | 'size' | 'chunk'>): System =>
  createSystem(system, { ...speedSizes[size].model, chunk })
