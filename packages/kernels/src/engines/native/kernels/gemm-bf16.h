// Matrix products of inputs rounded to bf16, with sums in f32, by the processor's own instructions for that.
//
// Determinism: every element is one chain over k in AMX's steps of 32, or with AVX512-BF16 a sum for each 256 of k,
// whatever stands beside it: a row's result depends on nothing but the row, as in f32.
#pragma once
#include "gemm.h"
#include "precision.h"

namespace ttt {
namespace TTT_ISA {

#if TTT_BF16_UNITS && TTT_LANES == 16
/** As multiply(), where bf16_products is `pairs` or `tiles`. */
void multiply_bf16(const Product& product, float* scratch);
/** Floats of scratch that a product inside a task needs. */
int64_t bf16_scratch(int64_t columns, int64_t depth);
#else
inline void multiply_bf16(const Product&, float*) {}
inline int64_t bf16_scratch(int64_t, int64_t) { return 0; }
#endif

}  // namespace TTT_ISA
}  // namespace ttt
