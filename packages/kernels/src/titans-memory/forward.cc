// The neural long-term memory of Titans, a sequence at a time: products of matrices over blocks of tokens.
#include "update.h"

namespace ttt {
namespace TTT_ISA {

/**
 * q, k, v, rate, momentum, decay, w0 …, s0 …, g0 …, momentumSum, decaySum, position ->
 * y, w0 …, s0 …, g0 …, momentumSum, decaySum
 */
void TitansMemory(const Call& call) {
  const Shape shape(call);
  const Sizes sizes = shape.sizes();
  const int64_t start_floats = shape.at_start ? sizes[0] + sizes[1] + sizes[2] : 0;
  const int64_t per_worker = shape.product_floats() + Blocks::floats(shape, true) + start_floats;
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  parallel(shape.sequences, shape.cost(), [&](int64_t begin, int64_t end, int worker) {
    for (int64_t sequence = begin; sequence < end; sequence++) {
      const Epochs epochs = shape.epochs(sequence);
      float* free = scratch.floats() + worker * per_worker;
      const Blocks blocks(shape, true, free);
      const Three w = sizes.part(call.outputs + w_out, sequence);
      // Outputs may lie where the inputs do: what is looked at again is kept.
      const Three given = shape.at_start ? sizes.take(free) : w;
      const Network network{shape, blocks, {free}};
      const Three s = sizes.part(call.outputs + s_out, sequence), g = sizes.part(call.outputs + g_out, sequence);
      sizes.copy(w, sizes.part(call.inputs + w_in, sequence));
      if (shape.at_start) sizes.copy(given, w);
      sizes.copy(s, sizes.part(call.inputs + s_in, sequence));
      sizes.copy(g, sizes.part(call.inputs + g_in, sequence));
      GateSums sums(call, sequence);
      for (int64_t epoch = 0; epoch < epochs.count(); epoch++) {
        if (epoch > 0) update(sizes, w, s, g, sums.close(shape.chunk));
        for_tokens(epochs.first_query(epoch), epochs.end_query(epoch), [&](int64_t token, int64_t count) {
          network.recall(w, rows_from(call.inputs[q_in], sequence, token), count,
                         rows_from(call.outputs[y_out], sequence, token));
        });
        const int64_t first = epochs.first_token(epoch), last = epochs.end_token(epoch);
        for_tokens(first, last, [&](int64_t token, int64_t count) {
          network.learn(given, rows_from(call.inputs[k_in], sequence, token),
                        rows_from(call.inputs[v_in], sequence, token), rows_from(call.inputs[rate_in], sequence, token),
                        count, g);
        });
        if (last > first) sums.add(call, sequence, first, last - first);
      }
      call.outputs[sums_out].floats()[sequence] = sums.momentum;
      call.outputs[sums_out + 1].floats()[sequence] = sums.decay;
    }
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
