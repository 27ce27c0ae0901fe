// What the delta rule with decays of channels and its gradient share: the chunks of one value head. Within a chunk, with
// E[i, j] the decays [K] from token j to token i ≥ j, e[i] those from the chunk's start, t[j] those to its end, X what is
// erased by and S [K, V] the state before it:
//   M[i, j] = Σ X[i] ⊙ E[i, j] ⊙ K[j] below the diagonal     (I + M) V′ = V − (e ⊙ X) S
//   A[i, j] = Σ Q[i] ⊙ E[i, j] ⊙ K[j] until the diagonal     O = (e ⊙ Q) S + A V′
//   S ← e[last] ⊙ S + (t ⊙ K)ᵀ V′
// Decays between tokens are products of the tokens' own, one by one, so that none is a quotient: chunks are short.
#pragma once
#include "chunk-scan.h"

namespace ttt {
namespace TTT_ISA {
namespace {

struct Shape {
  int64_t batch, length, key_heads, depth, gate_heads, heads, width, chunk, chunks;
  const float *q, *k, *erase, *v, *g, *state;

  explicit Shape(const Call& call)
      : batch(call.inputs[1].dims[0]),
        length(call.inputs[1].dims[1]),
        key_heads(call.inputs[1].dims[2]),
        depth(call.inputs[1].dims[3]),
        gate_heads(call.inputs[4].dims[2]),
        heads(call.inputs[3].dims[2]),
        width(call.inputs[3].dims[3]),
        chunk(larger<int64_t>(1, smaller(length, static_cast<int64_t>(call.attributes[0])))),
        chunks(ceil_div(length, chunk)),
        q(call.inputs[0].floats()),
        k(call.inputs[1].floats()),
        erase(call.inputs[2].floats()),
        v(call.inputs[3].floats()),
        g(call.inputs[4].floats()),
        state(call.inputs[5].floats()) {}

  /** Where a token's row stands, of what has key heads, gate heads and value heads. */
  int64_t k_at(int64_t b, int64_t token, int64_t head) const {
    return ((b * length + token) * key_heads + head / (heads / key_heads)) * depth;
  }
  int64_t g_at(int64_t b, int64_t token, int64_t head) const {
    return ((b * length + token) * gate_heads + head / (heads / gate_heads)) * depth;
  }
  int64_t v_at(int64_t b, int64_t token, int64_t head) const { return ((b * length + token) * heads + head) * width; }
  int64_t k_step() const { return key_heads * depth; }
  int64_t g_step() const { return gate_heads * depth; }
  int64_t v_step() const { return heads * width; }
  int64_t state_floats() const { return depth * width; }
  int64_t product_floats() const {
    const int64_t longest = larger(chunk, larger(depth, width));
    return product_scratch(longest, longest);
  }
};

/** Decays of less are nothing: what they multiply would leave the normal numbers, on which processors are slow. */
constexpr float least_decay = 1e-30f;
TTT_INLINE Vector decayed(Vector before, Vector by) {
  const Vector product = before * by;
  return product < splat(least_decay) ? Vector{} : product;
}

/** A chunk of one value head, and the working memory for it. */
struct HeadChunk {
  const Shape& s;
  float* product;
  /** [chunk, depth]: each token's own decays, those from the chunk's start and those to its end. */
  float *own, *from_start, *to_end;
  /** [chunk, depth]: rows times decays. */
  float *queries, *erased, *keys;
  /** [depth] */
  float* running;
  int64_t b = 0, head = 0, first = 0, rows = 0;

  HeadChunk(const Shape& s, Carver& carver) : s(s) {
    product = carver.take(s.product_floats());
    for (float** each : {&own, &from_start, &to_end, &queries, &erased, &keys}) *each = carver.take(s.chunk * s.depth);
    running = carver.take(s.depth);
  }
  const float* q_row(int64_t i) const { return s.q + s.k_at(b, first + i, head); }
  const float* k_row(int64_t i) const { return s.k + s.k_at(b, first + i, head); }
  const float* erase_row(int64_t i) const { return s.erase + s.g_at(b, first + i, head); }
  const float* v_row(int64_t i) const { return s.v + s.v_at(b, first + i, head); }
  /** e[last] [depth] */
  const float* whole() const { return from_start + (rows - 1) * s.depth; }

  void move_to(int64_t batch_index, int64_t of_head, int64_t index) {
    b = batch_index;
    head = of_head;
    first = index * s.chunk;
    rows = smaller(s.chunk, s.length - first);
    const float* gates = s.g + s.g_at(b, first, head);
    for_vectors(s.depth, [&](int64_t c, auto m) {
      Vector since = splat(1.0f);
      for (int64_t i = 0; i < rows; i++) {
        const int64_t at = i * s.depth + c;
        const Vector decay = exp_of(load(gates + i * s.g_step() + c, m));
        since = decayed(since, decay);
        store(own + at, decay, m);
        store(from_start + at, since, m);
        store(queries + at, since * load(q_row(i) + c, m), m);
        store(erased + at, since * load(erase_row(i) + c, m), m);
      }
      Vector until = splat(1.0f);
      for (int64_t i = rows - 1; i >= 0; i--) {
        const int64_t at = i * s.depth + c;
        store(to_end + at, until, m);
        store(keys + at, until * load(k_row(i) + c, m), m);
        until = decayed(until, load(own + at, m));
      }
    });
  }
  void multiply(Matrix left, Matrix right, int64_t rows, int64_t columns, int64_t depth, float* to, int64_t step,
                bool accumulate) const {
    ttt::TTT_ISA::multiply({1, rows, columns, depth, left, right, to, step, 0, accumulate}, product);
  }
  /** M and A, both [rows, chunk]: zeros elsewhere. */
  void products(float* correlations, float* scores) const {
    for (int64_t i = 0; i < rows; i++) {
      const float *query = q_row(i), *erase = erase_row(i);
      float *correlation = correlations + i * s.chunk, *score = scores + i * s.chunk;
      for (int64_t j = i; j < s.chunk; j++) correlation[j] = score[j] = 0;
      score[i] = dot(query, k_row(i), s.depth);
      for_vectors(s.depth, [&](int64_t c, auto m) { store(running + c, splat(1.0f), m); });
      for (int64_t j = i - 1; j >= 0; j--) {
        const float *key = k_row(j), *decay = own + (j + 1) * s.depth;
        Vector by_erase = {}, by_query = {};
        for_vectors(s.depth, [&](int64_t c, auto m) {
          const Vector since = decayed(load(running + c, m), load(decay + c, m));
          store(running + c, since, m);
          const Vector decayed_key = since * load(key + c, m);
          by_erase += decayed_key * load(erase + c, m);
          by_query += decayed_key * load(query + c, m);
        });
        correlation[j] = sum_lanes(by_erase);
        score[j] = sum_lanes(by_query);
      }
    }
  }
  /** written = V′ [rows, width] */
  void write(const float* state, const float* correlations, float* written) const {
    const int64_t width = s.width;
    multiply(row_major(erased, s.depth), row_major(state, width), rows, width, s.depth, written, width, false);
    for_vectors(width, [&](int64_t c, auto m) {
      for (int64_t i = 0; i < rows; i++) {
        Vector value = load(v_row(i) + c, m) - load(written + i * width + c, m);
        for (int64_t j = 0; j < i; j++) value -= splat(correlations[i * s.chunk + j]) * load(written + j * width + c, m);
        store(written + i * width + c, value, m);
      }
    });
  }
  /** x ← (I + M)⁻ᵀ x, x [rows, width] */
  void solve_transposed(const float* correlations, float* x) const {
    for_vectors(s.width, [&](int64_t c, auto m) {
      for (int64_t i = rows - 2; i >= 0; i--) {
        Vector value = load(x + i * s.width + c, m);
        for (int64_t j = i + 1; j < rows; j++)
          value -= splat(correlations[j * s.chunk + i]) * load(x + j * s.width + c, m);
        store(x + i * s.width + c, value, m);
      }
    });
  }
  /** state ← e[last] ⊙ state */
  void decay_state(float* state) const {
    for (int64_t d = 0; d < s.depth; d++) scale_row(state + d * s.width, state + d * s.width, whole()[d], s.width);
  }
  /** state ← e[last] ⊙ state + (t ⊙ k)ᵀ written */
  void advance(const float* written, float* state) const {
    decay_state(state);
    multiply(transposed(row_major(keys, s.depth)), row_major(written, s.width), s.depth, s.width, rows, state, s.width,
             true);
  }
};

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
