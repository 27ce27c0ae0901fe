import { peakProduct } from '@ttt-e2e/training'
import { speedSizes, type SpeedSizeName } from './sizes'
import { interleave, medianSeconds, type Contender, type Samples } from './interleave'
import { speedOf, type Speed, type SpeedGiven } from './measurement'
import type { SpeedOptions } from './options'
import { peerRatios } from './peers/peer-ratios'
import type { PeerSpeed } from './peers/peer-speed'
import type { Peers } from './peers/peers'
import type { Measuring } from './record'
import { warmUp } from './warm-up'

export interface SpeedContender extends Contender {
  what: Omit<SpeedGiven, 'kernelCalls'>
}

/** With peers: ours, theirs, ours, theirs. */
const roundsBesidePeers = 2

/** Times the contenders of one size in turns with each other, with products of matrices, and with the peers. */
export async function measureInTurns(
  size: SpeedSizeName,
  contenders: readonly SpeedContender[],
  { reps, systems, precision, batch, length = speedSizes[size].length, threads }: SpeedOptions,
  { progress, signal }: Measuring<Speed>,
  peers?: Peers,
): Promise<Speed[]> {
  const onTurn = (name: string) => progress.update(`${size} · ${name}`)
  const { decodingContext } = speedSizes[size]
  const works = [...new Set(contenders.map(({ what }) => what.work))]
  const product = await peakProduct()
  try {
    const kernelCalls: number[] = []
    for (const contender of contenders) {
      onTurn(contender.name)
      kernelCalls.push(await warmUp(contender))
      signal.throwIfAborted()
    }
    const turns: Samples[][] = []
    const peerSpeeds: PeerSpeed[] = []
    for (let round = 0; round < (peers ? roundsBesidePeers : 1); round++) {
      turns.push(await interleave([product, ...contenders], { rounds: reps, signal, onTurn }))
      if (!peers) continue
      onTurn('peers')
      const request = { size, systems, works, precision, batch, length, decodingContext, reps, threads }
      peerSpeeds.push(...(await peers.measure(request)))
    }
    const [peak, ...samples] = turns[0].map((_, i) => joinSamples(turns.map((turn) => turn[i])))
    const peakFlopsPerSecond = product.flops / medianSeconds(peak)
    return contenders.map(({ what }, i) => {
      const speed = speedOf({ ...what, kernelCalls: kernelCalls[i] }, samples[i], peakFlopsPerSecond)
      return peers ? { ...speed, peers: peerRatios(speed, precision, peerSpeeds) } : speed
    })
  } finally {
    product.dispose()
  }
}

const joinSamples = (parts: readonly Samples[]): Samples => ({
  seconds: parts.flatMap(({ seconds }) => seconds),
  cpuSeconds: parts.flatMap(({ cpuSeconds }) => cpuSeconds),
})
