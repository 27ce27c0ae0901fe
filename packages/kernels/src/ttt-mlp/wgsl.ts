import { tttKernels } from '../ttt-layer/wgsl'

export const gpuKernels = tttKernels('TttMlp')
