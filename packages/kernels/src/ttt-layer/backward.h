// Cotangents of one mini-batch of a TTT layer.
#pragma once

#include "reading.h"

namespace ttt {
namespace TTT_ISA {
namespace {

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

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
