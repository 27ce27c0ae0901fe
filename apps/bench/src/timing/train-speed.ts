import { disposeRun, standardOptimizer, standardSchedule, startRun, trainStep } from '@ttt-e2e/meta-outer'
import { engineCommands, treeSize, type EngineCommands } from '@ttt-e2e/tensor-ops'
import { countFlops } from '@ttt-e2e/ttt-inner'
import { speedSizes } from './sizes'
import { measureInTurns } from './measure-in-turns'
import { measureSizes } from './measure-sizes'
import type { SpeedOptions } from './options'
import { randomBatch } from './random-batch'
import { createSpeedSystem } from './speed-system'
import { stepRatio } from './step-ratio'

/**
 * Times training steps (loss, gradient, clip, AdamW) on random tokens and prints them beside what the FLOP count and
 * the engine's matrix products allow.
 *
 * @returns the exit code
 * @throws UserError or EngineError for a request that can't be met
 */
export function trainSpeed(options: SpeedOptions): Promise<number> {
  const { batch } = options
  const commands: string[] = []
  return measureSizes(
    'train-speed',
    options,
    async (size, measuring, peers) => {
      const { model, length: ownLength } = speedSizes[size]
      const { length = ownLength } = options
      const data = randomBatch(model.vocabularySize, batch, length)
      const optimizer = standardOptimizer(standardSchedule(1e6, 1e-3))
      const runs = options.systems.map((name) => {
        const system = createSpeedSystem(name, size)
        return { system, state: startRun(system, 0) }
      })
      const lastSteps = new Map<string, EngineCommands>()
      const contenders = runs.map(({ system, state }) => ({
        name: `${system.name} · training`,
        what: {
          size,
          system: system.name,
          work: 'training step' as const,
          batch,
          length,
          parameters: treeSize(state.params),
          tokens: batch * length,
          flopsPerToken: countFlops(system, length).training,
        },
        run: async () => {
          const before = engineCommands()
          const report = await trainStep(system, state, data, optimizer)
          const after = engineCommands()
          if (before && after) lastSteps.set(system.name, difference(after, before))
          return report
        },
      }))
      try {
        const speeds = await measureInTurns(size, contenders, options, measuring, peers)
        for (const [name, { dispatches, submits, readBacks }] of lastSteps)
          commands.push(
            `A step of ${name} gives the device ${dispatches} dispatches in ${submits} submits and reads back ${readBacks} ×.`,
          )
        return speeds
      } finally {
        for (const { state } of runs) disposeRun(state)
      }
    },
    (speeds) => ({
      title: `${speeds[0].size} · training · ${batch} × ${speeds[0].length} tokens`,
      sentences: [...stepRatio(speeds), ...commands.splice(0)],
    }),
  )
}

const difference = (after: EngineCommands, before: EngineCommands): EngineCommands => ({
  dispatches: after.dispatches - before.dispatches,
  submits: after.submits - before.submits,
  readBacks: after.readBacks - before.readBacks,
})
