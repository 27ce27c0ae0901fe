// Large-chunk test-time training of a SwiGLU network, a sequence at a time: products of matrices over blocks of tokens,
// at the weights of the chunk's start.
//
// With X = K w0ᵀ, U = K w2ᵀ, D = V w1, a = silu(X): the chunk's gradients are (l0 ⊙ D ⊙ U ⊙ a′)ᵀ K, Vᵀ (l1 ⊙ a ⊙ U)
// and (l2 ⊙ D ⊙ a)ᵀ K, l0 … l2 a rate per token.
#pragma once
#include "fast-weights.h"
#include "math.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Stands against division by zero in rows of weights. */
constexpr float epsilon = 1e-5f;

/** Places among the inputs and outputs; three tensors stand from norm, w, m and g on. */
enum Input {
  q_in, k_in, v_in, lr_in, momentum_in, norm_in, w_in = 8, m_in = 11, g_in = 14, sum_in = 17, position_in, input_count
};
enum Output { y_out, w_out, m_out = 4, g_out = 7, sum_out = 10 };

/**
 * How a sequence's tokens lie in chunks: the weights are those given in epoch 0, which has no tokens where a full chunk
 * stands open, then updated in each next.
 */
struct Epochs {
  int64_t length, chunk, open, count;
  bool rescaled_at_start;

  Epochs(int64_t position, int64_t length, int64_t chunk, bool pre_norm) : length(length), chunk(chunk) {
    // A full chunk updates when the next one begins.
    const int64_t updates = larger<int64_t>(0, ceil_div(position, chunk) - 1);
    open = position - updates * chunk;
    count = 1 + ceil_div(larger<int64_t>(0, length - (chunk - open)), chunk);
    rescaled_at_start = pre_norm && updates > 0;
  }
  int64_t first_token(int64_t epoch) const { return epoch == 0 ? 0 : epoch * chunk - open; }
  int64_t tokens(int64_t epoch) const { return smaller(length, first_token(epoch + 1)) - first_token(epoch); }
  /** Whether what is read are rescaled weights. */
  bool rescales(int64_t epoch) const { return epoch > 0 || rescaled_at_start; }
};

struct Shape {
  int64_t sequences, length, width, hidden, chunk;
  bool pre_norm;
  const int32_t* positions;

  explicit Shape(const Call& call)
      : sequences(call.inputs[q_in].dims[0]),
        length(call.inputs[q_in].dims[1]),
        width(call.inputs[q_in].dims[2]),
        hidden(call.inputs[w_in].dims[1]),
        chunk(static_cast<int64_t>(call.attributes[0])),
        pre_norm(call.attributes[1] != 0),
        positions(call.inputs[position_in].ints()) {}
  Epochs epochs(int64_t sequence) const {
    return {larger<int64_t>(0, positions[sequence]), length, chunk, pre_norm};
  }
  int64_t size() const { return hidden * width; }
  int64_t rows(int i) const { return i == 1 ? width : hidden; }
  int64_t columns(int i) const { return i == 1 ? hidden : width; }
  Sizes sizes() const { return {{size(), size(), size()}}; }
  int64_t block_floats() const { return smaller(tokens_at_once, length) * hidden; }
  int64_t product_floats() const { return Products::floats(width, hidden, smaller(tokens_at_once, length)); }
  /** Of one sequence. */
  int64_t cost() const { return length * size() / 2 + 4 * size(); }
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
inline void rescale(const Shape& s, int i, const float* w, const float* norms, float* to) {
  const int64_t n = s.columns(i);
  for (int64_t row = 0; row < s.rows(i); row++) {
    const float* from = w + row * n;
    scale_row(to + row * n, from, norms[row] / (__builtin_sqrtf(dot(from, from, n)) + epsilon), n);
  }
}
/** m ← g + momentum · m, w ← w + m, g ← 0 */
inline void update(const Shape& s, const Three& w, const Three& m, const Three& g, float momentum) {
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
inline void apply(const Network& network, const ConstThree& w, const float* x, int64_t count, float* gate, float* up,
                  float* y) {
  network.to_hidden(x, count, w[0], gate);
  network.to_hidden(x, count, w[2], up);
  for_vectors(count * network.s.hidden, [&](int64_t i, auto m) {
    const Vector z = load(gate + i, m);
    store(gate + i, z * sigmoid_of(z) * load(up + i, m), m);
  });
  network.from_hidden(gate, count, w[1], y);
}

/** g += the weighted gradients of tokens; three blocks of hidden values are used. */
inline void add_gradients(const Network& network, const ConstThree& w, const float* k, const float* v, const float* lr,
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
void for_tokens(const Epochs& epochs, int64_t epoch, F f) {
  for_tokens(epochs.first_token(epoch), epochs.first_token(epoch) + epochs.tokens(epoch), f);
}

inline ConstThree norms_of(const Call& call, int64_t sequence) {
  const auto at = [&](int i) {
    const Tensor& norms = call.inputs[norm_in + i];
    return norms.floats() + sequence * norms.dims[1];
  };
  return {at(0), at(1), at(2)};
}

/** What an epoch reads with: its weights, `rescaled` where it reads such; `copies` may be the weights. */
inline void to_reading(const Shape& s, bool rescaled, const Three& w, const ConstThree& norms, const Three& copies) {
  for (int i = 0; i < 3; i++)
    rescaled ? rescale(s, i, w[i], norms[i], copies[i]) : copy_values(copies[i], w[i], s.size());
}

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
