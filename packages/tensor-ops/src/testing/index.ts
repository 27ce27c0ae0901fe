export { inFloat64 } from './float64'
export { derivative } from './finite-differences'
export { leakedTensors } from './leaks'
export { runOpSuite, type OpCase, type OpSuiteOptions } from './op-suite'
