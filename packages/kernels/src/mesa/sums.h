// A head's sums of k kᵀ and k vᵀ, token by token, and the solution of (Hkk + diag(λ)) x = b by conjugate gradients.
#pragma once
#include "carver.h"
#include "math.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Places among the inputs of all orders. */
enum Input { q_in, k_in, v_in, g_in, beta_in, lambda_in, keys_in, values_in, d_o_in, d_keys_in, d_values_in };

struct Shape {
  int64_t batch, length, heads, depth, width;
  const float *q, *k, *v, *g, *beta, *lambda;

  explicit Shape(const Call& call)
      : batch(call.inputs[k_in].dims[0]),
        length(call.inputs[k_in].dims[1]),
        heads(call.inputs[k_in].dims[2]),
        depth(call.inputs[k_in].dims[3]),
        width(call.inputs[v_in].dims[3]),
        q(call.inputs[q_in].floats()),
        k(call.inputs[k_in].floats()),
        v(call.inputs[v_in].floats()),
        g(call.inputs[g_in].floats()),
        beta(call.inputs[beta_in].floats()),
        lambda(call.inputs[lambda_in].floats()) {}
  /** By unit, one head of one sequence. */
  int64_t token_at(int64_t u, int64_t t) const { return (u / heads * length + t) * heads + u % heads; }
  int64_t keys_floats() const { return depth * depth; }
  int64_t values_floats() const { return depth * width; }
  float decay(int64_t at) const { return exp_of(larger(g[at], -1e30f)); }
  const float* lambda_of(int64_t u) const { return lambda + u % heads * depth; }
};

/** sums [depth, columns] ← decay · sums + weight · key [depth] · row [columns]ᵀ */
inline void decay_and_add(float* sums, float decay, const float* key, float weight, const float* row, int64_t depth,
                          int64_t columns) {
  for (int64_t i = 0; i < depth; i++) {
    const Vector by = splat(decay), of = splat(weight * key[i]);
    float* to = sums + i * columns;
    for_vectors(columns, [&](int64_t c, auto m) { store(to + c, by * load(to + c, m) + of * load(row + c, m), m); });
  }
}

/** to [columns] = x [depth]ᵀ · matrix [depth, columns]: several columns' sums stay in registers. */
inline void times_rows(const float* x, const float* matrix, int64_t depth, int64_t columns, float* to) {
  int64_t c = 0;
  for (; c + 4 * lanes <= columns; c += 4 * lanes) {
    Vector sums[4] = {};
    for (int64_t i = 0; i < depth; i++)
      for (int j = 0; j < 4; j++) sums[j] += splat(x[i]) * load(matrix + i * columns + c + j * lanes);
    for (int j = 0; j < 4; j++) store(to + c + j * lanes, sums[j]);
  }
  for_vectors(columns - c, [&](int64_t j, auto m) {
    Vector sum = {};
    for (int64_t i = 0; i < depth; i++) sum += splat(x[i]) * load(matrix + i * columns + c + j, m);
    store(to + c + j, sum, m);
  });
}

struct Solver {
  float *right, *inverse, *residual, *direction, *product;
  Solver(const Shape& s, Carver& carver)
      : right(carver.take(s.depth)),
        inverse(carver.take(s.depth)),
        residual(carver.take(s.depth)),
        direction(carver.take(s.depth)),
        product(carver.take(s.depth)) {}

  /** The residual's share of the right side, squared, at which float32 has nothing to gain. */
  static constexpr float close_enough = 1e-15f;

  /**
   * x with (keys + diag(λ)) x = b, for symmetric and positive keys. By b's own largest value, so that squares have room, and
   * preconditioned by the diagonal: a channel that is held back by far more than others would hide these otherwise.
   */
  void solve(const Shape& s, const float* keys, const float* lambda, const float* b, float* x) const {
    const int64_t n = s.depth;
    float largest = 0;
    for (int64_t i = 0; i < n; i++) largest = larger(largest, larger(b[i], -b[i]));
    if (!(largest > 0)) return scale_row(x, b, 1, n);
    for (int64_t i = 0; i < n; i++) {
      right[i] = b[i] / largest;
      inverse[i] = 1 / (keys[i * n + i] + lambda[i]);
      x[i] = right[i] * inverse[i];
    }
    multiply(n, keys, lambda, x);
    for_vectors(n, [&](int64_t i, auto m) {
      const Vector r = load(right + i, m) - load(product + i, m);
      store(residual + i, r, m);
      store(direction + i, r * load(inverse + i, m), m);
    });
    float size = dot(residual, direction, n);
    for_vectors(n, [&](int64_t i, auto m) { store(product + i, load(right + i, m) * load(inverse + i, m), m); });
    const float enough = close_enough * dot(right, product, n);
    for (int64_t step = 0; step < 2 * n && size > enough; step++) {
      multiply(n, keys, lambda, direction);
      const float along = dot(direction, product, n);
      if (!(along > 0)) break;
      const Vector length = splat(size / along);
      for_vectors(n, [&](int64_t i, auto m) {
        const Vector r = load(residual + i, m) - length * load(product + i, m);
        store(x + i, load(x + i, m) + length * load(direction + i, m), m);
        store(residual + i, r, m);
        store(product + i, r * load(inverse + i, m), m);
      });
      const float next = dot(residual, product, n);
      const Vector keep = splat(next / size);
      for_vectors(n, [&](int64_t i, auto m) {
        store(direction + i, load(product + i, m) + keep * load(direction + i, m), m);
      });
      size = next;
    }
    scale_row(x, x, largest, n);
  }

 private:
  /** product = (keys + diag(λ)) p */
  void multiply(int64_t n, const float* keys, const float* lambda, const float* p) const {
    times_rows(p, keys, n, n, product);
    for_vectors(n, [&](int64_t i, auto m) {
      store(product + i, load(product + i, m) + load(lambda + i, m) * load(p + i, m), m);
    });
  }
};

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
