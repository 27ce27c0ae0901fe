// A matrix of whole numbers of four to eight bits in blocks of 32 along the depth: the value is scale · q + minimum. Sixteen
// columns stand side by side, a word of each after the other, so that a vector of words is a vector of columns. In words:
// [columns / 16][depth / values that stand together][words][16]. What the words are says formats.ts; here a format is
// a struct that unpacks them.
#pragma once
#if defined(__AVX512F__)
#include <immintrin.h>
#endif
#include <type_traits>

#include "simd.h"

namespace ttt {
namespace TTT_ISA {

/** Values that share a minimum, and columns side by side. */
constexpr int64_t block_depth = 32, block_columns = 16;

struct QuantisedBlocks {
  const int32_t* words;
  /** Words of a column that stand together, which tell the format, and the blocks that they are of. */
  int64_t each, together;
  /** Blocks along the depth. */
  int64_t count;

  TTT_INLINE explicit QuantisedBlocks(const Tensor& t)
      : words(t.ints()), each(t.dims[2]), together(each > 9 ? 8 : 1), count(t.dims[1] * together) {}
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
TTT_INLINE Vector to_floats(Integers v) { return __builtin_convertvector(v, Vector); }

/** What q becomes a value by, for as many columns as a vector has. */
struct Scales {
  Vector scale, minimum;
  /** Either the product is exact or the minimum is zero, so that fusing it with the sum changes nothing. */
  TTT_INLINE Vector value(Vector q) const { return scale * q + minimum; }
};

/** Scale and minimum in f16. */
TTT_INLINE Scales scales_of_halves(Integers both) { return {from_halves(both), from_halves(both >> 16)}; }

/** Words of a few values: their lowest four or eight bits, and what is above. */
struct Packed {
  Integers low, high;
};

template <int i>
TTT_INLINE Integers nibble(Integers word) {
  return (word >> (4 * i)) & 15;
}

/** One block in so many words; `lows` of them follow the first and have the lowest bits. */
template <int words_of_block>
struct Single {
  static constexpr int words = words_of_block, blocks = 1, halves = 1, step = 8;
  static TTT_INLINE const int32_t* lows(const int32_t* unit, int64_t) { return unit + block_columns; }
  static TTT_INLINE Scales scales(const int32_t* unit, int64_t, int) { return scales_of_halves(load_words(unit)); }
};

/** Eight blocks of so many words each, after five of their scales and minima. */
template <int words_of_block>
struct Grouped {
  static constexpr int words = 5 + 8 * words_of_block, blocks = 8, halves = 1, step = 8;
  static TTT_INLINE const int32_t* lows(const int32_t* unit, int64_t block) {
    return unit + (5 + words_of_block * block) * block_columns;
  }
  static TTT_INLINE Scales scales(const int32_t* unit, int64_t block, int) {
    const Scales all = scales_of_halves(load_words(unit));
    const Integers own = load_words(unit + (1 + block / 2) * block_columns) >> static_cast<int>(block % 2 * 16);
    return {all.scale * to_floats(own & 63), -(all.minimum * to_floats((own >> 6) & 63))};
  }
};

/** Whole numbers from 0 on, of four bits. */
template <class Layout>
struct FourBits : Layout {
  static TTT_INLINE Packed load(const int32_t* lows, int at) { return {load_words(lows + at * block_columns), Integers{}}; }
  template <int i>
  static TTT_INLINE Vector get(const Packed& packed) {
#if TTT_LANES == 16 && defined(__AVX512F__)
    const Vector all = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return bits<Vector>(_mm512_permutexvar_ps(bits<__m512i>(packed.low >> (4 * i)), bits<__m512>(all)));
#else
    return to_floats(nibble<i>(packed.low));
#endif
  }
};

/** Of five: the fifth ones in a word after the four of the others. */
template <class Layout>
struct FiveBits : Layout {
  static TTT_INLINE Packed load(const int32_t* lows, int at) {
    return {load_words(lows + at * block_columns), load_words(lows + 4 * block_columns) >> (8 * at)};
  }
  template <int i>
  static TTT_INLINE Vector get(const Packed& packed) {
    return to_floats(nibble<i>(packed.low) | (((packed.high >> i) & 1) << 4));
  }
};

/** Of six, less 32; each half of the block has a scale of its own, and there is no minimum. */
struct SixBits : Single<7> {
  static constexpr int halves = 2;
  static TTT_INLINE Scales scales(const int32_t* unit, int64_t, int half) {
    const Integers word = load_words(unit);
    return {from_halves(word) * to_floats((word << (8 - 8 * half)) >> 24), Vector{}};
  }
  static TTT_INLINE Packed load(const int32_t* lows, int at) {
    return {load_words(lows + at * block_columns), load_words(lows + (4 + at / 2) * block_columns) >> (at % 2 * 16)};
  }
  template <int i>
  static TTT_INLINE Vector get(const Packed& packed) {
    return to_floats((nibble<i>(packed.low) | (((packed.high >> (2 * i)) & 3) << 4)) - 32);
  }
};

/** Of eight, with a sign. */
struct EightBits : Single<9> {
  static constexpr int step = 4;
  static TTT_INLINE Packed load(const int32_t* lows, int at) { return {load_words(lows + at * block_columns), Integers{}}; }
  template <int i>
  static TTT_INLINE Vector get(const Packed& packed) {
    return to_floats((packed.low << (24 - 8 * i)) >> 24);
  }
};

/** Calls f with the format of these words as a type's value. */
template <class F>
TTT_INLINE void with_format(const QuantisedBlocks& blocks, F f) {
  switch (blocks.each) {
    case 5:
      return f(FourBits<Single<5>>{});
    case 6:
      return f(FiveBits<Single<6>>{});
    case 7:
      return f(SixBits{});
    case 9:
      return f(EightBits{});
    case 37:
      return f(FourBits<Grouped<4>>{});
    default:
      return f(FiveBits<Grouped<5>>{});
  }
}

/** The words of the column that stand together with those of a block, and its neighbours' beside them. */
template <class Format>
TTT_INLINE const int32_t* unit_at(const QuantisedBlocks& blocks, int64_t column, int64_t block) {
  const int64_t unit = column / block_columns * (blocks.count / Format::blocks) + block / Format::blocks;
  return blocks.words + unit * Format::words * block_columns + column % block_columns;
}

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
