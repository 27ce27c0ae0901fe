import { ablations } from './ablations'
import { controls } from './controls'
import { decode } from './decode'
import { earlyLate } from './early-late'
import { latency } from './latency'
import { lossByIndex } from './loss-by-index'
import { lossInChunk } from './loss-in-chunk'
import { lossVsContext } from './loss-vs-context'
import { needle } from './needle'
import { notepadAndBrain } from './notepad-and-brain'
import type { Probe } from './probe'
import { scaling } from './scaling'
import { toy } from './toy'
import { training } from './training'
import { trainingCost } from './training-cost'
import { trainingStep } from './training-step'
import { twoStage } from './two-stage'
import { whatRemains } from './what-remains'

/** Everything that the bench measures, in the order of the report. */
export const ownProbes: readonly Probe[] = [
  lossVsContext,
  lossByIndex,
  lossInChunk,
  earlyLate,
  latency,
  trainingCost,
  training,
  trainingStep,
  controls,
  ablations,
  toy,
  needle,
  whatRemains,
  notepadAndBrain,
  decode,
  twoStage,
  scaling,
]
