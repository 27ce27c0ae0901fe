import * as tf from '@tensorflow/tfjs'

/** What this project uses of a node of tfjs's gradient tape (engine.ts, `TapeNode`). */
export interface TapeNode {
  kernelName: string
  inputs: Record<string, tf.Tensor>
  outputs: tf.Tensor[]
  saved: tf.Tensor[]
  attributes?: unknown
  gradient?: (outputGradients: (tf.Tensor | undefined)[]) => Record<string, () => tf.Tensor>
}

interface EngineState {
  activeTape: TapeNode[] | null
  gradientDepth: number
}

/** The private part of tfjs's engine that gradients of any order need. One place, guarded by repair-tape.test.ts. */
export interface TapeEngine {
  state: EngineState
  addTapeNode(...args: unknown[]): void
  startScope(name?: string): void
  endScope(result?: unknown): void
  /** What repaired it: the gradient that `Select` has since. */
  repaired?: tf.GradConfig
}

export function tapeEngine(): TapeEngine {
  return tf.engine() as unknown as TapeEngine
}

/**
 * Makes tfjs 4.22 right to any order of derivative. As shipped, the clone of a saved kernel *output* is put on the
 * tape before the kernel that made it, so a derivative through the saved output is silently lost: second
 * derivatives of exp, sigmoid, tanh, softmax and everything built on them are wrong (tfjs issue 3252). Here each
 * producer is moved in front of the clones of its outputs, and comparison kernels, which are locally constant, get
 * the zero gradients that second derivatives of max, min, where and clipByValue ask for. And where's own gradient selects,
 * too, instead of multiplying by 0 and 1: what overflows on the side that isn't taken must not count. Idempotent.
 */
export function repairTape(): void {
  const engine = tapeEngine()
  if (engine.repaired) return
  const addTapeNode = engine.addTapeNode
  engine.addTapeNode = function (this: TapeEngine, ...args: unknown[]) {
    addTapeNode.apply(this, args)
    const tape = this.state.activeTape!
    tape[tape.length - 1].attributes = args[5]
    moveLastNodeBeforeItsConsumers(tape)
  }
  registerZeroGradients()
  engine.repaired = registerSelectGradient()
}

function moveLastNodeBeforeItsConsumers(tape: TapeNode[]): void {
  const last = tape.length - 1
  const node = tape[last]
  let position = last
  while (position > 0 && consumes(tape[position - 1], node.outputs)) position--
  if (position === last) return
  tape.pop()
  tape.splice(position, 0, node)
}

function consumes(node: TapeNode, tensors: tf.Tensor[]): boolean {
  for (const name in node.inputs) {
    const input = node.inputs[name]
    for (const tensor of tensors) if (input?.id === tensor.id) return true
  }
  return false
}

function registerZeroGradients(): void {
  const zeros = (x: tf.Tensor) => tf.zeros(x.shape, 'float32')
  for (const kernelName of [
    'Greater',
    'GreaterEqual',
    'Less',
    'LessEqual',
    'Equal',
    'NotEqual',
    'LogicalAnd',
    'LogicalOr',
  ])
    tf.registerGradient({
      kernelName,
      inputsToSave: ['a', 'b'],
      gradFunc: (_, [a, b]) => ({ a: () => zeros(a), b: () => zeros(b) }),
    })
  for (const kernelName of ['LogicalNot', 'ArgMax', 'ArgMin'])
    tf.registerGradient({ kernelName, inputsToSave: ['x'], gradFunc: (_, [x]) => ({ x: () => zeros(x) }) })
}

function registerSelectGradient(): tf.GradConfig {
  const config: tf.GradConfig = {
    kernelName: 'Select',
    inputsToSave: ['condition'],
    gradFunc: (dy, [condition]) => {
      const [slope, none] = [dy as tf.Tensor, tf.zerosLike(dy as tf.Tensor)]
      return {
        condition: () => tf.zeros(condition.shape, 'float32'),
        t: () => tf.where(condition, slope, none),
        e: () => tf.where(condition, none, slope),
      }
    },
  }
  tf.registerGradient(config)
  return config
}
