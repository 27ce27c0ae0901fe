import { tf, type Tensor, type Tensors } from '@ttt-e2e/tensor-ops'
import { solve } from '../mesa/solve'

/** The gated delta rule as it is defined, token after token: what its chunks must agree with. */
export function gatedDeltaRuleRecurrence({ q, k, v, g, beta, state }: Tensors): Tensors {
  const heads = v.shape[2]!
  return scanTokens(v.shape[1]!, state, (before, token) => {
    const [query, key] = [q, k].map((x) => column(shareAmong(at(x, token), heads)))
    const decayed = tf.mul(before, column(tf.expandDims(tf.exp(at(g, token)), 2)))
    const error = tf.sub(at(v, token), tf.sum(tf.mul(decayed, key), 2))
    const written = tf.mul(error, tf.expandDims(at(beta, token), 2))
    const after = tf.add(decayed, tf.mul(key, tf.expandDims(written, 2)))
    return { output: tf.sum(tf.mul(after, query), 2), after }
  })
}

/** The delta rule with a decay for each channel as it is defined, token after token. */
export function channelDeltaRuleRecurrence({ q, k, erase, v, g, state }: Tensors): Tensors {
  const heads = v.shape[2]!
  return scanTokens(v.shape[1]!, state, (before, token) => {
    const [query, key, erased, decay] = [q, k, erase, tf.exp(g)].map((x) =>
      column(shareAmong(at(x, token), heads)),
    )
    const decayed = tf.mul(before, decay)
    const written = tf.sub(at(v, token), tf.sum(tf.mul(decayed, erased), 2))
    const after = tf.add(decayed, tf.mul(key, tf.expandDims(written, 2)))
    return { output: tf.sum(tf.mul(after, query), 2), after }
  })
}

/** The state space of Mamba 2 as it is defined, token after token. */
export function ssdRecurrence({ x, dt, A, B, C, D, state }: Tensors): Tensors {
  const heads = x.shape[2]!
  return scanTokens(x.shape[1]!, state, (before, token) => {
    const [input, step] = [at(x, token), tf.expandDims(at(dt, token), 2)]
    const [b, c] = [B, C].map((each) => tf.expandDims(shareAmong(at(each, token), heads), 2))
    const decay = column(tf.exp(tf.mul(step, tf.reshape(A, [heads, 1]))))
    const after = tf.add(tf.mul(before, decay), tf.mul(column(tf.mul(input, step)), b))
    const skipped = tf.mul(input, tf.reshape(D, [heads, 1]))
    return { output: tf.add(tf.sum(tf.mul(after, c), 3), skipped), after }
  })
}

/** The state space of Mamba 3 on turned keys, of one rank, as it is defined, token after token. */
export function mamba3ScanRecurrence(x: Tensors): Tensors {
  const { D, state, keyBefore, valueBefore, writeBefore } = x
  const length = x.v.shape[1]!
  const heads = D.shape[0]
  const [q, k, v] = [x.q, x.k, x.v].map((each) => tf.squeeze(each, [2]))
  const outer = (value: Tensor, key: Tensor, weight: Tensor) =>
    tf.mul(tf.mul(column(value), tf.expandDims(key, 2)), column(tf.expandDims(weight, 2)))
  const start = tf.add(state, outer(tf.squeeze(valueBefore, [1]), tf.squeeze(keyBefore, [1]), writeBefore))
  const { output, lastState } = scanTokens(length, start, (before, token) => {
    const [query, key, value] = [q, k, v].map((each) => at(each, token))
    const decayed = tf.mul(before, column(tf.expandDims(tf.exp(at(x.g, token)), 2)))
    const read = tf.add(decayed, outer(value, key, at(x.own, token)))
    return {
      output: tf.add(
        tf.sum(tf.mul(read, tf.expandDims(query, 2)), 3),
        tf.mul(value, tf.reshape(D, [heads, 1])),
      ),
      after: tf.add(decayed, outer(value, key, at(x.write, token))),
    }
  })
  return { output: tf.expandDims(output, 2), lastState }
}

/** The Mesa layer as it is defined, token after token, each solved anew. */
export function mesaRecurrence({ q, k, v, g, beta, lambda, keys, values }: Tensors): Tensors {
  const [batch, length, heads, width] = k.shape as number[]
  const outputs: Tensor[] = []
  let [ofKeys, ofValues] = [keys, values]
  const ridge = tf.mul(tf.expandDims(lambda, 2), tf.eye(width))
  for (let token = 0; token < length; token++) {
    const [query, key, value] = [q, k, v].map((x) => at(x, token))
    const decay = column(tf.expandDims(tf.exp(at(g, token)), 2))
    const written = tf.mul(column(key), column(tf.expandDims(at(beta, token), 2)))
    ofKeys = tf.add(tf.mul(ofKeys, decay), tf.mul(written, tf.expandDims(key, 2)))
    ofValues = tf.add(tf.mul(ofValues, decay), tf.mul(written, tf.expandDims(value, 2)))
    const matrices = tf.reshape(tf.add(ofKeys, ridge), [batch * heads, width, width])
    const solution = tf.reshape(solve(matrices, tf.reshape(query, [batch * heads, width, 1])), query.shape)
    outputs.push(tf.expandDims(tf.sum(tf.mul(ofValues, column(solution)), 2), 1))
  }
  return { output: tf.concat(outputs, 1), lastKeys: ofKeys, lastValues: ofValues }
}

type Step = (before: Tensor, token: number) => { output: Tensor; after: Tensor }

function scanTokens(length: number, state: Tensor, step: Step): Tensors {
  const outputs: Tensor[] = []
  let last = state
  for (let token = 0; token < length; token++) {
    const { output, after } = step(last, token)
    outputs.push(tf.expandDims(output, 1))
    last = after
  }
  return { output: tf.concat(outputs, 1), lastState: last }
}

/** [B, T, …] -> [B, …] */
const at = (x: Tensor, token: number): Tensor => tf.squeeze(tf.slice(x, [0, token], [-1, 1]), [1])

const column = (x: Tensor): Tensor => tf.expandDims(x, 3)

/** [B, H, K] -> [B, heads, K], each for `heads` / H consecutive ones. */
function shareAmong(x: Tensor, heads: number): Tensor {
  const [batch, groups, width] = x.shape as number[]
  const tiled = tf.tile(tf.expandDims(x, 2), [1, 1, heads / groups, 1])
  return tf.reshape(tiled, [batch, heads, width])
}
