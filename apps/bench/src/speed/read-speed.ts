import { createRandom, disposeTree } from '@ttt-e2e/tensor-ops'
import { Reader } from '@ttt-e2e/ttt-inner'
import { speedSizes, type SpeedSizeName } from '../presets'
import { formatTable } from '../report/text'
import { interleave, medianSeconds } from './interleave'
import { speedOf, type Speed } from './measurement'
import type { SpeedOptions } from './options'
import { peakProduct } from './product-peak'
import { randomTokens } from './random-batch'
import { readingContenders } from './reading-contenders'
import { recordSpeed, type Measuring } from './record'
import { createSpeedSystem } from './speed-system'
import { speedTable } from './speed-table'
import { warmUp } from './warm-up'

/**
 * Times reading and decoding of random tokens, learning on the way where the system learns.
 *
 * @returns the exit code
 * @throws UserError or EngineError for a request that can't be met
 */
export function readSpeed(options: SpeedOptions): Promise<number> {
  return recordSpeed<Speed>('read-speed', options, async (measuring) => {
    const { progress, rows } = measuring
    for (const size of options.sizes) {
      const speeds = await measureReading(size, options, measuring)
      rows.push(...speeds)
      const { batch, length } = speeds[0]
      const { decodingContext } = speedSizes[size]
      const title = `${size} · reading ${batch} × ${length} tokens, decoding after ${decodingContext}`
      progress.clear()
      progress.print(`\n${formatTable(speedTable(title, speeds))}`)
    }
  })
}

async function measureReading(
  size: SpeedSizeName,
  options: SpeedOptions,
  { progress, signal }: Measuring<Speed>,
): Promise<Speed[]> {
  const onTurn = (name: string) => progress.update(`${size} · ${name}`)
  const product = peakProduct()
  const models = options.systems.map((name) => {
    const system = createSpeedSystem(name, size)
    const params = system.decoder.init(createRandom(0))
    const context = new Reader(system, params)
    context.read(randomTokens(speedSizes[size].model.vocabularySize, speedSizes[size].decodingContext))
    return { system, params, context }
  })
  const contenders = models.flatMap((model) => readingContenders(model, size, options))
  try {
    const kernelCalls: number[] = []
    for (const contender of contenders) {
      onTurn(contender.name)
      kernelCalls.push(await warmUp(contender))
      signal.throwIfAborted()
    }
    const timing = { rounds: options.reps, signal, onTurn }
    const [peak, ...samples] = await interleave([product, ...contenders], timing)
    return contenders.map(({ what }, i) =>
      speedOf({ ...what, kernelCalls: kernelCalls[i] }, samples[i], product.flops / medianSeconds(peak)),
    )
  } finally {
    for (const { params, context } of models) {
      context.dispose()
      disposeTree(params)
    }
    product.dispose()
  }
}
