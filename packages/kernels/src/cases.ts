import { suite as adamw } from './adamw/suite'
import { suite as attention } from './attention/suite'
import { suite as channelDeltaRule } from './channel-delta-rule/suite'
import { suite as clippedSgd } from './clipped-sgd/suite'
import { suite as gatedDeltaRule } from './gated-delta-rule/suite'
import { suite as gradientClip } from './gradient-clip/suite'
import { suite as linearCrossEntropy } from './linear-cross-entropy/suite'
import { suite as linear } from './linear/suite'
import { suite as mamba3Rotation } from './mamba3-rotation/suite'
import { suite as mamba3Scan } from './mamba3-scan/suite'
import { suite as mesa } from './mesa/suite'
import { suite as rmsNorm } from './rms-norm/suite'
import { suite as rope } from './rope/suite'
import { suite as shortConv } from './short-conv/suite'
import { suite as ssdScan } from './ssd-scan/suite'
import { suite as swiglu } from './swiglu/suite'

export type { ModelShape, OpSuite, TimedCase } from './op-suite'

/** Every op that the bench times, with what it is tested and timed with, by the names of their folders. */
export const opSuites = {
  linear,
  'rms-norm': rmsNorm,
  rope,
  swiglu,
  attention,
  'short-conv': shortConv,
  'ssd-scan': ssdScan,
  'gated-delta-rule': gatedDeltaRule,
  'channel-delta-rule': channelDeltaRule,
  'mamba3-rotation': mamba3Rotation,
  'mamba3-scan': mamba3Scan,
  mesa,
  'linear-cross-entropy': linearCrossEntropy,
  'clipped-sgd': clippedSgd,
  'gradient-clip': gradientClip,
  adamw,
}

export type OpName = keyof typeof opSuites
