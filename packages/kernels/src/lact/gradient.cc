// The gradient of large-chunk test-time training, from the last epoch back to the first.
#include "network.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** d_w (+)= the gradient of w, grad_norms += that of the norms (if given), for the gradient d of rescaled rows. */
void rescale_back(const Shape& s, int i, const float* w, const float* norms, const float* d, float* d_w, bool accumulate,
                  float* grad_norms) {
  const int64_t n = s.columns(i);
  for (int64_t row = 0; row < s.rows(i); row++) {
    const float *from = w + row * n, *d_row = d + row * n;
    const float norm = __builtin_sqrtf(dot(from, from, n)), divisor = norm + epsilon;
    const float along = dot(from, d_row, n) / divisor;
    if (grad_norms) grad_norms[row] += along;
    const Vector across = splat(norms[row] / divisor);
    const Vector inward = splat(norm > 0 ? norms[row] * along / (divisor * norm) : 0.0f);
    float* to = d_w + row * n;
    for_vectors(n, [&](int64_t j, auto m) {
      const Vector value = across * load(d_row + j, m) - inward * load(from + j, m);
      store(to + j, accumulate ? load(to + j, m) + value : value, m);
    });
  }
}

/** Where the gradients of tokens go; null where not wanted. */
struct TokenGradients {
  float *k, *v, *lr;
};

/** The gradient of y = f(q) for d_y: into d_q, added to d_w. */
void apply_back(const Network& network, const ConstThree& w, const float* q, const float* d_y, int64_t count,
                float* const (&blocks)[6], float* d_q, const Three& d_w) {
  float *gate = blocks[0], *up = blocks[1], *back = blocks[2];
  network.to_hidden(q, count, w[0], gate);
  network.to_hidden(q, count, w[2], up);
  network.to_hidden_back(d_y, count, w[1], back);
  for_vectors(count * network.s.hidden, [&](int64_t i, auto m) {
    const Gate a(load(gate + i, m));
    const Vector u = load(up + i, m), d = load(back + i, m);
    store(gate + i, d * u * a.slope, m);
    store(up + i, d * a.value, m);
    store(back + i, a.value * u, m);
  });
  network.add_to_weight(gate, q, count, d_w[0]);
  network.add_to_w1(d_y, back, count, d_w[1]);
  network.add_to_weight(up, q, count, d_w[2]);
  if (d_q == nullptr) return;
  network.from_hidden_back(gate, count, w[0], d_q, false);
  network.from_hidden_back(up, count, w[2], d_q, true);
}

/**
 * The gradient of the weighted gradients for d_g. With A_i the products of d_g with the tokens that g_i sums up,
 * B_i = l_i ⊙ A_i and P0 = D ⊙ U ⊙ a′, P1 = a ⊙ U, P2 = D ⊙ a: the rates get row sums of A_i ⊙ P_i, and the rest is what
 * the B_i give to X, U and D through the P_i.
 */
void gradients_back(const Network& network, const ConstThree& w, const float* k, const float* v, const float* lr,
                    int64_t count, const ConstThree& d_g, float* const (&blocks)[6], const TokenGradients& to,
                    const Three& d_w) {
  const int64_t n = network.s.hidden;
  float *gate = blocks[0], *up = blocks[1], *back = blocks[2], *a0 = blocks[3], *a1 = blocks[4], *a2 = blocks[5];
  network.to_hidden(k, count, w[0], gate);
  network.to_hidden(k, count, w[2], up);
  network.to_hidden_back(v, count, w[1], back);
  network.to_hidden(k, count, d_g[0], a0);
  network.to_hidden_back(v, count, d_g[1], a1);
  network.to_hidden(k, count, d_g[2], a2);
  for (int64_t row = 0; row < count; row++) {
    const Vector lr0 = splat(lr[3 * row]), lr1 = splat(lr[3 * row + 1]), lr2 = splat(lr[3 * row + 2]);
    const int64_t at = row * n;
    Vector sums[3] = {};
    for_vectors(n, [&](int64_t j, auto m) {
      const int64_t i = at + j;
      const Gate a(load(gate + i, m));
      const Vector u = load(up + i, m), d = load(back + i, m);
      const Vector of0 = load(a0 + i, m), of1 = load(a1 + i, m), of2 = load(a2 + i, m);
      const Vector p0 = d * u * a.slope, p1 = a.value * u, p2 = d * a.value;
      sums[0] += of0 * p0;
      sums[1] += of1 * p1;
      sums[2] += of2 * p2;
      const Vector b0 = lr0 * of0, b1 = lr1 * of1, b2 = lr2 * of2;
      store(gate + i, (b1 * u + b2 * d) * a.slope + b0 * d * u * a.bend, m);
      store(up + i, b1 * a.value + b0 * d * a.slope, m);
      store(back + i, b0 * u * a.slope + b2 * a.value, m);
      store(a0 + i, lr0 * p0, m);
      store(a1 + i, lr1 * p1, m);
      store(a2 + i, lr2 * p2, m);
    });
    if (to.lr)
      for (int i = 0; i < 3; i++) to.lr[3 * row + i] = sum_lanes(sums[i]);
  }
  network.add_to_weight(gate, k, count, d_w[0]);
  network.add_to_w1(v, back, count, d_w[1]);
  network.add_to_weight(up, k, count, d_w[2]);
  if (to.v) {
    network.from_hidden(a1, count, d_g[1], to.v);
    network.from_hidden(back, count, w[1], to.v, true);
  }
  if (to.k) {
    network.from_hidden_back(a0, count, d_g[0], to.k, false);
    network.from_hidden_back(a2, count, d_g[2], to.k, true);
    network.from_hidden_back(gate, count, w[0], to.k, true);
    network.from_hidden_back(up, count, w[2], to.k, true);
  }
}

}  // namespace

/** What Lact takes, d_y, d_w0 …, d_m0 …, d_g0 …, d_momentumSum -> a gradient for each input of Lact */
void LactGrad(const Call& call) {
  const Shape s(call);
  const Sizes sizes = s.sizes();
  const Tensor* cotangents = call.inputs + input_count;
  const int64_t size = s.size();
  // An epoch begins with weights, as updated and not rescaled yet, and momenta.
  const auto way_of = [&](int64_t sequence) { return WayBack(s.epochs(sequence).count, 6 * size); };
  int64_t most_states = 0, most_epochs = 0;
  for (int64_t sequence = 0; sequence < s.sequences; sequence++) {
    most_states = larger(most_states, way_of(sequence).floats());
    most_epochs = larger(most_epochs, s.epochs(sequence).count);
  }
  const int64_t per_worker = s.product_floats() + 6 * s.block_floats() + 18 * size + most_states + most_epochs;
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  parallel(s.sequences, 5 * s.cost(), [&](int64_t begin, int64_t end, int worker) {
    for (int64_t sequence = begin; sequence < end; sequence++) {
      const Epochs epochs = s.epochs(sequence);
      float* free = scratch.floats() + worker * per_worker;
      float* blocks[6];
      for (float*& block : blocks) {
        block = free;
        free += s.block_floats();
      }
      const Three reading = sizes.take(free), d_reading = sizes.take(free), g = sizes.take(free);
      const Three d_w = sizes.take(free), d_m = sizes.take(free), d_g = sizes.take(free);
      float *states = free, *means = states + most_states;
      const Network network{s, {means + most_epochs}};
      const ConstThree norms = norms_of(call, sequence);
      const auto rows_of = [&](Input input, int64_t token) { return rows_from(call.inputs[input], sequence, token); };
      const auto rows_to = [&](Input input, int64_t token) { return rows_from(call.outputs[input], sequence, token); };

      const auto start = [&](float* state) {
        sizes.copy(sizes.take(state), sizes.part(call.inputs + w_in, sequence));
        sizes.copy(sizes.take(state), sizes.part(call.inputs + m_in, sequence));
      };
      const auto advance = [&](int64_t epoch, float* state) {
        const Three w = sizes.take(state), m = sizes.take(state);
        float momentum_sum = epoch == 0 ? call.inputs[sum_in].floats()[sequence] : 0.0f;
        epoch == 0 ? sizes.copy(g, sizes.part(call.inputs + g_in, sequence)) : sizes.clear(g);
        to_reading(s, epochs.rescales(epoch), w, norms, reading);
        for_tokens(epochs, epoch, [&](int64_t token, int64_t count) {
          add_gradients(network, reading, rows_of(k_in, token), rows_of(v_in, token), rows_of(lr_in, token), count,
                        blocks[0], blocks[1], blocks[2], g);
        });
        momentum_sum += sum_row(rows_of(momentum_in, epochs.first_token(epoch)), epochs.tokens(epoch));
        means[epoch] = momentum_sum / static_cast<float>(s.chunk);
        if (!s.pre_norm) sizes.copy(w, reading);
        update(s, w, m, g, means[epoch]);
      };

      sizes.copy(d_w, sizes.part(cotangents + w_out, sequence));
      sizes.copy(d_m, sizes.part(cotangents + m_out, sequence));
      sizes.copy(d_g, sizes.part(cotangents + g_out, sequence));
      float d_sum = cotangents[sum_out].present() ? cotangents[sum_out].floats()[sequence] : 0.0f;
      bool has_d_g = cotangents[g_out].present() || cotangents[g_out + 1].present() || cotangents[g_out + 2].present();
      float* grad_norms[3] = {};
      for (int i = 0; i < 3; i++)
        if (call.outputs[norm_in + i].present()) {
          grad_norms[i] = call.outputs[norm_in + i].floats() + sequence * s.rows(i);
          clear_values(grad_norms[i], s.rows(i));
        }
      const auto back = [&](int64_t epoch, float* state) {
        const Three w = sizes.take(state), m = sizes.take(state);
        if (epoch + 1 < epochs.count) {
          // Back through the update that the next epoch began with.
          float along = 0;
          for (int i = 0; i < 3; i++) {
            scale_row(d_m[i], d_w[i], 1, size, true);
            copy_values(d_g[i], d_m[i], size);
            along += dot(d_m[i], m[i], size);
            scale_row(d_m[i], d_m[i], means[epoch], size);
          }
          d_sum = along / static_cast<float>(s.chunk);
          has_d_g = true;
        }
        to_reading(s, epochs.rescales(epoch), w, norms, reading);
        // Weights that aren't kept beside what is read are what is read.
        s.pre_norm ? sizes.clear(d_reading) : sizes.copy(d_reading, d_w);
        for_tokens(epochs, epoch, [&](int64_t token, int64_t count) {
          float* grad_q = rows_to(q_in, token);
          const TokenGradients to{rows_to(k_in, token), rows_to(v_in, token), rows_to(lr_in, token)};
          if (cotangents[y_out].present())
            apply_back(network, reading, rows_of(q_in, token), rows_from(cotangents[y_out], sequence, token), count,
                       blocks, grad_q, d_reading);
          else if (grad_q)
            clear_values(grad_q, count * s.width);
          if (has_d_g) {
            gradients_back(network, reading, rows_of(k_in, token), rows_of(v_in, token), rows_of(lr_in, token), count,
                           d_g, blocks, to, d_reading);
          } else {
            if (to.k) clear_values(to.k, count * s.width);
            if (to.v) clear_values(to.v, count * s.width);
            if (to.lr) clear_values(to.lr, count * 3);
          }
          if (float* grad_momentum = rows_to(momentum_in, token))
            for (int64_t row = 0; row < count; row++) grad_momentum[row] = d_sum;
        });
        for (int i = 0; i < 3; i++) {
          if (epochs.rescales(epoch))
            rescale_back(s, i, w[i], norms[i], d_reading[i], d_w[i], s.pre_norm, grad_norms[i]);
          else
            scale_row(d_w[i], d_reading[i], 1, size, s.pre_norm);
        }
      };
      way_of(sequence).walk(states, start, advance, back);
      sizes.copy_to(call.outputs + w_in, sequence, d_w);
      sizes.copy_to(call.outputs + m_in, sequence, d_m);
      sizes.copy_to(call.outputs + g_in, sequence, d_g);
      if (call.outputs[sum_in].present()) call.outputs[sum_in].floats()[sequence] = d_sum;
    }
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
