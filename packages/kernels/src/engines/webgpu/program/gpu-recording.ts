import { CallRecording } from '../../programs/recording'
import type { GpuData, GpuType } from '../data'
import type { RecordedCall } from './recorded-call'

/** A recording of the backend's kernel calls. */
export class GpuRecording extends CallRecording<GpuData, RecordedCall> {
  /** What the results' tensors look like. */
  resultTypes: readonly { shape: number[]; dtype: GpuType }[] = []
}
