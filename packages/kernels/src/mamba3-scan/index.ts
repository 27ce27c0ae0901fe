export { mamba3ScanOp } from './op'
export { mamba3, type Mamba3Inputs, type Mamba3State } from './mamba3'
