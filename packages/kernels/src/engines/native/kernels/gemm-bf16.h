// Matrix products by the processor's own instructions for bf16, with sums in f32: of inputs rounded to bf16, or in f32 of
// inputs cut into three pieces of bf16.
//
// Determinism as in f32 (gemm.h): each 256 of k give a sum, which is added to the element. Within them AMX adds in steps of
// 32, AVX512-BF16 in steps of 2.
#pragma once
#include "gemm.h"
#include "precision.h"

namespace ttt {
namespace TTT_ISA {

#if TTT_BF16_UNITS && TTT_LANES == 16
/** As multiply(), where product_factors is `pairs` or `tiles`. */
void multiply_bf16(const Product& product, float* scratch);
/** Floats of scratch that a product inside a task needs. */
int64_t bf16_scratch(int64_t columns, int64_t depth);
/**
 * As multiply(), where product_factors is `pieces`: as exact as a chain of multiply-adds. A factor that isn't finite makes
 * NaN of what it meets, and one below 2⁻¹¹⁰ may lose its last bits.
 */
void multiply_f32_in_pieces(const Product& product);
/** Up to so many rows tiles would stand nearly empty: what follows gives the same bits, and needs B as it is. */
constexpr int64_t rows_without_tiles = 2;
/** a[rows, depth] in pieces [3][depth, rows] */
void cut_rows(const Matrix& a, int64_t rows, int64_t depth, float* pieces);
/** c[rows, columns] (+)= a · b, a in pieces, b [depth, columns] and a stride, the depth at most a step (gemm.h). */
void multiply_panel_in_pieces(int64_t rows, int64_t columns, int64_t depth, const float* a, const float* b, int64_t b_stride,
                              float* c, int64_t c_stride, bool add);
#else
inline void multiply_bf16(const Product&, float*) {}
inline int64_t bf16_scratch(int64_t, int64_t) { return 0; }
inline void multiply_f32_in_pieces(const Product&) {}
constexpr int64_t rows_without_tiles = 0;
inline void cut_rows(const Matrix&, int64_t, int64_t, float*) {}
inline void multiply_panel_in_pieces(int64_t, int64_t, int64_t, const float*, const float*, int64_t, float*, int64_t, bool) {}
#endif

}  // namespace TTT_ISA
}  // namespace ttt
