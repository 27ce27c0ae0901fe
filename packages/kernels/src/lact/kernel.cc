// Large-chunk test-time training of a SwiGLU network and its gradient, a sequence at a time: products of matrices over
// blocks of tokens, at the weights of the chunk's start.
//
// With X = K w0ᵀ, U = K w2ᵀ, D = V w1, a = silu(X): the chunk's gradients are (l0 ⊙ D ⊙ U ⊙ a′)ᵀ K, Vᵀ (l1 ⊙ a ⊙ U)
// and (l2 ⊙ D ⊙ a)ᵀ K, l0 … l2 a rate per token.
#include "fast-weights.h"
#include "math.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Stands against division by zero in rows of weights. */
constexpr float epsilon = 1e-5f;

/** Places among the inputs and outputs; three tensors stand from norm, w, m and g on. */
enum Input { q_in, k_in, v_in, lr_in, momentum_in, norm_in, w_in = 8, m_in = 11, g_in = 14, sum_in = 17, input_count };
enum Output { y_out, w_out, m_out = 4, g_out = 7, sum_out = 10 };

struct Shape {
  int64_t sequences, length, width, hidden, chunk, updates, open;
  bool pre_norm;

  explicit Shape(const Call& call)
      : sequences(call.inputs[q_in].dims[0]),
        length(call.inputs[q_in].dims[1]),
        width(call.inputs[q_in].dims[2]),
        hidden(call.inputs[w_in].dims[1]),
        chunk(static_cast<int64_t>(call.attributes[0])),
        pre_norm(call.attributes[1] != 0) {
    const int64_t position = static_cast<int64_t>(call.attributes[2]);
    // A full chunk updates when the next one begins.
    updates = larger<int64_t>(0, ceil_div(position, chunk) - 1);
    open = position - updates * chunk;
  }
  int64_t size() const { return hidden * width; }
  int64_t rows(int i) const { return i == 1 ? width : hidden; }
  int64_t columns(int i) const { return i == 1 ? hidden : width; }
  Sizes sizes() const { return {{size(), size(), size()}}; }
  int64_t block_floats() const { return smaller(tokens_at_once, length) * hidden; }
  int64_t product_floats() const { return Products::floats(width, hidden, smaller(tokens_at_once, length)); }
  /** Of one sequence. */
  int64_t cost() const { return length * size() / 2 + 4 * size(); }

  /** Weights are those given in epoch 0, which has no tokens where a full chunk stands open, then updated in each next. */
  int64_t epochs() const { return 1 + ceil_div(larger<int64_t>(0, length - (chunk - open)), chunk); }
  int64_t first_token(int64_t epoch) const { return epoch == 0 ? 0 : epoch * chunk - open; }
  int64_t tokens(int64_t epoch) const { return smaller(length, first_token(epoch + 1)) - first_token(epoch); }
  /** Whether what is read are rescaled weights. */
  bool rescales(int64_t epoch) const { return epoch > 0 || (pre_norm && updates > 0); }
};

/** Products with matrices of the network's sizes. */
struct Network {
  const Shape& s;
  Products products;

  /** out [count, hidden] = x · w0ᵀ, or with w2 for w0. */
  void to_hidden(const float* x, int64_t count, const float* w, float* out) const {
    products.back(x, count, w, s.width, s.hidden, out);
  }
  /** out [count, width] (+)= z · w1ᵀ */
  void from_hidden(const float* z, int64_t count, const float* w1, float* out, bool accumulate = false) const {
    products.back(z, count, w1, s.hidden, s.width, out, accumulate);
  }
  /** out [count, hidden] = x · w1 */
  void to_hidden_back(const float* x, int64_t count, const float* w1, float* out) const {
    products.forward(x, count, w1, s.width, s.hidden, out);
  }
  /** out [count, width] (+)= z · w0, or with w2 for w0. */
  void from_hidden_back(const float* z, int64_t count, const float* w, float* out, bool accumulate) const {
    products.forward(z, count, w, s.hidden, s.width, out, accumulate);
  }
  /** sum [hidden, width] += zᵀ · x */
  void add_to_weight(const float* z, const float* x, int64_t count, float* sum) const {
    products.add_outer(z, x, count, s.hidden, s.width, sum);
  }
  /** sum [width, hidden] += xᵀ · z */
  void add_to_w1(const float* x, const float* z, int64_t count, float* sum) const {
    products.add_outer(x, z, count, s.width, s.hidden, sum);
  }
};

/** to = rows of w at the given norms; to may be w. */
void rescale(const Shape& s, int i, const float* w, const float* norms, float* to) {
  const int64_t n = s.columns(i);
  for (int64_t row = 0; row < s.rows(i); row++) {
    const float* from = w + row * n;
    scale_row(to + row * n, from, norms[row] / (__builtin_sqrtf(dot(from, from, n)) + epsilon), n);
  }
}
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

/** m ← g + momentum · m, w ← w + m, g ← 0 */
void update(const Shape& s, const Three& w, const Three& m, const Three& g, float momentum) {
  for (int i = 0; i < 3; i++)
    for_vectors(s.size(), [&](int64_t j, auto part) {
      const Vector next = load(g[i] + j, part) + splat(momentum) * load(m[i] + j, part);
      store(m[i] + j, next, part);
      store(w[i] + j, load(w[i] + j, part) + next, part);
      store(g[i] + j, Vector{}, part);
    });
}

struct Gate {
  Vector value, slope, bend;
  /** silu and its derivatives. */
  TTT_INLINE explicit Gate(Vector x) {
    const Vector one = splat(1.0f), s = sigmoid_of(x);
    value = x * s;
    slope = s * (one + x * (one - s));
    bend = s * (one - s) * (splat(2.0f) + x * (one - splat(2.0f) * s));
  }
};

/** y [count, width] = f(x); two blocks of hidden values are used. */
void apply(const Network& network, const ConstThree& w, const float* x, int64_t count, float* gate, float* up, float* y) {
  network.to_hidden(x, count, w[0], gate);
  network.to_hidden(x, count, w[2], up);
  for_vectors(count * network.s.hidden, [&](int64_t i, auto m) {
    const Vector z = load(gate + i, m);
    store(gate + i, z * sigmoid_of(z) * load(up + i, m), m);
  });
  network.from_hidden(gate, count, w[1], y);
}

/** g += the weighted gradients of tokens; three blocks of hidden values are used. */
void add_gradients(const Network& network, const ConstThree& w, const float* k, const float* v, const float* lr,
                   int64_t count, float* gate, float* up, float* back, const Three& g) {
  const int64_t n = network.s.hidden;
  network.to_hidden(k, count, w[0], gate);
  network.to_hidden(k, count, w[2], up);
  network.to_hidden_back(v, count, w[1], back);
  for (int64_t row = 0; row < count; row++) {
    const Vector lr0 = splat(lr[3 * row]), lr1 = splat(lr[3 * row + 1]), lr2 = splat(lr[3 * row + 2]);
    float *x = gate + row * n, *u = up + row * n, *d = back + row * n;
    for_vectors(n, [&](int64_t i, auto m) {
      const Gate a(load(x + i, m));
      const Vector of_up = load(u + i, m), of_hidden = load(d + i, m);
      store(x + i, lr0 * of_hidden * of_up * a.slope, m);
      store(u + i, lr1 * a.value * of_up, m);
      store(d + i, lr2 * of_hidden * a.value, m);
    });
  }
  network.add_to_weight(gate, k, count, g[0]);
  network.add_to_w1(v, up, count, g[1]);
  network.add_to_weight(back, k, count, g[2]);
}

template <class F>
void for_tokens(const Shape& s, int64_t epoch, F f) {
  for_tokens(s.first_token(epoch), s.first_token(epoch) + s.tokens(epoch), f);
}

ConstThree norms_of(const Call& call, int64_t sequence) {
  const auto at = [&](int i) {
    const Tensor& norms = call.inputs[norm_in + i];
    return norms.floats() + sequence * norms.dims[1];
  };
  return {at(0), at(1), at(2)};
}

/** What an epoch reads with: its weights, rescaled ones where it reads such; `copies` may be the weights. */
void to_reading(const Shape& s, int64_t epoch, const Three& w, const ConstThree& norms, const Three& copies) {
  for (int i = 0; i < 3; i++)
    s.rescales(epoch) ? rescale(s, i, w[i], norms[i], copies[i]) : copy_values(copies[i], w[i], s.size());
}

}  // namespace

/** q, k, v, lr, momentum, norm0 …, w0 …, m0 …, g0 …, momentumSum -> y, w0 …, m0 …, g0 …, momentumSum */
void Lact(const Call& call) {
  const Shape s(call);
  const Sizes sizes = s.sizes();
  const int64_t per_worker = s.product_floats() + 3 * s.block_floats() + (s.pre_norm ? 3 * s.size() : 0);
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  parallel(s.sequences, s.cost(), [&](int64_t begin, int64_t end, int worker) {
    for (int64_t sequence = begin; sequence < end; sequence++) {
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
      for (int64_t epoch = 0; epoch < s.epochs(); epoch++) {
        if (epoch > 0) {
          update(s, w, m, g, momentum_sum / static_cast<float>(s.chunk));
          momentum_sum = 0;
        }
        to_reading(s, epoch, w, norms, reading);
        for_tokens(s, epoch, [&](int64_t token, int64_t count) {
          apply(network, reading, rows_from(call.inputs[q_in], sequence, token), count, gate, up,
                rows_from(call.outputs[y_out], sequence, token));
          add_gradients(network, reading, rows_from(call.inputs[k_in], sequence, token),
                        rows_from(call.inputs[v_in], sequence, token), rows_from(call.inputs[lr_in], sequence, token),
                        count, gate, up, back, g);
        });
        momentum_sum += sum_row(rows_from(call.inputs[momentum_in], sequence, s.first_token(epoch)), s.tokens(epoch));
      }
      call.outputs[sum_out].floats()[sequence] = momentum_sum;
    }
  });
}

namespace {

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
  const int64_t epochs = s.epochs(), size = s.size();
  // An epoch begins with weights, as updated and not rescaled yet, and momenta.
  const WayBack way(epochs, 6 * size);
  const int64_t per_worker = s.product_floats() + 6 * s.block_floats() + 18 * size + way.floats() + epochs;
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  parallel(s.sequences, 5 * s.cost(), [&](int64_t begin, int64_t end, int worker) {
    for (int64_t sequence = begin; sequence < end; sequence++) {
      float* free = scratch.floats() + worker * per_worker;
      float* blocks[6];
      for (float*& block : blocks) {
        block = free;
        free += s.block_floats();
      }
      const Three reading = sizes.take(free), d_reading = sizes.take(free), g = sizes.take(free);
      const Three d_w = sizes.take(free), d_m = sizes.take(free), d_g = sizes.take(free);
      float *states = free, *means = states + way.floats();
      const Network network{s, {means + epochs}};
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
        to_reading(s, epoch, w, norms, reading);
        for_tokens(s, epoch, [&](int64_t token, int64_t count) {
          add_gradients(network, reading, rows_of(k_in, token), rows_of(v_in, token), rows_of(lr_in, token), count,
                        blocks[0], blocks[1], blocks[2], g);
        });
        momentum_sum += sum_row(rows_of(momentum_in, s.first_token(epoch)), s.tokens(epoch));
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
        if (epoch + 1 < epochs) {
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
        to_reading(s, epoch, w, norms, reading);
        // Weights that aren't kept beside what is read are what is read.
        s.pre_norm ? sizes.clear(d_reading) : sizes.copy(d_reading, d_w);
        for_tokens(s, epoch, [&](int64_t token, int64_t count) {
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
          if (s.rescales(epoch))
            rescale_back(s, i, w[i], norms[i], d_reading[i], d_w[i], s.pre_norm, grad_norms[i]);
          else
            scale_row(d_w[i], d_reading[i], 1, size, s.pre_norm);
        }
      };
      way.walk(states, start, advance, back);
      sizes.copy_to(call.outputs + w_in, sequence, d_w);
      sizes.copy_to(call.outputs + m_in, sequence, d_m);
      sizes.copy_to(call.outputs + g_in, sequence, d_g);
      if (call.outputs[sum_in].present()) call.outputs[sum_in].floats()[sequence] = d_sum;
    }
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
