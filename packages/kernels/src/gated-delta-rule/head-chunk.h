// What the gated delta rule and its gradient share: the chunks of one value head. Within a chunk, with E[i, j] the decay
// from token j to token i ≥ j, e[i] that from the chunk's start, t[j] that to its end and S [K, V] the state before it:
//   M = β (K Kᵀ ⊙ E) below the diagonal          (I + M) V′ = β (V − e ⊙ K S)
//   O = e ⊙ Q S + (Q Kᵀ ⊙ E) V′                  S ← e[last] S + (t ⊙ K)ᵀ V′
#pragma once
#include "chunk-scan.h"

namespace ttt {
namespace TTT_ISA {
namespace {

struct Shape {
  int64_t batch, length, key_heads, depth, heads, width, chunk, chunks, shared;
  const float *q, *k, *v, *g, *beta, *state;

  explicit Shape(const Call& call)
      : batch(call.inputs[0].dims[0]),
        length(call.inputs[0].dims[1]),
        key_heads(call.inputs[0].dims[2]),
        depth(call.inputs[0].dims[3]),
        heads(call.inputs[2].dims[2]),
        width(call.inputs[2].dims[3]),
        chunk(larger<int64_t>(1, smaller(length, static_cast<int64_t>(call.attributes[0])))),
        chunks(ceil_div(length, chunk)),
        shared(heads / key_heads),
        q(call.inputs[0].floats()),
        k(call.inputs[1].floats()),
        v(call.inputs[2].floats()),
        g(call.inputs[3].floats()),
        beta(call.inputs[4].floats()),
        state(call.inputs[5].floats()) {}

  int64_t k_step() const { return key_heads * depth; }
  int64_t v_step() const { return heads * width; }
  int64_t k_at(int64_t b, int64_t token, int64_t head) const { return ((b * length + token) * key_heads + head) * depth; }
  int64_t v_at(int64_t b, int64_t token, int64_t head) const { return ((b * length + token) * heads + head) * width; }
  int64_t gate_at(int64_t b, int64_t token, int64_t head) const { return (b * length + token) * heads + head; }
  int64_t state_floats() const { return depth * width; }
  int64_t product_floats() const {
    const int64_t longest = larger(chunk, larger(depth, width));
    return product_scratch(longest, longest);
  }
};

/** A chunk of one value head, and the working memory for it. */
struct HeadChunk {
  const Shape& s;
  float* product;
  ChunkDecays decays;
  int64_t b = 0, head = 0, key_head = 0, first = 0, rows = 0;

  HeadChunk(const Shape& s, Carver& carver) : s(s) {
    product = carver.take(s.product_floats());
    decays.take(carver, s.chunk);
  }
  void move_to(int64_t batch_index, int64_t of_head, int64_t index) {
    b = batch_index;
    head = of_head;
    key_head = head / s.shared;
    first = index * s.chunk;
    rows = smaller(s.chunk, s.length - first);
    const float* gates = s.g + s.gate_at(b, first, head);
    decays.set(rows, [&](int64_t i) { return gates[i * s.heads]; });
  }
  const float* q_row(int64_t i) const { return s.q + s.k_at(b, first + i, key_head); }
  const float* k_row(int64_t i) const { return s.k + s.k_at(b, first + i, key_head); }
  Matrix q_rows() const { return row_major(q_row(0), s.k_step()); }
  Matrix k_rows() const { return row_major(k_row(0), s.k_step()); }
  float rate(int64_t i) const { return s.beta[s.gate_at(b, first + i, head)]; }
  /** Of the chunk's rows in tensors like v that are laid out head by head, [batch, heads, tokens, width]. */
  int64_t row_at() const { return ((b * s.heads + head) * s.length + first) * s.width; }
  void multiply(Matrix left, Matrix right, int64_t rows, int64_t columns, int64_t depth, float* to, int64_t step,
                bool accumulate) const {
    ttt::TTT_ISA::multiply({1, rows, columns, depth, left, right, to, step, 0, accumulate}, product);
  }
  /** Decayed products of the chunk's keys, times each row's rate: zeros on and above the diagonal. */
  void correlations(const float* products, float* out) const {
    for (int64_t i = 0; i < rows; i++) {
      const Vector rate_of_row = splat(rate(i));
      decays.until(i, [&](int64_t j, Vector decay, auto m) {
        store(out + i * s.chunk + j, rate_of_row * decay * load(products + i * s.chunk + j, m), m);
      });
      out[i * s.chunk + i] = 0;
    }
  }
  /** Decayed products of queries and keys. */
  void scores(const float* products, float* out) const {
    for (int64_t i = 0; i < rows; i++)
      decays.until(i, [&](int64_t j, Vector decay, auto m) {
        store(out + i * s.chunk + j, decay * load(products + i * s.chunk + j, m), m);
      });
  }
  /** errors = v − e ⊙ k S and written = V′, both [rows, width]. */
  void write(const float* state, const float* correlations, float* errors, float* written) const {
    const int64_t width = s.width;
    multiply(k_rows(), row_major(state, width), rows, width, s.depth, errors, width, false);
    for (int64_t i = 0; i < rows; i++) {
      const float* value = s.v + s.v_at(b, first + i, head);
      const Vector from_start = splat(decays.from_start[i]), rate_of_row = splat(rate(i));
      for_vectors(width, [&](int64_t c, auto m) {
        const Vector error = load(value + c, m) - from_start * load(errors + i * width + c, m);
        store(errors + i * width + c, error, m);
        store(written + i * width + c, rate_of_row * error, m);
      });
    }
    solve(correlations, written);
  }
  /** x ← (I + M)⁻¹ x, x [rows, width], by blocks of rows. */
  void solve(const float* correlations, float* x) const {
    for (int64_t from = 0; from < rows; from += triangle_rows) {
      const int64_t end = smaller(rows, from + triangle_rows);
      subtract(row_major(correlations + from * s.chunk, s.chunk), x, end - from, from, x + from * s.width);
      for_vectors(s.width, [&](int64_t c, auto m) {
        for (int64_t i = from + 1; i < end; i++) {
          Vector value = load(x + i * s.width + c, m);
          for (int64_t j = from; j < i; j++)
            value -= splat(correlations[i * s.chunk + j]) * load(x + j * s.width + c, m);
          store(x + i * s.width + c, value, m);
        }
      });
    }
  }
  /** x ← (I + M)⁻ᵀ x */
  void solve_transposed(const float* correlations, float* x) const {
    for (int64_t block = ceil_div(rows, triangle_rows) - 1; block >= 0; block--) {
      const int64_t from = block * triangle_rows, end = smaller(rows, from + triangle_rows);
      subtract(transposed(row_major(correlations + end * s.chunk + from, s.chunk)), x + end * s.width, end - from,
               rows - end, x + from * s.width);
      for_vectors(s.width, [&](int64_t c, auto m) {
        for (int64_t i = end - 2; i >= from; i--) {
          Vector value = load(x + i * s.width + c, m);
          for (int64_t j = i + 1; j < end; j++)
            value -= splat(correlations[j * s.chunk + i]) * load(x + j * s.width + c, m);
          store(x + i * s.width + c, value, m);
        }
      });
    }
  }
  /** state ← e[last] state + (t ⊙ k)ᵀ written; what was written is scaled in place. */
  void advance(float* written, float* state) const {
    scale_rows(written, decays.to_end, rows, s.width);
    scale_row(state, state, decays.whole, s.state_floats());
    multiply(transposed(k_rows()), row_major(written, s.width), s.depth, s.width, rows, state, s.width, true);
  }

 private:
  /** to [count, width] −= left [count, depth] · x */
  void subtract(Matrix left, const float* x, int64_t count, int64_t depth, float* to) const {
    if (depth == 0) return;
    for (int64_t i = 0; i < count; i++) scale_row(to + i * s.width, to + i * s.width, -1, s.width);
    multiply(left, row_major(x, s.width), count, s.width, depth, to, s.width, true);
    for (int64_t i = 0; i < count; i++) scale_row(to + i * s.width, to + i * s.width, -1, s.width);
  }
};

/** left · rightᵀ of each key head's chunks, [batch, chunks, key heads][chunk, chunk]: what value heads share. */
void multiply_shared(const Shape& s, const float* left, const float* right, float* products) {
  const int64_t scratch_floats = padded(product_scratch(s.chunk, s.depth));
  const Scratch scratch(static_cast<size_t>(scratch_floats * thread_count()));
  const int64_t count = s.batch * s.chunks * s.key_heads;
  parallel(count, s.chunk * s.chunk * s.depth / 16, [&](int64_t begin, int64_t end, int worker) {
    for (int64_t u = begin; u < end; u++) {
      const int64_t head = u % s.key_heads, index = u / s.key_heads % s.chunks, b = u / s.key_heads / s.chunks;
      const int64_t first = index * s.chunk, rows = smaller(s.chunk, s.length - first), at = s.k_at(b, first, head);
      multiply({1, rows, rows, s.depth, row_major(left + at, s.k_step()), transposed(row_major(right + at, s.k_step())),
                products + u * s.chunk * s.chunk, s.chunk},
               scratch.floats() + worker * scratch_floats);
    }
  });
}

/** K Kᵀ and Q Kᵀ of all chunks. */
struct SharedProducts {
  const Shape& s;
  Scratch of_keys, of_queries;

  explicit SharedProducts(const Shape& s) : s(s), of_keys(floats(s)), of_queries(floats(s)) {
    multiply_shared(s, s.k, s.k, of_keys.floats());
    multiply_shared(s, s.q, s.k, of_queries.floats());
  }
  const float* keys(const HeadChunk& chunk) const { return of_keys.floats() + at(chunk); }
  const float* queries(const HeadChunk& chunk) const { return of_queries.floats() + at(chunk); }

 private:
  static size_t floats(const Shape& s) {
    return static_cast<size_t>(s.batch * s.chunks * s.key_heads * s.chunk * s.chunk);
  }
  int64_t at(const HeadChunk& chunk) const {
    return ((chunk.b * s.chunks + chunk.first / s.chunk) * s.key_heads + chunk.key_head) * s.chunk * s.chunk;
  }
};

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
