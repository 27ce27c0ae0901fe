// What scans over chunks of tokens share: the decays between a chunk's tokens, products with the triangles that they
// make, and rows of one head among others.
#pragma once
#include <initializer_list>

#include "carver.h"
#include "gemm.h"
#include "math.h"

namespace ttt {
namespace TTT_ISA {

/** Decays whose logarithms are below this are 0 in float32, however far below they are. */
constexpr double least_log_decay = -128;

/**
 * The decays of one head in one chunk, from the logarithm of each token's own. Bounded logarithms make bounded sums: over
 * L tokens at most 128 L, which two floats hold to within 2^-41 L. So a small difference of running sums is as exact as
 * a sum of its own, and each decay is one exponential of one difference.
 */
struct ChunkDecays {
  /** The running sum [length]; the decays from the chunk's start until each token and from each token to the end. */
  float *high, *low, *from_start, *to_end;
  int64_t length = 0;
  /** Over the whole chunk. */
  float whole = 1;

  void take(Carver& carver, int64_t chunk) {
    for (float** part : {&high, &low, &from_start, &to_end}) *part = carver.take(chunk);
  }

  /** `log_decay(i)` is a float per token, at most 0, −∞ too. */
  template <class F>
  void set(int64_t tokens, F log_decay) {
    length = tokens;
    double sum = 0;
    for (int64_t i = 0; i < length; i++) {
      const double log = static_cast<double>(log_decay(i));
      sum += log < least_log_decay ? least_log_decay : log;
      high[i] = static_cast<float>(sum);
      low[i] = static_cast<float>(sum - static_cast<double>(high[i]));
    }
    whole = exp_of(static_cast<float>(sum));
    const Vector last_high = splat(high[length - 1]), last_low = splat(low[length - 1]);
    for_vectors(length, [&](int64_t i, auto m) {
      const Vector h = load(high + i, m), l = load(low + i, m);
      store(from_start + i, exp_of(h + l), m);
      store(to_end + i, exp_of((last_high - h) + (last_low - l)), m);
    });
  }
  /** Calls f(j, decay, m) for vectors of tokens j until i: the decay from j to i, 0 after i. */
  template <class F>
  TTT_INLINE void until(int64_t i, F f) const {
    const Vector to_high = splat(high[i]), to_low = splat(low[i]);
    const Integers last = splat(static_cast<int32_t>(i));
    for_vectors(length, [&](int64_t j, auto m) {
      if (j > i) return f(j, Vector{}, m);
      const Vector decay = exp_of((to_high - load(high + j, m)) + (to_low - load(low + j, m)));
      f(j, lane_numbers() + splat(static_cast<int32_t>(j)) > last ? Vector{} : decay, m);
    });
  }
};

/** Rows of a triangle that are multiplied at once: whole strips of every instruction set's matrix product. */
constexpr int64_t triangle_rows = 24;
/** Fewer tokens than these go one after the other: matrices are not worth it. */
constexpr int64_t few_tokens = 8;

/** sums [rows, width] (+)= triangle · values; the triangle [rows, step] is lower, with zeros above. */
inline void multiply_lower(const float* triangle, int64_t step, const float* values, int64_t rows, int64_t width,
                           float* sums, bool accumulate, float* scratch) {
  for (int64_t from = 0; from < rows; from += triangle_rows) {
    const int64_t end = smaller(rows, from + triangle_rows);
    multiply({1, end - from, width, end, row_major(triangle + from * step, step), row_major(values, width),
              sums + from * width, width, 0, accumulate},
             scratch);
  }
}
/** The same with the triangle transposed. */
inline void multiply_lower_transposed(const float* triangle, int64_t step, const float* values, int64_t rows,
                                      int64_t width, float* sums, bool accumulate, float* scratch) {
  for (int64_t from = 0; from < rows; from += triangle_rows)
    multiply({1, smaller(rows - from, triangle_rows), width, rows - from,
              transposed(row_major(triangle + from * step + from, step)), row_major(values + from * width, width),
              sums + from * width, width, 0, accumulate},
             scratch);
}

/** Copies rows, times a factor for each, to rows one after the other; zeros where there are none. */
template <class F>
void gather_rows(const float* from, int64_t step, int64_t rows, int64_t width, float* to, F factor) {
  for (int64_t i = 0; i < rows; i++)
    for_vectors(width, [&](int64_t k, auto m) {
      store(to + i * width + k, from == nullptr ? Vector{} : splat(factor(i)) * load(from + i * step + k, m), m);
    });
}
inline void gather_rows(const float* from, int64_t step, int64_t rows, int64_t width, float* to) {
  gather_rows(from, step, rows, width, to, [](int64_t) { return 1.0f; });
}
/** Multiplies each row by a factor of its own. */
inline void scale_rows(float* rows, const float* factors, int64_t count, int64_t width) {
  for (int64_t i = 0; i < count; i++) scale_row(rows + i * width, rows + i * width, factors[i], width);
}

/** [rows, columns] -> [columns, rows] */
inline void transpose(const float* from, int64_t rows, int64_t columns, float* to) {
  int64_t i = 0;
  for (; i + lanes <= rows; i += lanes) {
    int64_t j = 0;
    for (; j + lanes <= columns; j += lanes) {
      Vector square[lanes];
      for (int k = 0; k < lanes; k++) square[k] = load(from + (i + k) * columns + j);
      transpose_square(square);
      for (int k = 0; k < lanes; k++) store(to + (j + k) * rows + i, square[k]);
    }
    for (; j < columns; j++)
      for (int64_t k = i; k < i + lanes; k++) to[j * rows + k] = from[k * columns + j];
  }
  for (; i < rows; i++)
    for (int64_t j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j];
}

}  // namespace TTT_ISA
}  // namespace ttt
