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
#pragma once

#include "shape.h"

namespace ttt {
namespace TTT_ISA {
namespace {

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

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
