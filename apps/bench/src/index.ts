export { bench } from './experiment/bench'
export { readOptions, type BenchOptions } from './experiment/options'
export type { Measurement, ProbeResults, Results, TaskResults } from './experiment/results'
export type {
  ModelRequest,
  ModelsContext,
  ModelsProbe,
  Probe,
  ReaderContext,
  ReaderProbe,
  RunContext,
  RunProbe,
  StepContext,
  StepProbe,
  SystemsContext,
  SystemsProbe,
  TrainedModel,
  TrainModel,
} from './probes/probe'
export type { Answer } from './report/answer'
export type { Figure, Table } from '@ttt-e2e/report'
export { drawSvg } from '@ttt-e2e/report/figure'
export type { Benchmark } from './tasks/benchmark'
