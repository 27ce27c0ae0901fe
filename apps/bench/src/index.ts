export { bench } from './experiment/bench'
export { readOptions, type BenchOptions } from './experiment/options'
export type { Measurement, ProbeResults, Results, TaskResults } from './experiment/results'
export type {
  Probe,
  ReaderContext,
  ReaderProbe,
  RunContext,
  RunProbe,
  StepContext,
  StepProbe,
  SystemsContext,
  SystemsProbe,
} from './probes/probe'
export { drawSvg, type Figure } from './report/figure'
export type { Table } from './report/table'
export type { Benchmark } from './tasks/benchmark'
