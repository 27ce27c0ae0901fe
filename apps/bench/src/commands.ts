import type { Command } from 'commander'
import { addCompare } from './compare/command'
import { addConform } from './conform/command'
import { addDamage } from './damage/command'
import { addDoctor } from './doctor/command'
import { addExperiment } from './experiment/command'
import { addGpu } from './gpu/command'
import { addHistory } from './history/command'
import { addMemory } from './memory/command'
import { addMerge } from './merge/command'
import { addRates } from './rates/command'
import { addStream } from './stream/command'
import { addSystems } from './systems/command'
import { addModelMemory } from './timing/model-memory/command'
import { addOps } from './timing/ops/command'
import { addRanks } from './timing/ranks/command'
import { addStepMemory } from './timing/step-memory/command'
import { addReadSpeed, addTrainSpeed } from './timing/commands'
import { addWarmStart } from './warm-start/command'

/** What the bench can be told to do, in the order of its help. @param caller the folder that the caller works in */
export const commands: readonly ((command: Command, caller: string) => void)[] = [
  addExperiment,
  addCompare,
  addMerge,
  addHistory,
  addConform,
  addSystems,
  addMemory,
  addDamage,
  addRates,
  addStream,
  addWarmStart,
  addTrainSpeed,
  addReadSpeed,
  addStepMemory,
  addModelMemory,
  addRanks,
  addOps,
  addDoctor,
  addGpu,
]
