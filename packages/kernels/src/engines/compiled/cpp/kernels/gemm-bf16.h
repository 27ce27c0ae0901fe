// Matrix products by the processor's own instructions for bf16, with sums in f32: of inputs rounded to bf16, or in f32 of
// inputs cut into three pieces of bf16.
//
// Determinism as in f32 (gemm.h): each 256 of k give a sum, which is added to the element. Within them AMX adds in steps of
// 32, AVX512-BF16 in steps of 2.
#pragma once
#include "gemm.h"
#include "precision.h"

#if TTT_BF16_UNITS && TTT_LANES == 16
#include <immintrin.h>
#endif

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
/** Up to so many rows tiles would stand nearly empty. */
constexpr int64_t rows_without_tiles = 2;
/** The same bits without tiles, for so few rows. */
void multiply_few_rows_in_pieces(const Product& product);

constexpr int f32_in_pieces = 3;
/** An f32 as the sum of values that bf16 holds: its upper 16 bits, the rest's, and what remains. */
struct Pieces {
  Vector piece[f32_in_pieces];
  explicit TTT_INLINE Pieces(Vector x) {
    typedef uint32_t Bits __attribute__((vector_size(sizeof(Vector))));
    piece[0] = bits<Vector>(bits<Bits>(x) & 0xffff0000u);
    const Vector rest = x - piece[0];
    piece[1] = bits<Vector>((bits<Bits>(rest) + 0x8000u) & 0xffff0000u);
    piece[2] = rest - piece[1];
  }
};

TTT_INLINE __mmask16 mask_of(int64_t count) {
  return count >= 16 ? 0xffff : count <= 0 ? 0 : static_cast<__mmask16>((1u << count) - 1);
}
TTT_INLINE Vector load_some(const float* p, __mmask16 mask) { return bits<Vector>(_mm512_maskz_loadu_ps(mask, p)); }
#else
inline void multiply_bf16(const Product&, float*) {}
inline int64_t bf16_scratch(int64_t, int64_t) { return 0; }
inline void multiply_f32_in_pieces(const Product&) {}
#endif

}  // namespace TTT_ISA
}  // namespace ttt
