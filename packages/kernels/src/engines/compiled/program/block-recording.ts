import { CallRecording } from '../../programs/recording'
import type { BlockData, BlockType } from '../data'
import type { RecordedCall } from './recorded-call'

/** A recording of the module's kernel calls. */
export class BlockRecording extends CallRecording<BlockData, RecordedCall> {
  /** What the results' tensors look like. */
  resultTypes: readonly { shape: number[]; dtype: BlockType }[] = []
}
