// Shapes of TTT layers, the weights of their inner models, and the mini-batches that tokens lie in.
#pragma once

#include "gemm.h"
#include "math.h"

namespace ttt {
namespace TTT_ISA {
namespace {

TTT_INLINE void copy_row(const float* from, float* to, int64_t n) {
  if (to == from) return;
  for_vectors(n, [&](int64_t i, auto m) { store(to + i, load(from + i, m), m); });
}
TTT_INLINE void clear_row(float* to, int64_t n) {
  for_vectors(n, [&](int64_t i, auto m) { store(to + i, Vector{}, m); });
}
/** to += a · x */
TTT_INLINE void add_scaled(float* to, float a, const float* x, int64_t n) { scale_row(to, x, a, n, true); }
/** sums [columns] += the rows of x [rows, columns] */
TTT_INLINE void add_rows(const float* x, int64_t rows, int64_t columns, float* sums) {
  for_vectors(columns, [&](int64_t c, auto m) {
    Vector sum = load(sums + c, m);
    for (int64_t i = 0; i < rows; i++) sum += load(x + i * columns + c, m);
    store(sums + c, sum, m);
  });
}

/** gelu in its tanh form, z/2 · (1 + t), with its slope and its curvature. */
struct Gelu {
  Vector value, slope, curvature;
  explicit TTT_INLINE Gelu(Vector z) {
    const Vector bend = splat(0.044715f), steepness = splat(0.79788456f), half = splat(0.5f), one = splat(1.0f);
    const Vector square = z * z;
    const Vector t = tanh_of(steepness * z * (one + bend * square));
    const Vector rest = one - t * t, inner = steepness * (one + splat(3.0f) * bend * square);
    const Vector first = rest * inner;
    const Vector second = rest * (splat(6.0f) * bend * steepness * z) - splat(2.0f) * t * first * inner;
    value = half * z * (one + t);
    slope = half * (one + t + z * first);
    curvature = first + half * z * second;
  }
};

/** Hands out pieces of a block; without one it counts. */
class Pieces {
 public:
  explicit Pieces(float* block) : block_(block) {}
  float* take(int64_t floats) {
    float* piece = block_ == nullptr ? nullptr : block_ + used_;
    used_ += ceil_div(floats, 16) * 16;
    return piece;
  }
  int64_t used() const { return used_; }

 private:
  float* block_;
  int64_t used_ = 0;
};

/** Weights [in, out] and biases [out] of each layer, or what has their shape. */
template <int depth>
struct Model {
  float *w[depth], *b[depth];
};

template <int depth>
struct TttShape {
  /** Where inputs and outputs stand. */
  static constexpr int weights = 7, sums = weights + 2 * depth, position = sums + 2 * depth;
  static constexpr int inputs = position + 1;
  static constexpr int next_weights = 1, next_sums = next_weights + 2 * depth;

  const Call& call;
  int64_t batch, length, heads, width, mini_batch;
  /** Inputs of each layer, and the last one's outputs. */
  int64_t widths[depth + 1];
  int64_t widest = 0, model_floats = 0, product_floats = 0;

  explicit TttShape(const Call& call)
      : call(call),
        batch(call.inputs[0].dims[0]),
        length(call.inputs[0].dims[1]),
        heads(call.inputs[0].dims[2]),
        width(call.inputs[0].dims[3]),
        mini_batch(call.inputs[4].dims[0]) {
    for (int l = 0; l < depth; l++) {
      widths[l] = call.inputs[weights + 2 * l].dims[2];
      widths[l + 1] = call.inputs[weights + 2 * l].dims[3];
    }
    for (int l = 0; l <= depth; l++) widest = larger(widest, widths[l]);
    for (int l = 0; l < depth; l++) model_floats += (widths[l] + 1) * widths[l + 1];
    const int64_t most = larger(widest, mini_batch);
    product_floats = product_scratch(most, most);
  }
  int64_t tasks() const { return batch * heads; }
  /** About the elementary operations of a task, reading once. */
  int64_t cost() const { return length * (model_floats / 4 + 64 * widest); }
  /** Whether gelu follows. Says of a single layer at compile time that it doesn't. */
  static constexpr bool is_hidden(int layer) { return depth > 1 && layer < depth - 1; }
  static constexpr bool is_first(int layer) { return depth == 1 || layer == 0; }
  /** Tokens of the open mini-batch that a head has read before. */
  int64_t filled(int64_t head) const {
    return larger<int64_t>(0, call.inputs[position].ints()[head / heads]) % mini_batch;
  }
  /** The mini-batches that a head's tokens lie in, and the most that they can. */
  int64_t mini_batches(int64_t head) const { return ceil_div(filled(head) + length, mini_batch); }
  int64_t most_mini_batches() const { return ceil_div(mini_batch - 1 + length, mini_batch); }

  /** One head's part of tensors w1, b1, … that stand in a row; absent ones stay so. */
  Model<depth> of_head(const Tensor* tensors, int64_t head) const {
    Model<depth> model;
    for (int l = 0; l < depth; l++) {
      float *w = tensors[2 * l].floats(), *b = tensors[2 * l + 1].floats();
      model.w[l] = w == nullptr ? nullptr : w + head * widths[l] * widths[l + 1];
      model.b[l] = b == nullptr ? nullptr : b + head * widths[l + 1];
    }
    return model;
  }
  /** A model whose parts stand one after the other. */
  Model<depth> at(float* block) const {
    Model<depth> model = {};
    if (block == nullptr) return model;
    for (int l = 0; l < depth; l++) {
      model.w[l] = block;
      model.b[l] = block + widths[l] * widths[l + 1];
      block = model.b[l] + widths[l + 1];
    }
    return model;
  }
  /** Calls f(count, values of each model) for weights and biases of each layer. */
  template <class F, class... Models>
  void for_values(F f, const Models&... models) const {
    for (int l = 0; l < depth; l++) {
      f(widths[l] * widths[l + 1], models.w[l]...);
      f(widths[l + 1], models.b[l]...);
    }
  }
  /** What is absent counts as zeros, and isn't written. */
  void copy(const Model<depth>& from, const Model<depth>& to) const {
    for_values(
        [](int64_t n, const float* x, float* y) {
          if (y == nullptr) return;
          if (x == nullptr) return clear_row(y, n);
          copy_row(x, y, n);
        },
        from, to);
  }
  void clear(const Model<depth>& model) const {
    for_values([](int64_t n, float* x) { clear_row(x, n); }, model);
  }
  void add(float factor, const Model<depth>& from, const Model<depth>& to) const {
    for_values([&](int64_t n, const float* x, float* y) { add_scaled(y, factor, x, n); }, from, to);
  }
};

/** Tokens [first, first + count) of the call, at [place, place + count) of a mini-batch. */
struct Segment {
  int64_t first, count, place;
  bool full;
  template <int depth>
  Segment(const TttShape<depth>& s, int64_t head, int64_t index) {
    const int64_t filled = s.filled(head);
    first = larger<int64_t>(0, index * s.mini_batch - filled);
    place = index == 0 ? filled : 0;
    count = smaller(s.mini_batch - place, s.length - first);
    full = place + count == s.mini_batch;
  }
};

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
