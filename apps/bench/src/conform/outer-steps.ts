import { basename } from 'node:path'
import { fromE2eNames, toE2eNames } from '@ttt-e2e/checkpoint'
import { tf, treeMap } from '@ttt-e2e/tensor-ops'
import { disposeRun, trainStep, type RunState } from '@ttt-e2e/meta-outer'
import { batchOf } from './e2e'
import { systemOf, type E2eConfig } from './e2e-config'
import { Comparisons, findCases, readTensors, type GoldenCase, type Verdict } from './golden-case'
import type { Params } from '@ttt-e2e/ttt-inner'

interface OuterConfig extends E2eConfig {
  outer: {
    lr: number
    end_lr: number
    lr_warmup_steps: number
    lr_decay_steps: number
    weight_decay: number
    clip_gradient: number
    ilr_warmup_steps: number
    ilr_init: number
    b1: number
    b2: number
    eps: number
  }
  steps: {
    loss: number
    mean_chunk_losses: number[]
    lr_used: number
    ilr_multiplier: number
    gnorm_clip: number
  }[]
}

const lossTolerance = 5e-6
const normTolerance = 2e-4
const parameterTolerance = 1e-4

/** A few steps of training from the parameters of the case `A-…` in the same folder. */
export async function conformOuterSteps(golden: GoldenCase): Promise<Verdict | string> {
  const config = golden.description.config as OuterConfig
  const { outer, steps } = config
  const start = findCases(golden.folder).find(
    (stem) => basename(stem).startsWith('A-') && !stem.endsWith('.f64'),
  )
  if (!start) return `no case A-… beside it in ${golden.folder}`
  const system = systemOf(config)
  const params = fromE2eNames(system.decoder, readTensors(start), 'params/')
  const zeros = () => treeMap(params, (leaf) => tf.zeros(leaf.shape))
  const state: RunState = { params, firstMoments: zeros(), secondMoments: zeros(), step: 0, tokens: 0 }
  const optimizer = {
    schedule: {
      steps: outer.lr_decay_steps,
      peakLearningRate: outer.lr,
      endLearningRate: outer.end_lr,
      warmupSteps: outer.lr_warmup_steps,
      innerWarmupSteps: outer.ilr_warmup_steps,
      innerRateStart: outer.ilr_init,
    },
    beta1: outer.b1,
    beta2: outer.b2,
    epsilon: outer.eps,
    weightDecay: outer.weight_decay,
    maxNorm: outer.clip_gradient,
  }
  const comparisons = new Comparisons()
  const tokens = golden.tensors.tokens
  const perStep = tokens.values.length / tokens.shape[0]
  for (const [i, expected] of steps.entries()) {
    const batch = batchOf((tokens.values as Int32Array).slice(i * perStep, (i + 1) * perStep), config)
    const report = await trainStep(system, state, batch, optimizer)
    const name = `step ${i}: `
    comparisons.compare(`${name}loss`, [report.loss], [expected.loss], lossTolerance)
    comparisons.compare(`${name}chunk losses`, report.chunkLosses, expected.mean_chunk_losses, lossTolerance)
    comparisons.compare(`${name}learning rate`, [report.learningRate], [expected.lr_used], 1e-6)
    const multiplier = report.innerRate / system.rule!.rate
    comparisons.compare(`${name}inner rate`, [multiplier], [expected.ilr_multiplier], 1e-6)
    comparisons.compare(`${name}gradient norm`, [report.gradientNorm], [expected.gnorm_clip], normTolerance)
    await compareTree(`params_after_${i + 1}/`, state.params)
    await compareTree(`opt_after_${i + 1}/1.0.mu.`, state.firstMoments as Params)
    await compareTree(`opt_after_${i + 1}/1.0.nu.`, state.secondMoments as Params)
  }
  disposeRun(state)
  return comparisons.result()

  async function compareTree(prefix: string, tree: RunState['params']) {
    for (const [name, values] of Object.entries(await toE2eNames(system.decoder, tree))) {
      const expected = golden.tensors[prefix + name]
      if (expected) comparisons.compare(prefix + name, values, expected.values, parameterTolerance)
    }
  }
}
