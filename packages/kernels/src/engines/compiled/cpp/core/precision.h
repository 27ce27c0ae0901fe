// What products of matrices are made with: the process's setting, for all kernels.
#pragma once

// Compilers that know AMX.
#if defined(__x86_64__) && ((defined(__clang__) && __clang_major__ >= 12) || (!defined(__clang__) && __GNUC__ >= 11))
#define TTT_BF16_UNITS 1
#else
#define TTT_BF16_UNITS 0
#endif

namespace ttt {

/**
 * How products take their factors. In f32: as they are; or, large products by AMX, each cut into three pieces of bf16. In
 * bf16: rounded, to be multiplied as the f32 that they still are; or in pairs by AVX512-BF16; or in tiles by AMX. Sums are
 * f32 always.
 */
enum class Factors { plain, pieces, rounded, pairs, tiles };

#if defined(__wasm__)
constexpr Factors product_factors = Factors::plain;
#else
extern Factors product_factors;
#endif

}  // namespace ttt
