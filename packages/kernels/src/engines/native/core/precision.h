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
 * How inputs are rounded to bf16: not at all; to be multiplied as the f32 that they still are; or in pairs by
 * AVX512-BF16, or in tiles by AMX. Sums are f32 always.
 */
enum class Bf16 { off, rounded, pairs, tiles };

#if defined(__wasm__)
constexpr Bf16 bf16_products = Bf16::off;
#else
extern Bf16 bf16_products;
#endif

}  // namespace ttt
