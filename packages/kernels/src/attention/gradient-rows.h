// What the gradients need of each query of a block.
#pragma once
#include "pieces.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** ⟨d_y, y⟩ of each query of a block; zeros past the last. */
inline void inner_products(const Shape& s, const Block& block, const float* d_y, const float* y, float* out) {
  for (int64_t i = 0; i < block.stride; i++) {
    const int64_t at = block.at + i * s.query_step();
    out[i] = d_y != nullptr && i < block.rows ? dot(d_y + at, y + at, s.width) : 0.0f;
  }
}
/** A block's values of a tensor with one per query; zeros where there is none. */
inline void copy_values(const Block& block, const float* values, float* out) {
  for (int64_t i = 0; i < block.stride; i++)
    out[i] = values != nullptr && i < block.rows ? values[block.row + i] : 0.0f;
}

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
