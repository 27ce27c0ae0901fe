import { isBelow } from '@ttt-e2e/report'
import type { ProbeResults } from '../../experiment/results'
import { natsWithInterval } from '../interval'
import { notConverged } from '../train-and-read'
import type { ToyLine } from './measure'
import type { ToySummary } from './summarise'

/** The published order: learning token by token nearly reaches attention, naive learning hardly leaves the bigram. */
export function toyVerdict({ measured, summary }: ProbeResults<ToyLine[], ToySummary>): string[] {
  const of = (name: string) => summary.lines.find((line) => line.name === name)
  const [online, naive, full, bigram, chunked] = [
    'ttt-e2e, chunk 1',
    'ttt-naive, chunk 1',
    'full-attention',
    'bigram',
    'ttt-e2e, chunk 16',
  ].map(of)
  const sentences: string[] = []
  if (online?.againstBigram && full && bigram) {
    const way = (bigram.loss - online.loss) / (bigram.loss - full.loss)
    sentences.push(
      `Without attention ttt-e2e that learns token by token is at ${natsWithInterval(online.againstBigram)} against the bigram` +
        (isBelow(online.againstBigram, 0) ? '' : ', NOT below it beyond doubt') +
        `, ${Math.round(100 * way)} % of the way to two blocks with attention.`,
    )
  }
  if (naive?.againstBigram)
    sentences.push(
      `Naive learning is at ${natsWithInterval(naive.againstBigram)} against the bigram` +
        (online && naive.loss > online.loss
          ? ', behind learning that was trained for.'
          : ', NOT behind ttt-e2e.'),
    )
  if (chunked?.rise !== undefined)
    sentences.push(
      `With chunks of 16 ttt-e2e's loss ${chunked.rise > 0 ? 'rises' : 'does NOT rise'} within a chunk, by ${chunked.rise.toFixed(3)} nats from its first quarter to its last: ` +
        'until the next step it knows nothing new.',
    )
  const runs = measured.flatMap(({ value }) => value)
  return [...sentences, ...notConverged(runs)]
}
