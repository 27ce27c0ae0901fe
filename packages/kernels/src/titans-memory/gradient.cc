// The gradient of Titans' memory, from the last chunk back to the first.
#include "update.h"

namespace ttt {
namespace TTT_ISA {

/** What TitansMemory takes and a cotangent of each of its outputs -> a gradient for each input of TitansMemory */
void TitansMemoryGrad(const Call& call) {
  const Shape shape(call);
  const Sizes sizes = shape.sizes();
  const Tensor* cotangents = call.inputs + input_count;
  const int64_t total = sizes.total();
  // An epoch begins with weights and surprises.
  const auto way_of = [&](int64_t sequence) { return WayBack(shape.epochs(sequence).count(), 2 * total); };
  int64_t most_states = 0, most_epochs = 0;
  for (int64_t sequence = 0; sequence < shape.sequences; sequence++) {
    most_states = larger(most_states, way_of(sequence).floats());
    most_epochs = larger(most_epochs, shape.epochs(sequence).count());
  }
  const int64_t per_worker =
      shape.product_floats() + Blocks::floats(shape, false) + 5 * total + most_states + 2 * most_epochs;
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  parallel(shape.sequences, 5 * shape.cost(), [&](int64_t begin, int64_t end, int worker) {
    for (int64_t sequence = begin; sequence < end; sequence++) {
      const Epochs epochs = shape.epochs(sequence);
      float* free = scratch.floats() + worker * per_worker;
      const Blocks blocks(shape, false, free);
      const Three g = sizes.take(free), d_w = sizes.take(free), d_s = sizes.take(free), d_g = sizes.take(free);
      const Three d_given = sizes.take(free), given = sizes.part(call.inputs + w_in, sequence);
      float *states = free, *gates = states + most_states;
      const Network network{shape, blocks, {gates + 2 * most_epochs}};
      const auto rows_of = [&](Input input, int64_t token) { return rows_from(call.inputs[input], sequence, token); };
      const auto rows_to = [&](Input input, int64_t token) { return rows_from(call.outputs[input], sequence, token); };

      const auto start = [&](float* state) {
        sizes.copy(sizes.take(state), given);
        sizes.copy(sizes.take(state), sizes.part(call.inputs + s_in, sequence));
      };
      const auto advance = [&](int64_t epoch, float* state) {
        const Three w = sizes.take(state), s = sizes.take(state);
        epoch == 0 ? sizes.copy(g, sizes.part(call.inputs + g_in, sequence)) : sizes.clear(g);
        const int64_t first = epochs.first_token(epoch), last = epochs.end_token(epoch);
        for_tokens(first, last, [&](int64_t token, int64_t count) {
          network.learn(shape.at_start ? given : w, rows_of(k_in, token), rows_of(v_in, token), rows_of(rate_in, token),
                        count, g);
        });
        GateSums sums = epoch == 0 ? GateSums(call, sequence) : GateSums();
        sums.add(call, sequence, first, last - first);
        const Gates closed = sums.close(shape.chunk);
        gates[2 * epoch] = closed.momentum;
        gates[2 * epoch + 1] = closed.decay;
        update(sizes, w, s, g, closed);
      };

      sizes.copy(d_w, sizes.part(cotangents + w_out, sequence));
      sizes.copy(d_s, sizes.part(cotangents + s_out, sequence));
      sizes.copy(d_g, sizes.part(cotangents + g_out, sequence));
      sizes.clear(d_given);
      bool has_d_g = cotangents[g_out].present() || cotangents[g_out + 1].present() || cotangents[g_out + 2].present();
      float d_sums[2];
      for (int i = 0; i < 2; i++) {
        const Tensor& cotangent = cotangents[sums_out + i];
        d_sums[i] = cotangent.present() ? cotangent.floats()[sequence] : 0.0f;
      }
      const auto back = [&](int64_t epoch, float* state) {
        const Three w = sizes.take(state), s = sizes.take(state);
        if (epoch + 1 < epochs.count()) {
          // Back through the update that the next epoch began with.
          const float momentum = gates[2 * epoch], decay = gates[2 * epoch + 1];
          float d_momentum = 0, d_decay = 0;
          for (int i = 0; i < 3; i++) {
            scale_row(d_s[i], d_w[i], 1, sizes[i], true);
            scale_row(d_g[i], d_s[i], -1, sizes[i]);
            d_decay -= dot(d_w[i], w[i], sizes[i]);
            d_momentum += dot(d_s[i], s[i], sizes[i]);
            scale_row(d_w[i], d_w[i], 1.0f - decay, sizes[i]);
            scale_row(d_s[i], d_s[i], momentum, sizes[i]);
          }
          d_sums[0] = d_momentum * momentum * (1.0f - momentum) / static_cast<float>(shape.chunk);
          d_sums[1] = d_decay * decay * (1.0f - decay) / static_cast<float>(shape.chunk);
          has_d_g = true;
        }
        for_tokens(epochs.first_query(epoch), epochs.end_query(epoch), [&](int64_t token, int64_t count) {
          float* grad_q = rows_to(q_in, token);
          if (cotangents[y_out].present())
            network.recall_back(w, rows_of(q_in, token), rows_from(cotangents[y_out], sequence, token), count, grad_q, d_w);
          else if (grad_q)
            clear_values(grad_q, count * shape.width);
        });
        for_tokens(epochs.first_token(epoch), epochs.end_token(epoch), [&](int64_t token, int64_t count) {
          float *grad_k = rows_to(k_in, token), *grad_v = rows_to(v_in, token), *grad_rate = rows_to(rate_in, token);
          if (has_d_g) {
            network.learn_back(shape.at_start ? given : w, d_g, rows_of(k_in, token), rows_of(v_in, token),
                               rows_of(rate_in, token), count, grad_k, grad_v, grad_rate, shape.at_start ? d_given : d_w);
          } else {
            if (grad_k) clear_values(grad_k, count * shape.width);
            if (grad_v) clear_values(grad_v, count * shape.width);
            if (grad_rate) clear_values(grad_rate, count);
          }
          for (int i = 0; i < 2; i++)
            if (float* grad = rows_to(i == 0 ? momentum_in : decay_in, token))
              for (int64_t row = 0; row < count; row++) grad[row] = d_sums[i];
        });
      };
      way_of(sequence).walk(states, start, advance, back);
      for (int i = 0; i < 3; i++) scale_row(d_w[i], d_given[i], 1, sizes[i], true);
      sizes.copy_to(call.outputs + w_in, sequence, d_w);
      sizes.copy_to(call.outputs + s_in, sequence, d_s);
      sizes.copy_to(call.outputs + g_in, sequence, d_g);
      for (int i = 0; i < 2; i++)
        if (call.outputs[sums_in + i].present()) call.outputs[sums_in + i].floats()[sequence] = d_sums[i];
    }
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
