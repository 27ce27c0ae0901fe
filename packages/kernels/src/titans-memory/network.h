// The network of Titans' memory, row by row: X = Z w1, A = gelu(X), O = A w2, N = layer norm of O, y = N ⊙ (w0 + 1) + Z.
#pragma once
#include "fast-weights.h"
#include "math.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Places among the inputs and outputs; three tensors stand from w, s and g on. */
enum Input {
  q_in, k_in, v_in, rate_in, momentum_in, decay_in, w_in, s_in = 9, g_in = 12, sums_in = 15, position_in = 17, input_count
};
enum Output { y_out, w_out, s_out = 4, g_out = 7, sums_out = 10 };

/** How a sequence's tokens lie in chunks. */
struct Epochs {
  int64_t length, chunk, open;

  /** Epoch 0 has the weights given; each next one begins with an update, perhaps after the last token. */
  int64_t count() const { return 1 + (open + length) / chunk; }
  /** The tokens that an epoch learns from. */
  int64_t first_token(int64_t epoch) const { return epoch == 0 ? 0 : epoch * chunk - open; }
  int64_t end_token(int64_t epoch) const { return smaller(length, first_token(epoch + 1)); }
  /** The tokens that read with its weights: the last one of a chunk reads what the chunk has taught. */
  int64_t first_query(int64_t epoch) const { return epoch == 0 ? 0 : first_token(epoch) - 1; }
  int64_t end_query(int64_t epoch) const { return smaller(length, first_token(epoch + 1) - 1); }
};

struct Shape {
  int64_t sequences, length, width, hidden, chunk;
  bool at_start;
  float epsilon;
  const int32_t* positions;

  explicit Shape(const Call& call)
      : sequences(call.inputs[q_in].dims[0]),
        length(call.inputs[q_in].dims[1]),
        width(call.inputs[q_in].dims[2]),
        hidden(call.inputs[w_in + 1].dims[2]),
        chunk(static_cast<int64_t>(call.attributes[0])),
        at_start(call.attributes[1] != 0),
        epsilon(static_cast<float>(call.attributes[2])),
        positions(call.inputs[position_in].ints()) {}
  Epochs epochs(int64_t sequence) const {
    return {length, chunk, larger<int64_t>(0, positions[sequence]) % chunk};
  }
  Sizes sizes() const { return {{width, width * hidden, hidden * width}}; }
  int64_t block() const { return smaller(tokens_at_once, length); }
  int64_t product_floats() const { return Products::floats(width, hidden, block()); }
  /** Of one sequence. */
  int64_t cost() const { return (length + 2) * width * hidden / 2; }
};

/** The normal distribution function Φ and its density φ. */
struct Normal {
  Vector probability, density;
  TTT_INLINE explicit Normal(Vector x) {
    // With z = |x|/√2 and t = 2/(2 + z): erfc(z) = t exp(p − z²), p a polynomial of t stretched from [1/4, 1] to [−1, 1].
    const Vector size = absolute(x) * splat(0.707106781f);
    const Vector z = size > splat(6.0f) ? splat(6.0f) : size;
    const Vector t = splat(2.0f) / (z + splat(2.0f));
    const Vector u = (t - splat(0.625f)) * splat(2.66666667f);
    Vector p = splat(-9.61230566e-6f);
    p = p * u + splat(1.213158e-5f);
    p = p * u + splat(7.71016588e-5f);
    p = p * u + splat(-1.97253572e-4f);
    p = p * u + splat(-3.27989721e-4f);
    p = p * u + splat(2.02961185e-3f);
    p = p * u + splat(4.93014237e-4f);
    p = p * u + splat(-2.15237774e-2f);
    p = p * u + splat(5.57080602e-3f);
    p = p * u + splat(0.515312693f);
    p = p * u + splat(-0.501436727f);
    const Vector tail = splat(0.5f) * t * exp_of(p - z * z);
    probability = x != x ? x : (x < Vector{} ? tail : splat(1.0f) - tail);
    density = splat(0.398942280f) * exp_of(splat(-0.5f) * x * x);
  }
};

inline float sigmoid_of(float x) { return 1.0f / (1.0f + exp_of(-x)); }

/** Blocks of rows that the passes work in; the second ones hold derivatives along a direction. */
struct Blocks {
  float *before, *before_along, *hidden, *hidden_along, *d_hidden, *d_hidden_along;
  float *out, *out_along, *d_y_along;
  /** Two rows of the width. */
  float *row, *row_along;

  static int64_t floats(const Shape& s, bool forward_only) {
    return s.block() * (forward_only ? 3 * s.hidden + s.width : 6 * s.hidden + 3 * s.width) + 2 * s.width;
  }
  Blocks(const Shape& s, bool forward_only, float*& free) {
    const auto take = [&](int64_t floats) {
      float* block = free;
      free += floats;
      return block;
    };
    row = take(s.width);
    row_along = take(s.width);
    out = take(s.block() * s.width);
    for (float** block : {&before, &hidden, &d_hidden}) *block = take(s.block() * s.hidden);
    if (forward_only) return;
    for (float** block : {&before_along, &hidden_along, &d_hidden_along}) *block = take(s.block() * s.hidden);
    for (float** block : {&out_along, &d_y_along}) *block = take(s.block() * s.width);
  }
};

/** Centres a row and scales it to variance 1 in place; returns the factor. */
inline float normalise(float* row, int64_t n, float epsilon) {
  const Vector mean = splat(sum_row(row, n) / static_cast<float>(n));
  Vector squares = {};
  for_vectors(n, [&](int64_t i, auto m) {
    const Vector centred = fill_rest(load(row + i, m) - mean, 0.0f, m);
    store(row + i, centred, m);
    squares += centred * centred;
  });
  const float factor = 1.0f / __builtin_sqrtf(sum_lanes(squares) / static_cast<float>(n) + epsilon);
  scale_row(row, row, factor, n);
  return factor;
}

struct Network {
  const Shape& s;
  Blocks blocks;
  Products products;

  /** before = x w1, hidden = gelu(before), out = hidden w2 */
  void forward(const ConstThree& w, const float* x, int64_t count) const {
    products.forward(x, count, w[1], s.width, s.hidden, blocks.before);
    for_vectors(count * s.hidden, [&](int64_t i, auto m) {
      const Vector z = load(blocks.before + i, m);
      store(blocks.hidden + i, z * Normal(z).probability, m);
    });
    products.forward(blocks.hidden, count, w[2], s.hidden, s.width, blocks.out);
  }

  void recall(const ConstThree& w, const float* q, int64_t count, float* y) const {
    forward(w, q, count);
    for (int64_t row = 0; row < count; row++) {
      float* out = blocks.out + row * s.width;
      normalise(out, s.width, s.epsilon);
      for_vectors(s.width, [&](int64_t i, auto m) {
        const Vector value = load(out + i, m) * (load(w[0] + i, m) + splat(1.0f));
        store(y + row * s.width + i, value + load(q + row * s.width + i, m), m);
      });
    }
  }

  /** Of a row N of `out`, for the gradient d of y: adds to that of w0 and leaves that of O in place of N. */
  void normalise_back(const ConstThree& w, float* out, float factor, const float* d, float* d_w0) const {
    Vector sum = {}, along = {};
    for_vectors(s.width, [&](int64_t i, auto m) {
      const Vector n = load(out + i, m), of_y = load(d + i, m), c = of_y * (load(w[0] + i, m) + splat(1.0f));
      store(d_w0 + i, load(d_w0 + i, m) + of_y * n, m);
      sum += c;
      along += c * n;
    });
    const float per = 1.0f / static_cast<float>(s.width);
    const Vector mean = splat(sum_lanes(sum) * per), mean_along = splat(sum_lanes(along) * per);
    for_vectors(s.width, [&](int64_t i, auto m) {
      const Vector c = load(d + i, m) * (load(w[0] + i, m) + splat(1.0f));
      store(out + i, splat(factor) * (c - mean - load(out + i, m) * mean_along), m);
    });
  }

  /** From the gradient of O in `out` to those of w1 and w2, added up, and of X, left in d_hidden. */
  void hidden_back(const ConstThree& w, const float* x, int64_t count, const Three& d_w) const {
    products.back(blocks.out, count, w[2], s.width, s.hidden, blocks.d_hidden);
    for_vectors(count * s.hidden, [&](int64_t i, auto m) {
      const Vector z = load(blocks.before + i, m);
      const Normal normal(z);
      store(blocks.d_hidden + i, load(blocks.d_hidden + i, m) * (normal.probability + z * normal.density), m);
    });
    products.add_outer(x, blocks.d_hidden, count, s.width, s.hidden, d_w[1]);
    products.add_outer(blocks.hidden, blocks.out, count, s.hidden, s.width, d_w[2]);
  }

  /** Adds the gradients for d_y to d_w, and gives q's. */
  void recall_back(const ConstThree& w, const float* q, const float* d_y, int64_t count, float* d_q, const Three& d_w) const {
    forward(w, q, count);
    for (int64_t row = 0; row < count; row++) {
      float* out = blocks.out + row * s.width;
      const float factor = normalise(out, s.width, s.epsilon);
      normalise_back(w, out, factor, d_y + row * s.width, d_w[0]);
    }
    hidden_back(w, q, count, d_w);
    if (d_q == nullptr) return;
    copy_values(d_q, d_y, count * s.width);
    products.back(blocks.d_hidden, count, w[1], s.hidden, s.width, d_q, true);
  }

  /** g += Σ rate ∂ mean((f(k) − v)²)/∂w */
  void learn(const ConstThree& w, const float* k, const float* v, const float* rate, int64_t count, const Three& g) const {
    forward(w, k, count);
    for (int64_t row = 0; row < count; row++) {
      float* out = blocks.out + row * s.width;
      const float factor = normalise(out, s.width, s.epsilon);
      const Vector scale = splat(2 * rate[row] / static_cast<float>(s.width));
      for_vectors(s.width, [&](int64_t i, auto m) {
        const Vector y = load(out + i, m) * (load(w[0] + i, m) + splat(1.0f)) + load(k + row * s.width + i, m);
        store(blocks.row + i, scale * (y - load(v + row * s.width + i, m)), m);
      });
      normalise_back(w, out, factor, blocks.row, g[0]);
    }
    hidden_back(w, k, count, g);
  }

  /**
   * The gradient of ⟨u, what learn adds up⟩. That is the derivative along u of the weighted loss, so its gradients are
   * the derivatives along u of the loss's gradients: a forward and a backward pass with the change along u beside
   * everything. Adds to d_w; d_k, d_v and d_rate may be null.
   */
  void learn_back(const ConstThree& w, const ConstThree& u, const float* k, const float* v, const float* rate, int64_t count,
                  float* d_k, float* d_v, float* d_rate, const Three& d_w) const {
    const int64_t n = s.width;
    products.forward(k, count, w[1], n, s.hidden, blocks.before);
    products.forward(k, count, u[1], n, s.hidden, blocks.before_along);
    for_vectors(count * s.hidden, [&](int64_t i, auto m) {
      const Vector z = load(blocks.before + i, m);
      const Normal normal(z);
      store(blocks.hidden + i, z * normal.probability, m);
      const Vector slope = normal.probability + z * normal.density;
      store(blocks.hidden_along + i, slope * load(blocks.before_along + i, m), m);
    });
    products.forward(blocks.hidden, count, w[2], s.hidden, n, blocks.out);
    products.forward(blocks.hidden_along, count, w[2], s.hidden, n, blocks.out_along);
    products.forward(blocks.hidden, count, u[2], s.hidden, n, blocks.out_along, true);
    for (int64_t row = 0; row < count; row++) {
      const float change = error_along(w, u, row, k + row * n, v + row * n, rate[row], d_w[0]);
      if (d_rate) d_rate[row] = change;
    }
    products.back(blocks.out, count, w[2], n, s.hidden, blocks.d_hidden);
    products.back(blocks.out_along, count, w[2], n, s.hidden, blocks.d_hidden_along);
    products.back(blocks.out, count, u[2], n, s.hidden, blocks.d_hidden_along, true);
    products.add_outer(blocks.hidden_along, blocks.out, count, s.hidden, n, d_w[2]);
    products.add_outer(blocks.hidden, blocks.out_along, count, s.hidden, n, d_w[2]);
    for_vectors(count * s.hidden, [&](int64_t i, auto m) {
      const Vector z = load(blocks.before + i, m), d = load(blocks.d_hidden + i, m);
      const Normal normal(z);
      const Vector slope = normal.probability + z * normal.density;
      const Vector bend = normal.density * (splat(2.0f) - z * z) * load(blocks.before_along + i, m);
      store(blocks.d_hidden + i, d * slope, m);
      store(blocks.d_hidden_along + i, load(blocks.d_hidden_along + i, m) * slope + d * bend, m);
    });
    products.add_outer(k, blocks.d_hidden_along, count, n, s.hidden, d_w[1]);
    if (d_v) scale_row(d_v, blocks.d_y_along, -1, count * n);
    if (d_k == nullptr) return;
    copy_values(d_k, blocks.d_y_along, count * n);
    products.back(blocks.d_hidden_along, count, w[1], s.hidden, n, d_k, true);
    products.back(blocks.d_hidden, count, u[1], s.hidden, n, d_k, true);
  }

  /**
   * Of a row: O and its change become the gradient of O and its change; d_y's change is left beside them. Returns the
   * change of the loss.
   */
  float error_along(const ConstThree& w, const ConstThree& u, int64_t row, const float* k, const float* v, float rate,
                    float* d_w0) const {
    const int64_t n = s.width;
    const float per = 1.0f / static_cast<float>(n);
    float *out = blocks.out + row * n, *out_along = blocks.out_along + row * n, *d_y_along = blocks.d_y_along + row * n;
    float *c_row = blocks.row, *c_along_row = blocks.row_along;
    const float factor = normalise(out, n, s.epsilon);
    const float turned = dot(out, out_along, n) * per;
    const Vector mean_along = splat(sum_row(out_along, n) * per);
    const Vector scale = splat(2 * rate * per), one = splat(1.0f);
    Vector loss_along = {}, sums[4] = {};
    for_vectors(n, [&](int64_t i, auto m) {
      const Vector normal = load(out + i, m), w0 = load(w[0] + i, m) + one, u0 = load(u[0] + i, m);
      const Vector normal_along =
          fill_rest(splat(factor) * (load(out_along + i, m) - mean_along - normal * splat(turned)), 0.0f, m);
      const Vector error = fill_rest(normal * w0 + load(k + i, m) - load(v + i, m), 0.0f, m);
      const Vector error_along = normal_along * w0 + normal * u0;
      const Vector d = scale * error, d_along = scale * error_along;
      const Vector c = d * w0, c_along = d_along * w0 + d * u0;
      loss_along += error * error_along;
      sums[0] += c;
      sums[1] += c * normal;
      sums[2] += c_along;
      sums[3] += c_along * normal + c * normal_along;
      store(out_along + i, normal_along, m);
      store(d_y_along + i, d_along, m);
      store(c_row + i, c, m);
      store(c_along_row + i, c_along, m);
      store(d_w0 + i, load(d_w0 + i, m) + d_along * normal + d * normal_along, m);
    });
    Vector means[4];
    for (int i = 0; i < 4; i++) means[i] = splat(sum_lanes(sums[i]) * per);
    for_vectors(n, [&](int64_t i, auto m) {
      const Vector normal = load(out + i, m), normal_along = load(out_along + i, m);
      const Vector inner = load(c_row + i, m) - means[0] - normal * means[1];
      const Vector inner_along = load(c_along_row + i, m) - means[2] - normal_along * means[1] - normal * means[3];
      store(out + i, splat(factor) * inner, m);
      store(out_along + i, splat(factor) * (inner_along - splat(factor * turned) * inner), m);
    });
    return 2 * per * sum_lanes(loss_along);
  }
};

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
