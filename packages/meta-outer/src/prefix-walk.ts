import {
  rematerializedVjp,
  tf,
  vjp,
  vjpProgram,
  type Tensor,
  type TensorTree,
  type Vjp,
} from '@ttt-e2e/tensor-ops'
import type { Params, System } from '@ttt-e2e/ttt-inner'
import type { GradientSum } from './gradient-sum'

type Stage = { params: TensorTree; hidden: Tensor }

/** The prefix over whole sequences, forwards and backwards, each stage a vjp of its own. Owns its tensors. */
export class PrefixWalk {
  private embedded?: Vjp<{ embedding: Tensor }, Tensor, undefined>
  private readonly stages: Vjp<Stage, Tensor, undefined>[] = []

  constructor(
    private readonly system: System,
    private readonly params: Params,
    private readonly tokens: Tensor,
    /** See `SequenceMixer.read`. */
    private readonly rateMultiplier: Tensor,
    private readonly keepTapes: boolean,
  ) {}

  /** @returns the hidden states that the suffix starts from [B, T, D]; the walk owns them */
  async forward(pause: () => Promise<void>): Promise<Tensor> {
    const { decoder } = this.system
    const differentiate: typeof vjpProgram = this.keepTapes ? vjpProgram : rematerializedVjp
    this.embedded = vjp((x: { embedding: Tensor }) => ({ value: decoder.embed(x.embedding, this.tokens) }), {
      embedding: this.params.embedding,
    })
    let hidden = this.embedded.value
    for (const [i, stage] of decoder.prefix.entries()) {
      const run = (x: Stage, { rateMultiplier }: { rateMultiplier: Tensor }) => {
        const start = stage.start(x.params, this.tokens.shape[0])
        return { value: stage.run(x.params, x.hidden, start, rateMultiplier).hidden }
      }
      const key = { owner: this.system, key: `prefix stage ${i}` }
      const inputs = { params: stage.params(this.params), hidden }
      const next = differentiate(key, run, inputs, { rateMultiplier: this.rateMultiplier })
      this.stages.push(next)
      hidden = next.value
      await pause()
    }
    return hidden
  }

  /** The residual stream after the last whole block of the prefix [B, T, D]; a copy. */
  output(): Tensor {
    const blocks = this.system.decoder.prefixBlocks
    return tf.clone(blocks === 0 ? this.embedded!.value : this.stages[blocks - 1].value)
  }

  /** @param gradient with respect to `forward`'s result; freed here */
  async backward(gradient: Tensor, sum: GradientSum, pause: () => Promise<void>): Promise<void> {
    const { prefix } = this.system.decoder
    for (let i = prefix.length - 1; i >= 0; i--) {
      const pulled = this.stages[i].pull(gradient)
      gradient.dispose()
      sum.add(prefix[i].params(this.params), pulled.params)
      gradient = pulled.hidden
      await pause()
    }
    sum.add({ embedding: this.params.embedding }, this.embedded!.pull(gradient))
    gradient.dispose()
  }

  dispose(): void {
    for (const held of [this.embedded, ...this.stages]) {
      held?.dispose()
      held?.value.dispose()
    }
  }
}
