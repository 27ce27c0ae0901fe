import type { Command } from 'commander'
import { addConform } from './conform/command'
import { addDamage } from './damage/command'
import { addDoctor } from './doctor/command'
import { addExperiment } from './experiment/command'
import { addMemory } from './memory/command'
import { addStream } from './stream/command'
import { addSystems } from './systems/command'
import { addOps } from './timing/ops/command'
import { addReadSpeed, addTrainSpeed } from './timing/commands'

/** What the bench can be told to do, in the order of its help. @param caller the folder that the caller works in */
export const commands: readonly ((command: Command, caller: string) => void)[] = [
  addExperiment,
  addConform,
  addSystems,
  addMemory,
  addDamage,
  addStream,
  addTrainSpeed,
  addReadSpeed,
  addOps,
  addDoctor,
]
