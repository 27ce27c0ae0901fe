// Large-chunk test-time training: reading.
#include "network.h"

namespace ttt {
namespace TTT_ISA {

/** q, k, v, lr, momentum, norm0 …, w0 …, m0 …, g0 …, momentumSum, position -> y, w0 …, m0 …, g0 …, momentumSum */
void Lact(const Call& call) {
  const Shape s(call);
  const Sizes sizes = s.sizes();
  const int64_t per_worker = s.product_floats() + 3 * s.block_floats() + (s.pre_norm ? 3 * s.size() : 0);
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  parallel(s.sequences, s.cost(), [&](int64_t begin, int64_t end, int worker) {
    for (int64_t sequence = begin; sequence < end; sequence++) {
      const Epochs epochs = s.epochs(sequence);
      float* free = scratch.floats() + worker * per_worker;
      float *gate = free, *up = gate + s.block_floats(), *back = up + s.block_floats();
      free = back + s.block_floats();
      const Three w = sizes.part(call.outputs + w_out, sequence), m = sizes.part(call.outputs + m_out, sequence);
      const Three g = sizes.part(call.outputs + g_out, sequence), reading = s.pre_norm ? sizes.take(free) : w;
      const Network network{s, {free}};
      const ConstThree norms = norms_of(call, sequence);
      sizes.copy(w, sizes.part(call.inputs + w_in, sequence));
      sizes.copy(m, sizes.part(call.inputs + m_in, sequence));
      sizes.copy(g, sizes.part(call.inputs + g_in, sequence));
      float momentum_sum = call.inputs[sum_in].floats()[sequence];
      for (int64_t epoch = 0; epoch < epochs.count; epoch++) {
        if (epoch > 0) {
          update(s, w, m, g, momentum_sum / static_cast<float>(s.chunk));
          momentum_sum = 0;
        }
        to_reading(s, epochs.rescales(epoch), w, norms, reading);
        for_tokens(epochs, epoch, [&](int64_t token, int64_t count) {
          apply(network, reading, rows_from(call.inputs[q_in], sequence, token), count, gate, up,
                rows_from(call.outputs[y_out], sequence, token));
          add_gradients(network, reading, rows_from(call.inputs[k_in], sequence, token),
                        rows_from(call.inputs[v_in], sequence, token), rows_from(call.inputs[lr_in], sequence, token),
                        count, gate, up, back, g);
        });
        momentum_sum += sum_row(rows_from(call.inputs[momentum_in], sequence, epochs.first_token(epoch)),
                                epochs.tokens(epoch));
      }
      call.outputs[sum_out].floats()[sequence] = momentum_sum;
    }
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
