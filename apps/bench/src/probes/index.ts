import { lossByIndex } from './loss-by-index'
import type { Probe } from './probe'
import { readingSpeed } from './reading-speed'
import { training } from './training'
import { trainingStep } from './training-step'

/** Everything that the bench measures, in the order of the report. */
export const ownProbes: readonly Probe[] = [lossByIndex, training, readingSpeed, trainingStep]
