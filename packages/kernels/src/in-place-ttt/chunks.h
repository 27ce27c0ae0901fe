// The chunks of In-Place TTT as matrices, and their centred convolution.
#pragma once
#include "carver.h"
#include "gemm.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Places among the inputs of all orders. */
enum Input { h_in, t_in, conv_in, fast_in, h_open_in, t_open_in, position_in, d_z_in, d_fast_in, d_h_open_in, d_t_open_in };
constexpr int64_t taps = 5, side = 2;

struct Shape {
  int64_t batch, length, hidden, width, chunk;
  const int32_t* positions;

  explicit Shape(const Call& call)
      : batch(call.inputs[h_in].dims[0]),
        length(call.inputs[h_in].dims[1]),
        hidden(call.inputs[h_in].dims[2]),
        width(call.inputs[t_in].dims[2]),
        chunk(call.inputs[h_open_in].dims[1]),
        positions(call.inputs[position_in].ints()) {}
  int64_t fast_floats() const { return width * hidden; }
  /** Tokens of the first chunk that were read before. */
  int64_t open(int64_t b) const { return larger(int32_t{0}, positions[b]) % chunk; }
  int64_t whole_chunks(int64_t b) const { return (open(b) + length) / chunk; }
  int64_t chunks(int64_t b) const { return ceil_div(open(b) + length, chunk); }
};

/** One chunk of a sequence: rows [begin, end) of it are tokens of this call, from `token` on; those before were open. */
struct Chunk {
  int64_t b, begin, end, token;
  Chunk(const Shape& s, int64_t b, int64_t index) : b(b) {
    begin = index == 0 ? s.open(b) : 0;
    token = larger<int64_t>(0, index * s.chunk - s.open(b));
    end = smaller(s.chunk, begin + s.length - token);
  }
  int64_t rows() const { return end - begin; }
  /** Its first token's row of a tensor like h or t, of so many columns. */
  int64_t row(const Shape& s, int64_t columns) const { return (b * s.length + token) * columns; }
  /** All its rows so far: those that were open, then this call's. */
  void gather(const Shape& s, const float* open, const float* tokens, int64_t columns, float* to) const {
    const size_t row_bytes = static_cast<size_t>(columns) * sizeof(float);
    std::memcpy(to, open + b * s.chunk * columns, static_cast<size_t>(begin) * row_bytes);
    std::memcpy(to + begin * columns, tokens + row(s, columns), static_cast<size_t>(rows()) * row_bytes);
  }
};

/** Calls f(i, row, tap) for the rows that row i of a chunk's convolution sees. */
template <class F>
void for_taps(const Shape& s, int64_t i, F f) {
  for (int64_t j = 0; j < taps; j++)
    if (i - side + j >= 0 && i - side + j < s.chunk) f(i - side + j, j);
}

/** The convolution's weights by tap [taps, width]. */
inline void transpose_taps(const Shape& s, const float* conv, float* by_tap) {
  for (int64_t c = 0; c < s.width; c++)
    for (int64_t j = 0; j < taps; j++) by_tap[j * s.width + c] = conv[c * taps + j];
}

/** values [chunk, width] of targets [chunk, width] */
inline void convolve(const Shape& s, const float* by_tap, const float* targets, float* values) {
  for (int64_t i = 0; i < s.chunk; i++)
    for_vectors(s.width, [&](int64_t c, auto m) {
      Vector sum = {};
      for_taps(s, i, [&](int64_t row, int64_t j) {
        sum += load(by_tap + j * s.width + c, m) * load(targets + row * s.width + c, m);
      });
      store(values + i * s.width + c, sum, m);
    });
}

/** fast [width, hidden] += valuesᵀ [width, rows] · keys [rows, hidden] */
inline void add_outer(const Shape& s, const float* values, const float* keys, int64_t rows, float* fast) {
  multiply({1, s.width, s.hidden, rows, transposed(row_major(values, s.width)), row_major(keys, s.hidden), fast, s.hidden, 0,
            true});
}

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
