import { unlessLearning } from '../../given/refusals'
import type { ReaderProbe } from '../probe'
import { chunkFigure } from './figure'
import { measureInChunk } from './measure'
import { summariseInChunk, type ChunkSummary } from './summarise'
import { chunkTable } from './table'
import { chunkVerdict } from './verdict'

/** Loss by place within a chunk: does it rise until the next step of learning? */
export const lossInChunk: ReaderProbe<number[][], ChunkSummary> = {
  name: 'loss-in-chunk',
  needs: 'reader',
  refuses: unlessLearning,
  measure: measureInChunk,
  summarise: summariseInChunk,
  table: chunkTable,
  figure: chunkFigure,
  verdict: chunkVerdict,
}
