// TTT layers: an inner model of `depth` linear layers, gelu between them, that learns while it reads. One task per
// sequence and head; within it mini-batch after mini-batch, each in dual form: a few small matrix products.
//
// Of one mini-batch of n tokens, with W, b the weights at its start and S, s the sums of rate · gradient before these
// tokens (for each layer; x₁ = k):
//   keys     z = x W + b, next layer's x = gelu(z); g = ∂ ½ ‖LN(z_last) − (v − k)‖² / ∂z, from the last layer back;
//            p = rate ⊙ g
//   queries  u = x̂ S + s + A p with A = tril(x̂ xᵀ + 1), ẑ = x̂ W + b − factor ⊙ u, next layer's x̂ = gelu(ẑ), where
//            x̂₁ = q; y = q + LN(ẑ_last)
//   sums     S + xᵀ p, s + Σ p; a full mini-batch ends with W − factor_last · that sum.
#pragma once

#include "gemm.h"
#include "math.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Floats of weights at mini-batch starts that a gradient's task keeps; beyond that it keeps some and goes again. */
constexpr int64_t kept_floats = int64_t{4} << 20;

TTT_INLINE void copy_row(const float* from, float* to, int64_t n) {
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
  static constexpr int weights = 7, sums = weights + 2 * depth, inputs = sums + 2 * depth;
  static constexpr int next_weights = 1, next_sums = next_weights + 2 * depth;

  const Call& call;
  int64_t batch, length, heads, width, mini_batch, filled;
  /** Inputs of each layer, and the last one's outputs. */
  int64_t widths[depth + 1];
  int64_t widest = 0, model_floats = 0, product_floats = 0;

  explicit TttShape(const Call& call)
      : call(call),
        batch(call.inputs[0].dims[0]),
        length(call.inputs[0].dims[1]),
        heads(call.inputs[0].dims[2]),
        width(call.inputs[0].dims[3]),
        mini_batch(call.inputs[4].dims[0]),
        filled(static_cast<int64_t>(call.attributes[0])) {
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
  /** The mini-batches that the tokens lie in. */
  int64_t mini_batches() const { return ceil_div(filled + length, mini_batch); }

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
  Segment(const TttShape<depth>& s, int64_t index) {
    first = larger<int64_t>(0, index * s.mini_batch - s.filled);
    place = index == 0 ? s.filled : 0;
    count = smaller(s.mini_batch - place, s.length - first);
    full = place + count == s.mini_batch;
  }
};

/** The tokens that a task is at, and all that is computed of them. Rows [n, …] stand one after the other. */
template <int depth>
struct Reading {
  const TttShape<depth>& s;
  float* product_space;
  int64_t n = 0, head = 0;
  const float *scale = nullptr, *shift = nullptr, *factors = nullptr;
  float last_factor = 0;

  float *q, *k, *v, *rates;
  /** Keys: inputs, gradients and steps of each layer. */
  float *x[depth], *g[depth], *p[depth];
  /** Of layers before the last: gelu's slope and curvature at z, and the gradient's part before the slope. */
  float *slopes[depth], *curvatures[depth], *before_slopes[depth];
  /** LN(z_last) before its scale, 1 / its deviation, and the prediction's error. */
  float *normalized, *inverse, *error;
  /** Queries. */
  float *x_hat[depth], *seen[depth], *u[depth], *slopes_hat[depth];
  float *normalized_hat, *inverse_hat;
  float *z, *along;

  Reading(const TttShape<depth>& s, Pieces& pieces) : s(s) {
    const int64_t rows = s.mini_batch, d = s.width;
    product_space = pieces.take(s.product_floats);
    q = pieces.take(rows * d);
    k = pieces.take(rows * d);
    v = pieces.take(rows * d);
    rates = pieces.take(rows);
    for (int l = 0; l < depth; l++) {
      const int64_t in = rows * s.widths[l], out = rows * s.widths[l + 1];
      x[l] = l == 0 ? k : pieces.take(in);
      x_hat[l] = l == 0 ? q : pieces.take(in);
      g[l] = pieces.take(out);
      p[l] = pieces.take(out);
      u[l] = pieces.take(out);
      seen[l] = pieces.take(rows * rows);
      slopes[l] = curvatures[l] = before_slopes[l] = slopes_hat[l] = nullptr;
      if (!s.is_hidden(l)) continue;
      slopes[l] = pieces.take(out);
      curvatures[l] = pieces.take(out);
      before_slopes[l] = pieces.take(out);
      slopes_hat[l] = pieces.take(out);
    }
    normalized = pieces.take(rows * d);
    error = pieces.take(rows * d);
    normalized_hat = pieces.take(rows * d);
    inverse = pieces.take(rows);
    inverse_hat = pieces.take(rows);
    z = pieces.take(rows * s.widest);
    along = pieces.take(rows * s.widest);
  }

  void at_head(int64_t index) {
    head = index;
    scale = s.call.inputs[5].floats() + head % s.heads * s.width;
    shift = s.call.inputs[6].floats() + head % s.heads * s.width;
  }
  int64_t row_at(const Segment& segment, int64_t i) const {
    return (head / s.heads * s.length + segment.first + i) * s.heads + head % s.heads;
  }
  /** Rows of a tensor like q; zeros where it is absent. */
  void gather(const float* tensor, const Segment& segment, float* rows) const {
    for (int64_t i = 0; i < segment.count; i++) {
      if (tensor == nullptr) clear_row(rows + i * s.width, s.width);
      else copy_row(tensor + row_at(segment, i) * s.width, rows + i * s.width, s.width);
    }
  }
  void scatter(const float* rows, const Segment& segment, float* tensor) const {
    if (tensor == nullptr) return;
    for (int64_t i = 0; i < segment.count; i++)
      copy_row(rows + i * s.width, tensor + row_at(segment, i) * s.width, s.width);
  }
  void start(const Segment& segment) {
    n = segment.count;
    gather(s.call.inputs[1].floats(), segment, k);
    gather(s.call.inputs[2].floats(), segment, v);
    for (int64_t i = 0; i < n; i++) rates[i] = s.call.inputs[3].floats()[row_at(segment, i)];
    factors = s.call.inputs[4].floats() + segment.place;
    last_factor = s.call.inputs[4].floats()[s.mini_batch - 1];
  }

  /** c [rows, columns] (+)= a · b */
  void product(int64_t rows, int64_t columns, int64_t inner, Matrix a, Matrix b, float* c,
               bool accumulate = false) const {
    multiply({1, rows, columns, inner, a, b, c, columns, 0, accumulate}, product_space);
  }
  /** to [n, out] (+)= rows [n, in] · w */
  void through(int l, const float* rows, const float* w, float* to, bool accumulate = false) const {
    const int64_t in = s.widths[l], out = s.widths[l + 1];
    product(n, out, in, row_major(rows, in), row_major(w, out), to, accumulate);
  }
  /** to [n, in] (+)= rows [n, out] · wᵀ */
  void back_through(int l, const float* rows, const float* w, float* to, bool accumulate = false) const {
    const int64_t in = s.widths[l], out = s.widths[l + 1];
    if (n > 1) return product(n, in, out, row_major(rows, out), transposed(row_major(w, out)), to, accumulate);
    // A product would turn all of w for one row.
    for (int64_t j = 0; j < in; j++) to[j] = dot(w + j * out, rows, out) + (accumulate ? to[j] : 0.0f);
  }
  /** w [in, out] += rowsᵀ [n, in] · others [n, out], b += Σ others */
  void add_products(int l, const float* rows, const float* others, const Model<depth>& to) const {
    const int64_t in = s.widths[l], out = s.widths[l + 1];
    product(in, out, n, transposed(row_major(rows, in)), row_major(others, out), to.w[l], true);
    add_rows(others, n, out, to.b[l]);
  }
  void add_bias(int l, const float* b, float* rows) const {
    const int64_t out = s.widths[l + 1];
    for (int64_t i = 0; i < n; i++) add_scaled(rows + i * out, 1, b, out);
  }
  /** products [n, n] = a · bᵀ (+ 1) where a row sees a column, else 0 */
  void causal_products(int64_t columns, const float* a, const float* b, float one, float* products) const {
    product(n, n, columns, row_major(a, columns), transposed(row_major(b, columns)), products);
    for (int64_t i = 0; i < n; i++) {
      for (int64_t j = 0; j <= i; j++) products[i * n + j] += one;
      for (int64_t j = i + 1; j < n; j++) products[i * n + j] = 0;
    }
  }

  /** Rows less their mean, times 1 / their deviation. */
  void standardize(const float* rows, float* to, float* inverses) const {
    const int64_t d = s.width;
    for (int64_t i = 0; i < n; i++) {
      const float* in = rows + i * d;
      float* out = to + i * d;
      const Vector mean = splat(sum_row(in, d) / static_cast<float>(d));
      for_vectors(d, [&](int64_t c, auto m) { store(out + c, load(in + c, m) - mean, m); });
      inverses[i] = 1.0f / __builtin_sqrtf(dot(out, out, d) / static_cast<float>(d) + 1e-6f);
      scale_row(out, out, inverses[i], d);
    }
  }
  /** to = factor · (row − mean(row) − unit · mean(row ⊙ unit)): rows through the slope of `standardize`. */
  TTT_INLINE void project(const float* row, const float* unit, float factor, float* to) const {
    const float columns = static_cast<float>(s.width);
    const Vector mean = splat(sum_row(row, s.width) / columns), along_unit = splat(dot(row, unit, s.width) / columns);
    for_vectors(s.width, [&](int64_t c, auto m) {
      store(to + c, splat(factor) * (load(row + c, m) - mean - load(unit + c, m) * along_unit), m);
    });
  }

  /** The keys' part: the steps p of all layers, at the weights of the mini-batch's start. */
  template <bool for_gradient>
  void learn(const Model<depth>& model) {
    for (int l = 0; l < depth; l++) {
      through(l, x[l], model.w[l], z);
      add_bias(l, model.b[l], z);
      if (!s.is_hidden(l)) continue;
      for_vectors(n * s.widths[l + 1], [&](int64_t i, auto m) {
        const Gelu gelu(load(z + i, m));
        store(x[l + 1] + i, gelu.value, m);
        store(slopes[l] + i, gelu.slope, m);
        if (for_gradient) store(curvatures[l] + i, gelu.curvature, m);
      });
    }
    standardize(z, normalized, inverse);
    for (int64_t i = 0; i < n; i++) {
      const int64_t row = i * s.width;
      for_vectors(s.width, [&](int64_t c, auto m) {
        const Vector weight = load(scale + c, m), target = load(v + row + c, m) - load(k + row + c, m);
        const Vector missing = load(normalized + row + c, m) * weight + load(shift + c, m) - target;
        store(error + row + c, missing, m);
        store(along + c, missing * weight, m);
      });
      project(along, normalized + row, inverse[i], g[depth - 1] + row);
    }
    for (int l = depth - 2; l >= 0; l--) {
      back_through(l + 1, g[l + 1], model.w[l + 1], before_slopes[l]);
      for_vectors(n * s.widths[l + 1], [&](int64_t i, auto m) {
        store(g[l] + i, load(before_slopes[l] + i, m) * load(slopes[l] + i, m), m);
      });
    }
    for (int l = 0; l < depth; l++)
      for (int64_t i = 0; i < n; i++)
        scale_row(p[l] + i * s.widths[l + 1], g[l] + i * s.widths[l + 1], rates[i], s.widths[l + 1]);
  }

  /** The queries' part, after `learn`: leaves LN(ẑ) before its scale. Without sums, sums of zero. */
  template <bool for_gradient>
  void answer(const Model<depth>& model, const Model<depth>* sums) {
    for (int l = 0; l < depth; l++) {
      const int64_t out = s.widths[l + 1];
      causal_products(s.widths[l], x_hat[l], x[l], 1, seen[l]);
      product(n, out, n, row_major(seen[l], n), row_major(p[l], out), u[l]);
      if (sums != nullptr) {
        through(l, x_hat[l], sums->w[l], u[l], true);
        add_bias(l, sums->b[l], u[l]);
      }
      through(l, x_hat[l], model.w[l], z);
      for (int64_t i = 0; i < n; i++)
        for_vectors(out, [&](int64_t c, auto m) {
          const int64_t at = i * out + c;
          const Vector value = load(z + at, m) + load(model.b[l] + c, m) - splat(factors[i]) * load(u[l] + at, m);
          if (!s.is_hidden(l)) return store(z + at, value, m);
          const Gelu gelu(value);
          store(x_hat[l + 1] + at, gelu.value, m);
          if (for_gradient) store(slopes_hat[l] + at, gelu.slope, m);
        });
    }
    standardize(z, normalized_hat, inverse_hat);
  }

  /** Adds these tokens' steps to the sums. */
  void add_steps(const Model<depth>& sums) const {
    for (int l = 0; l < depth; l++) add_products(l, x[l], p[l], sums);
  }
  /** Moves the weights by these tokens' steps, as the end of a full mini-batch does; p is lost. */
  void move_weights(const Model<depth>& model) const {
    for (int l = 0; l < depth; l++) {
      scale_row(p[l], p[l], -last_factor, n * s.widths[l + 1]);
      add_products(l, x[l], p[l], model);
    }
  }
};

/** …, filled -> y, the weights at the open mini-batch's start and its sums */
template <int depth>
void read_tokens(const Call& call) {
  using Shape = TttShape<depth>;
  const Shape s(call);
  Pieces count(nullptr);
  Reading<depth>(s, count);
  const int64_t each = count.used();
  const Scratch scratch(static_cast<size_t>(each * thread_count()));
  parallel(s.tasks(), s.cost(), [&](int64_t begin, int64_t end, int worker) {
    Pieces pieces(scratch.floats() + worker * each);
    Reading<depth> reading(s, pieces);
    for (int64_t head = begin; head < end; head++) {
      const Model<depth> model = s.of_head(call.outputs + Shape::next_weights, head);
      const Model<depth> sums = s.of_head(call.outputs + Shape::next_sums, head);
      s.copy(s.of_head(call.inputs + Shape::weights, head), model);
      s.copy(s.of_head(call.inputs + Shape::sums, head), sums);
      reading.at_head(head);
      for (int64_t index = 0; s.length > 0 && index < s.mini_batches(); index++) {
        const Segment segment(s, index);
        reading.start(segment);
        reading.gather(call.inputs[0].floats(), segment, reading.q);
        reading.template learn<false>(model);
        reading.template answer<false>(model, index == 0 ? &sums : nullptr);
        for (int64_t i = 0; i < reading.n; i++) {
          float* y = call.outputs[0].floats() + reading.row_at(segment, i) * s.width;
          const float *q = reading.q + i * s.width, *unit = reading.normalized_hat + i * s.width;
          for_vectors(s.width, [&](int64_t c, auto m) {
            const Vector normed = load(unit + c, m) * load(reading.scale + c, m) + load(reading.shift + c, m);
            store(y + c, load(q + c, m) + normed, m);
          });
        }
        if (!segment.full) {
          reading.add_steps(sums);
          continue;
        }
        reading.move_weights(model);
        if (index > 0) continue;
        s.add(-reading.last_factor, sums, model);
        s.clear(sums);
      }
    }
  });
}

/** Cotangents of the tokens that a task is at and, carried from mini-batch to mini-batch, of weights and sums. */
template <int depth>
struct Backward {
  using Shape = TttShape<depth>;
  static constexpr int last = depth - 1;
  const Shape& s;
  Reading<depth> r;
  /** Of the weights and sums after these tokens, then of those before. */
  Model<depth> d_model, d_sums;
  float *d_y, *d_q, *d_k, *d_v, *d_rates;
  float *d_x[depth], *d_p[depth], *d_z[depth];
  float *d_z_hat, *d_u, *d_g, *d_rows, *d_seen;
  /** Of one head: sums over its tokens. */
  float *d_factors = nullptr, *d_scale = nullptr, *d_shift = nullptr;

  Backward(const Shape& s, Pieces& pieces) : s(s), r(s, pieces) {
    const int64_t rows = s.mini_batch, d = s.width, wide = rows * s.widest;
    d_model = s.at(pieces.take(s.model_floats));
    d_sums = s.at(pieces.take(s.model_floats));
    d_y = pieces.take(rows * d);
    d_q = pieces.take(rows * d);
    d_k = pieces.take(rows * d);
    d_v = pieces.take(rows * d);
    d_rates = pieces.take(rows);
    for (int l = 0; l < depth; l++) {
      d_x[l] = l == 0 ? d_k : pieces.take(rows * s.widths[l]);
      d_p[l] = pieces.take(rows * s.widths[l + 1]);
      d_z[l] = pieces.take(rows * s.widths[l + 1]);
    }
    d_z_hat = pieces.take(wide);
    d_u = pieces.take(wide);
    d_g = pieces.take(wide);
    d_rows = pieces.take(wide);
    d_seen = pieces.take(rows * rows);
  }

  /** @param sums of one head: factors, scale and shift */
  void at_head(float* sums) {
    d_factors = sums;
    d_scale = sums + s.mini_batch;
    d_shift = d_scale + s.width;
    clear_row(sums, s.mini_batch + 2 * s.width);
  }

  /** Through tokens read from `model` and, where they are the first ones of the call, from `sums`. */
  void run(const Segment& segment, const Model<depth>& model, const Model<depth>* sums) {
    r.start(segment);
    r.gather(s.call.inputs[0].floats(), segment, r.q);
    r.gather(s.call.inputs[Shape::inputs].floats(), segment, d_y);
    r.template learn<true>(model);
    r.template answer<true>(model, sums);
    from_answers();
    for (int l = last; l >= 0; l--) from_query_layer(l, segment, model, sums);
    from_steps(model);
    from_reconstruction();
    for (int l = last; l >= 0; l--) from_key_layer(l, model);
  }

 private:
  /** y = q + LN(ẑ) */
  void from_answers() {
    const int64_t d = s.width;
    for (int64_t i = 0; i < r.n; i++) {
      const int64_t row = i * d;
      for_vectors(d, [&](int64_t c, auto m) {
        const Vector dy = load(d_y + row + c, m);
        store(d_q + row + c, dy, m);
        store(d_scale + c, load(d_scale + c, m) + dy * load(r.normalized_hat + row + c, m), m);
        store(d_shift + c, load(d_shift + c, m) + dy, m);
        store(d_rows + c, dy * load(r.scale + c, m), m);
      });
      r.project(d_rows, r.normalized_hat + row, r.inverse_hat[i], d_z_hat + row);
    }
  }

  /** ẑ = x̂ W + b − factor ⊙ (x̂ S + s + A p), and the steps' way into the sums or the next weights. */
  void from_query_layer(int l, const Segment& segment, const Model<depth>& model, const Model<depth>* sums) {
    const int64_t n = r.n, in = s.widths[l], out = s.widths[l + 1];
    for (int64_t i = 0; i < n; i++) {
      scale_row(d_u + i * out, d_z_hat + i * out, -r.factors[i], out);
      d_factors[segment.place + i] -= dot(d_z_hat + i * out, r.u[l] + i * out, out);
    }
    r.causal_products(out, d_u, r.p[l], 0, d_seen);

    const Model<depth>& carried = segment.full ? d_model : d_sums;
    const float share = segment.full ? -r.last_factor : 1.0f;
    r.through(l, r.x[l], carried.w[l], d_p[l]);
    r.add_bias(l, carried.b[l], d_p[l]);
    if (segment.full) d_factors[s.mini_batch - 1] -= dot(r.p[l], d_p[l], n * out);
    scale_row(d_p[l], d_p[l], share, n * out);
    r.product(n, out, n, transposed(row_major(r.seen[l], n)), row_major(d_u, out), d_p[l], true);
    r.back_through(l, r.p[l], carried.w[l], d_x[l]);
    scale_row(d_x[l], d_x[l], share, n * in);
    r.product(n, in, n, transposed(row_major(d_seen, n)), row_major(r.x_hat[l], in), d_x[l], true);

    r.back_through(l, d_z_hat, model.w[l], d_rows);
    r.product(n, in, n, row_major(d_seen, n), row_major(r.x[l], in), d_rows, true);
    if (sums != nullptr) {
      r.back_through(l, d_u, sums->w[l], d_rows, true);
      if (segment.full) {
        d_factors[s.mini_batch - 1] -= dot(d_model.w[l], sums->w[l], in * out) + dot(d_model.b[l], sums->b[l], out);
        scale_row(d_sums.w[l], d_model.w[l], share, in * out);
        scale_row(d_sums.b[l], d_model.b[l], share, out);
      }
      r.add_products(l, r.x_hat[l], d_u, d_sums);
    }
    r.add_products(l, r.x_hat[l], d_z_hat, d_model);
    if (s.is_first(l)) return add_scaled(d_q, 1, d_rows, n * in);
    for_vectors(n * in, [&](int64_t i, auto m) {
      store(d_z_hat + i, load(d_rows + i, m) * load(r.slopes_hat[l - 1] + i, m), m);
    });
  }

  /** p = rate ⊙ g, and how a layer's g comes from the next one's: leaves the cotangent of the last g. */
  void from_steps(const Model<depth>& model) {
    for (int l = 0; l < depth; l++) {
      const int64_t out = s.widths[l + 1];
      for (int64_t i = 0; i < r.n; i++) {
        const float along = dot(d_p[l] + i * out, r.g[l] + i * out, out);
        d_rates[i] = l == 0 ? along : d_rates[i] + along;
        scale_row(d_g + i * out, d_p[l] + i * out, r.rates[i], out);
      }
      // d_rows is what came through gelu's slope of the layer before.
      if (!s.is_first(l)) r.through(l, d_rows, model.w[l], d_g, true);
      if (!s.is_hidden(l)) return;
      for_vectors(r.n * out, [&](int64_t i, auto m) {
        const Vector d = load(d_g + i, m);
        store(d_rows + i, d * load(r.slopes[l] + i, m), m);
        store(d_z[l] + i, d * load(r.before_slopes[l] + i, m) * load(r.curvatures[l] + i, m), m);
      });
      r.product(out, s.widths[l + 2], r.n, transposed(row_major(d_rows, out)), row_major(r.g[l + 1], s.widths[l + 2]),
                d_model.w[l + 1], true);
    }
  }

  /**
   * g = (c − mean(c) − unit · mean(c ⊙ unit)) / deviation with unit = (z − mean) / deviation, c = error ⊙ scale and
   * error = unit ⊙ scale + shift − (v − k).
   */
  void from_reconstruction() {
    const int64_t d = s.width;
    for (int64_t i = 0; i < r.n; i++) {
      const int64_t row = i * d;
      const float *unit = r.normalized + row, *error = r.error + row, *dg = d_g + row;
      float *d_c = d_rows, *d_unit = d_u;
      const float inverse = r.inverse[i], columns = static_cast<float>(d);
      r.project(dg, unit, inverse, d_c);
      Vector sums = {};
      for_vectors(d, [&](int64_t c, auto m) { sums += load(error + c, m) * load(r.scale + c, m) * load(unit + c, m); });
      const Vector c_along = splat(inverse * sum_lanes(sums) / columns);
      const Vector g_along = splat(inverse * dot(dg, unit, d) / columns);
      for_vectors(d, [&](int64_t c, auto m) {
        const Vector weight = load(r.scale + c, m), e = load(error + c, m), dc = load(d_c + c, m);
        const Vector through = dc * weight;
        store(d_unit + c, through * weight - load(dg + c, m) * c_along - e * weight * g_along, m);
        store(d_scale + c, load(d_scale + c, m) + dc * (e + weight * load(unit + c, m)), m);
        store(d_shift + c, load(d_shift + c, m) + through, m);
        store(d_v + row + c, -through, m);
        store(d_k + row + c, load(d_k + row + c, m) + through, m);
      });
      float* out = d_z[last] + row;
      r.project(d_unit, unit, inverse, out);
      add_scaled(out, -inverse * dot(dg, r.g[last] + row, d) / columns, unit, d);
    }
  }

  /** z = x W + b, x = gelu of the layer before. */
  void from_key_layer(int l, const Model<depth>& model) {
    const int64_t in = s.widths[l];
    r.back_through(l, d_z[l], model.w[l], d_x[l], true);
    r.add_products(l, r.x[l], d_z[l], d_model);
    if (s.is_first(l)) return;
    for_vectors(r.n * in, [&](int64_t i, auto m) {
      store(d_z[l - 1] + i, load(d_z[l - 1] + i, m) + load(d_x[l] + i, m) * load(r.slopes[l - 1] + i, m), m);
    });
  }
};

/** …, d_y, d_w1Next, … -> grad_q, …: from the last mini-batch to the first, from weights kept or computed again. */
template <int depth>
void read_tokens_gradient(const Call& call) {
  using Shape = TttShape<depth>;
  const Shape s(call);
  const int64_t count = s.length == 0 ? 0 : s.mini_batches(), tasks = s.tasks();
  // A fixed function of the shape. Every stride-th start is kept; those between are computed again, group by group.
  int64_t stride = 1;
  while (stride * stride < count && ceil_div(count, stride) * s.model_floats > kept_floats) stride++;
  const int64_t kept = ceil_div(count, stride), per_start = ceil_div(s.model_floats, 16) * 16;
  Pieces measure(nullptr);
  Backward<depth>(s, measure);
  measure.take((kept + stride - 1) * per_start);
  const int64_t per_worker = measure.used(), per_head = s.mini_batch + 2 * s.width;
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  const Scratch partials(static_cast<size_t>(tasks * per_head));
  parallel(tasks, 4 * s.cost(), [&](int64_t begin, int64_t end, int worker) {
    Pieces pieces(scratch.floats() + worker * per_worker);
    Backward<depth> backward(s, pieces);
    Reading<depth>& reading = backward.r;
    float* const starts = pieces.take((kept + stride - 1) * per_start);
    const auto start_of = [&](int64_t index) {
      return s.at(starts + (index % stride == 0 ? index / stride : kept + index % stride - 1) * per_start);
    };
    for (int64_t head = begin; head < end; head++) {
      const Model<depth> sums = s.of_head(call.inputs + Shape::sums, head);
      reading.at_head(head);
      backward.at_head(partials.floats() + head * per_head);
      s.copy(s.of_head(call.inputs + Shape::inputs + Shape::next_weights, head), backward.d_model);
      s.copy(s.of_head(call.inputs + Shape::inputs + Shape::next_sums, head), backward.d_sums);
      const auto find_start = [&](int64_t index) {
        const Model<depth> model = start_of(index);
        s.copy(start_of(index - 1), model);
        reading.start(Segment(s, index - 1));
        reading.template learn<false>(model);
        reading.move_weights(model);
        if (index == 1) s.add(-reading.last_factor, sums, model);
      };
      if (count > 0) s.copy(s.of_head(call.inputs + Shape::weights, head), start_of(0));
      for (int64_t index = 1; index < count; index++) find_start(index);
      for (int64_t index = count - 1; index >= 0; index--) {
        if (index % stride == stride - 1 && index / stride < kept - 1)
          for (int64_t between = index - stride + 2; between <= index; between++) find_start(between);
        const Segment segment(s, index);
        backward.run(segment, start_of(index), index == 0 ? &sums : nullptr);
        reading.scatter(backward.d_q, segment, call.outputs[0].floats());
        reading.scatter(backward.d_k, segment, call.outputs[1].floats());
        reading.scatter(backward.d_v, segment, call.outputs[2].floats());
        if (call.outputs[3].present())
          for (int64_t i = 0; i < segment.count; i++)
            call.outputs[3].floats()[reading.row_at(segment, i)] = backward.d_rates[i];
      }
      s.copy(backward.d_model, s.of_head(call.outputs + Shape::weights, head));
      s.copy(backward.d_sums, s.of_head(call.outputs + Shape::sums, head));
    }
  });
  // In the order of the tasks: one head's of every sequence, or all heads'.
  const auto add_up = [&](const Tensor& output, int64_t offset, int64_t values, int64_t groups) {
    if (!output.present()) return;
    clear_row(output.floats(), groups * values);
    for (int64_t task = 0; task < tasks; task++)
      add_scaled(output.floats() + task % groups * values, 1, partials.floats() + task * per_head + offset, values);
  };
  add_up(call.outputs[4], 0, s.mini_batch, 1);
  add_up(call.outputs[5], s.mini_batch, s.width, s.heads);
  add_up(call.outputs[6], s.mini_batch + s.width, s.width, s.heads);
}

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
