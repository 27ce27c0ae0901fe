// A matrix of whole numbers of four or eight bits, in blocks of 32 along the depth with a scale and a minimum each: the
// value is scale · q + minimum. Sixteen columns stand side by side, a word of each after the other, so that a vector of
// words is a vector of columns. In words: [columns / 16][depth / 32][1 + 4 or 8][16]; the first has scale and minimum in
// f16, the others eight or four values, the first in the lowest bits.
#pragma once
#if defined(__AVX512F__)
#include <immintrin.h>
#endif
#include <type_traits>

#include "simd.h"

namespace ttt {
namespace TTT_ISA {

/** Values that share a scale, and columns side by side. */
constexpr int64_t block_depth = 32, block_columns = 16;

struct QuantisedBlocks {
  const int32_t* words;
  /** Blocks along the depth. */
  int64_t count;
  /** Of each column in a block: 5 for four bits, 9 for eight. */
  int64_t each;

  /** A tensor [columns / 16, depth / 32, words, 16]. */
  TTT_INLINE explicit QuantisedBlocks(const Tensor& t) : words(t.ints()), count(t.dims[1]), each(t.dims[2]) {}

  TTT_INLINE bool is_four_bits() const { return each == 5; }
  /** The words of a block of the column, and its neighbours' beside it. */
  TTT_INLINE const int32_t* at(int64_t column, int64_t block) const {
    return words + (column / block_columns * count + block) * each * block_columns + column % block_columns;
  }
};

TTT_INLINE Integers load_words(const int32_t* p) {
  Integers v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

/** Of finite f16 in the lower halves; numbers below the normal ones too. */
TTT_INLINE Vector from_halves(Integers h) {
  const Vector magnitude = bits<Vector>((h & 0x7fff) << 13) * splat(0x1p112f);
  return bits<Vector>(bits<Integers>(magnitude) | ((h & 0x8000) << 16));
}

/** A block's scale and minimum for as many columns as a vector has. */
struct Scales {
  Vector scale, minimum;
  TTT_INLINE explicit Scales(const int32_t* block) {
    const Integers both = load_words(block);
    scale = from_halves(both);
    minimum = from_halves(both >> 16);
  }
  /** The product is exact, so that fusing it with the sum changes nothing. */
  TTT_INLINE Vector value(Vector q) const { return scale * q + minimum; }
};

/** How whole numbers stand in a word. */
struct FourBits {
  static constexpr int per_word = 8;
  template <int i>
  static TTT_INLINE Vector get(Integers word) {
#if TTT_LANES == 16 && defined(__AVX512F__)
    const Vector all = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return bits<Vector>(_mm512_permutexvar_ps(bits<__m512i>(word >> (4 * i)), bits<__m512>(all)));
#else
    return __builtin_convertvector((word >> (4 * i)) & 15, Vector);
#endif
  }
};
struct EightBits {
  static constexpr int per_word = 4;
  template <int i>
  static TTT_INLINE Vector get(Integers word) {
    return __builtin_convertvector((word << (24 - 8 * i)) >> 24, Vector);
  }
};

#define TTT_LAMBDA_INLINE __attribute__((always_inline))
/** Calls f with each index as a constant. */
template <class F, int... i>
TTT_INLINE void for_each_index(F f, std::integer_sequence<int, i...>) {
  (f(std::integral_constant<int, i>{}), ...);
}

/** Fills [depth, width] with the values of columns [first, first + width) from step k of the depth on. */
void unpack_panel(const QuantisedBlocks& blocks, int64_t first, int64_t k, int64_t depth, int64_t width, float* packed);

}  // namespace TTT_ISA
}  // namespace ttt
