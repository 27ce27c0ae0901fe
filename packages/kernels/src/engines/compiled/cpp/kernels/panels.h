// B as products in f32 take it: in panels of neighbouring columns, by steps of the depth.
#pragma once
#include "gemm.h"

namespace ttt {
namespace TTT_ISA {

constexpr int tile_vectors = 2;
constexpr int panel = tile_vectors * lanes;
/** Up to so many rows, and beyond so many values of B, packing it is felt. */
constexpr int64_t few_rows = 512, small_matrix = 32768;

/** Rounds to bf16, to nearest, ties to even; NaN stays NaN. */
inline void round_values(float* values, int64_t count) {
  typedef uint32_t Bits __attribute__((vector_size(sizeof(Vector))));
  for_vectors(count, [&](int64_t i, auto m) {
    const Vector x = load(values + i, m);
    const Bits raw = bits<Bits>(x);
    const Bits rounded = (raw + 0x7fffu + ((raw >> 16) & 1u)) & 0xffff0000u;
    store(values + i, x == x ? bits<Vector>(rounded) : x, m);
  });
}

/** Copies columns [first, first + columns) of b into [depth, width], the rest of the width zero. */
inline void pack_panel(const Matrix& b, int64_t depth, int64_t first, int64_t columns, int64_t width, float* packed) {
  const float* source = b.data + first * b.column_stride;
  if (b.column_stride == 1) {
    for (int64_t k = 0; k < depth; k++) {
      const float* row = source + k * b.row_stride;
      float* target = packed + k * width;
      if (columns == width) {
        for (int64_t j = 0; j < width; j += lanes) store(target + j, load(row + j));
      } else {
        for (int64_t j = 0; j < width; j++) target[j] = j < columns ? row[j] : 0.0f;
      }
    }
    return;
  }
  for (int64_t j = 0; j < width; j += lanes) {
    int64_t k = 0;
    const int64_t present = smaller<int64_t>(lanes, columns - j);
    if (b.row_stride == 1) {
      for (; k + lanes <= depth; k += lanes) {
        Vector square[lanes];
        if (present == lanes) {
          TTT_UNROLL
          for (int i = 0; i < lanes; i++) square[i] = load(source + (j + i) * b.column_stride + k);
        } else {
          for (int i = 0; i < lanes; i++)
            square[i] = i < present ? load(source + (j + i) * b.column_stride + k) : Vector{};
        }
        transpose_square(square);
        TTT_UNROLL
        for (int i = 0; i < lanes; i++) store(packed + (k + i) * width + j, square[i]);
      }
    }
    for (; k < depth; k++)
      for (int64_t i = 0; i < lanes; i++)
        packed[k * width + j + i] = i < present ? source[(j + i) * b.column_stride + k * b.row_stride] : 0.0f;
  }
}

/** What of a panel is there, and its width when packed. */
struct Panel {
  int64_t columns, width;
};
inline Panel panel_of(const Product& p, int64_t j) {
  const int64_t columns = smaller<int64_t>(panel, p.columns - j * panel);
  return {columns, columns > lanes ? panel : lanes};
}
inline void pack_panel(const Matrix& b, const Panel& of, int64_t depth, int64_t j, bool rounded, float* packed) {
  pack_panel(b, depth, j * panel, of.columns, of.width, packed);
  if (rounded) round_values(packed, depth * of.width);
}

/** All panels of B, [panels][depth, width], where they are kept; else null. */
inline const float* kept_panels(const Product& p, bool rounded) {
  if (p.batch > 1 || p.rows > few_rows || p.depth * p.columns <= small_matrix) return nullptr;
  const int64_t panels = ceil_div(p.columns, panel);
  const int64_t bytes = panels * panel * p.depth * static_cast<int64_t>(sizeof(float));
  return static_cast<const float*>(kept_columns(p, rounded ? Packing::rounded : Packing::f32, bytes, [&](void* copy) {
    float* packed = static_cast<float*>(copy);
    parallel(panels, panel * p.depth / 8, [&](int64_t begin, int64_t end, int) {
      for (int64_t j = begin; j < end; j++)
        pack_panel(p.b, panel_of(p, j), p.depth, j, rounded, packed + j * panel * p.depth);
    });
  }));
}

}  // namespace TTT_ISA
}  // namespace ttt
