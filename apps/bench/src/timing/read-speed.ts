import { createRandom, disposeTree } from '@ttt-e2e/tensor-ops'
import { Reader } from '@ttt-e2e/ttt-inner'
import { speedSizes } from './sizes'
import { measureInTurns } from './measure-in-turns'
import { measureSizes } from './measure-sizes'
import type { SpeedOptions } from './options'
import { randomTokens } from './random-batch'
import { readingContenders } from './reading-contenders'
import { createSpeedSystem } from './speed-system'

/**
 * Times reading and decoding of random tokens, learning on the way where the system learns.
 *
 * @returns the exit code
 * @throws UserError or EngineError for a request that can't be met
 */
export function readSpeed(options: SpeedOptions): Promise<number> {
  return measureSizes(
    'read-speed',
    options,
    async (size, measuring, peers) => {
      const { model, decodingContext } = speedSizes[size]
      const models = []
      for (const name of options.systems) {
        const system = createSpeedSystem(name, size)
        const params = system.decoder.init(createRandom(0))
        const context = new Reader(system, params)
        if (options.reads !== 'reading')
          await context.read(randomTokens(model.vocabularySize, decodingContext))
        models.push({ system, params, context })
      }
      const contenders = models.flatMap((each) => readingContenders(each, size, options))
      try {
        return await measureInTurns(size, contenders, options, measuring, peers)
      } finally {
        for (const { params, context } of models) {
          context.dispose()
          disposeTree(params)
        }
      }
    },
    ([{ size, batch, length }]) => {
      const works = {
        reading: `reading ${batch} × ${length} tokens`,
        decoding: `decoding after ${speedSizes[size].decodingContext}`,
      }
      const title = options.reads ? works[options.reads] : `${works.reading}, ${works.decoding}`
      return { title: `${size} · ${title}` }
    },
  )
}
