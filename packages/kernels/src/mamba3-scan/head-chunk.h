// Chunks of Mamba 3's state space. Each token is as many rows as there are ranks, which see each other; with W[i, j] the
// weight of row j for row i, the decay times what j's token writes, or the token's own weight where both are one's, e[i]
// the decay from the chunk's start, t[j] what j's token writes times the decay to the end, and S [N, P] the state before:
//   y = (q kᵀ ⊙ W) v + e ⊙ q S + D v        S ← e[last] S + kᵀ (t ⊙ v)
#pragma once
#include "chunk-scan.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Places among the inputs of all orders. */
enum Input { q_in, k_in, v_in, g_in, write_in, own_in, skip_in, state_in, key_in, value_in, weight_in, d_y_in, d_last_in };

struct Shape {
  int64_t batch, length, ranks, heads, depth, width, tokens, rows, chunks;
  const float *q, *k, *v, *g, *write, *own, *skip, *state, *key_before, *value_before, *write_before;

  explicit Shape(const Call& call)
      : batch(call.inputs[q_in].dims[0]),
        length(call.inputs[q_in].dims[1]),
        ranks(call.inputs[q_in].dims[2]),
        heads(call.inputs[q_in].dims[3]),
        depth(call.inputs[q_in].dims[4]),
        width(call.inputs[v_in].dims[4]),
        q(call.inputs[q_in].floats()),
        k(call.inputs[k_in].floats()),
        v(call.inputs[v_in].floats()),
        g(call.inputs[g_in].floats()),
        write(call.inputs[write_in].floats()),
        own(call.inputs[own_in].floats()),
        skip(call.inputs[skip_in].floats()),
        state(call.inputs[state_in].floats()),
        key_before(call.inputs[key_in].floats()),
        value_before(call.inputs[value_in].floats()),
        write_before(call.inputs[weight_in].floats()) {
    const int64_t chunk = static_cast<int64_t>(call.attributes[0]) / larger<int64_t>(1, ranks);
    tokens = larger<int64_t>(1, smaller(length, larger<int64_t>(1, chunk)));
    rows = tokens * ranks;
    chunks = ceil_div(length, tokens);
  }
  int64_t key_step() const { return heads * depth; }
  int64_t value_step() const { return heads * width; }
  int64_t key_at(int64_t b, int64_t token, int64_t head) const {
    return ((b * length + token) * ranks * heads + head) * depth;
  }
  int64_t value_at(int64_t b, int64_t token, int64_t head) const {
    return ((b * length + token) * ranks * heads + head) * width;
  }
  int64_t token_at(int64_t b, int64_t token, int64_t head) const { return (b * length + token) * heads + head; }
  int64_t state_floats() const { return depth * width; }
  int64_t product_floats() const {
    const int64_t longest = larger(rows, larger(depth, width));
    return product_scratch(longest, longest);
  }
  /** Whether triangles of rows end where tokens do. */
  bool whole_triangles() const { return triangle_rows % ranks == 0; }

  /** Row by row of the state [P, N], where the scan starts: with what the token before the first still had to write. */
  void write_start(int64_t u, float* to) const {
    const int64_t b = u / heads, head = u % heads;
    std::memcpy(to, state + u * state_floats(), static_cast<size_t>(state_floats()) * sizeof(float));
    for (int64_t rank = 0; rank < ranks; rank++) {
      const int64_t at = (b * ranks + rank) * heads + head;
      for (int64_t p = 0; p < width; p++)
        scale_row(to + p * depth, key_before + at * depth, write_before[u] * value_before[at * width + p], depth, true);
    }
  }
};

/** A chunk of one head, and the working memory for it. */
struct HeadChunk {
  const Shape& s;
  /** By row: v [rows, width], the same times t, and what the token writes; a matrix product's own memory. */
  float *values, *leaving, *writes, *product;
  ChunkDecays decays;
  int64_t b = 0, head = 0, first = 0, rows = 0;

  HeadChunk(const Shape& s, Carver& carver) : s(s) {
    values = carver.take(s.rows * s.width);
    leaving = carver.take(s.rows * s.width);
    writes = carver.take(s.rows);
    product = carver.take(s.product_floats());
    decays.take(carver, s.rows);
  }
  void move_to(int64_t batch_index, int64_t of_head, int64_t index) {
    b = batch_index;
    head = of_head;
    first = index * s.tokens;
    rows = smaller(s.tokens, s.length - first) * s.ranks;
    const int64_t at = s.token_at(b, first, head);
    decays.set(rows, [&](int64_t i) { return i % s.ranks == 0 ? s.g[at + i / s.ranks * s.heads] : 0.0f; });
    for (int64_t i = 0; i < rows; i++) writes[i] = s.write[at + i / s.ranks * s.heads];
    gather_rows(s.v + s.value_at(b, first, head), s.value_step(), rows, s.width, values);
    for (int64_t i = 0; i < rows; i++)
      scale_row(leaving + i * s.width, values + i * s.width, decays.to_end[i] * writes[i], s.width);
  }
  Matrix q_rows() const { return row_major(s.q + s.key_at(b, first, head), s.key_step()); }
  Matrix k_rows() const { return row_major(s.k + s.key_at(b, first, head), s.key_step()); }
  float own(int64_t row) const { return s.own[s.token_at(b, first + row / s.ranks, head)]; }
  /** Calls f(j, decay, earlier, m) for vectors of rows j that row i sees; `earlier` are those of tokens before its own. */
  template <class F>
  TTT_INLINE void seen_by(int64_t i, F f) const {
    const int64_t begin = i - i % s.ranks;
    const Integers from = splat(static_cast<int32_t>(begin));
    decays.until(begin + s.ranks - 1, [&](int64_t j, Vector decay, auto m) {
      f(j, decay, lane_numbers() + splat(static_cast<int32_t>(j)) < from, m);
    });
  }
  void multiply(Matrix left, Matrix right, int64_t rows, int64_t columns, int64_t depth, float* to, int64_t step,
                bool accumulate) const {
    ttt::TTT_ISA::multiply({1, rows, columns, depth, left, right, to, step, 0, accumulate}, product);
  }
  /** state [depth, width] ← whole decay · state + kᵀ (t ⊙ v) */
  void advance(float* state) const {
    scale_row(state, state, decays.whole, s.state_floats());
    multiply(transposed(k_rows()), row_major(leaving, s.width), s.depth, s.width, rows, state, s.width, true);
  }
};

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
