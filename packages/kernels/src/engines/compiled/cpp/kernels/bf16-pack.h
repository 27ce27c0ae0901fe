// Factors of products in bf16, as they are multiplied: copied into tiles of 16 rows (of A) or columns (of B) by 32 of the
// depth, rounded or cut into pieces on the way.
#pragma once
#include "gemm-bf16.h"

#if TTT_BF16_UNITS && TTT_LANES == 16
#define TTT_PAIRS __attribute__((target("avx512bf16")))

namespace ttt {
namespace TTT_ISA {
namespace {

constexpr int64_t tile_width = 16, tile_depth = 32, tile_size = tile_width * tile_depth;
/** Rows of a strip and columns of a panel: two tiles. */
constexpr int64_t block_width = 2 * tile_width;
/** Tiles along the depth that a strip and a panel go through at once. */
constexpr int64_t block_steps = depth_step / tile_depth;
/** What of a row is fetched ahead while it is packed: the next panel's. */
constexpr int64_t fetched_ahead = block_width;

/** Rows of A, or columns of B: `lanes` vectors along the depth. */
struct Side {
  const float* data;
  int64_t stride, depth_stride, count, depth;
};

/** Pieces of bf16 that a value is rounded to. */
constexpr int rounded = 1;
/** Vectors of pairs of bf16: the pieces of two vectors that are neighbours along the depth. */
template <int pieces>
struct Pairs {
  Vector of_piece[pieces];
};
template <int pieces>
TTT_PAIRS TTT_INLINE Pairs<pieces> pairs(Vector u, Vector v);
/** To nearest, ties to even. */
template <>
TTT_PAIRS TTT_INLINE Pairs<rounded> pairs(Vector u, Vector v) {
  const __m512i neighbours = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                              21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  const __m512i one_after_other = bits<__m512i>(_mm512_cvtne2ps_pbh(bits<__m512>(v), bits<__m512>(u)));
  return {{bits<Vector>(_mm512_permutexvar_epi16(neighbours, one_after_other))}};
}
template <>
TTT_PAIRS TTT_INLINE Pairs<f32_in_pieces> pairs(Vector u, Vector v) {
  typedef uint32_t Bits __attribute__((vector_size(sizeof(Vector))));
  const auto together = [](Vector low, Vector high) { return bits<Vector>((bits<Bits>(low) >> 16) | bits<Bits>(high)); };
  const Pieces of_u(u), of_v(v);
  Pairs<f32_in_pieces> result;
  TTT_UNROLL
  for (int piece = 0; piece < f32_in_pieces; piece++)
    result.of_piece[piece] = together(of_u.piece[piece], of_v.piece[piece]);
  return result;
}

/**
 * Copies one tile's pieces, what lies past the matrix zero: `along_depth` by rows of 16 pairs of the depth, as A is read,
 * else by rows of 16 columns' pairs, as B is. A pair is a place and the one 16 further along the depth.
 */
template <int pieces>
TTT_PAIRS void pack_tile(const Side& side, int64_t first, int64_t k, bool along_depth, uint16_t* tile) {
  const int64_t count = smaller(tile_width, side.count - first), depth = smaller(tile_depth, side.depth - k);
  const float* source = side.data + first * side.stride + k * side.depth_stride;
  Vector rows[pieces][16];
  const auto set = [&](int i, const Pairs<pieces>& of) {
    TTT_UNROLL
    for (int piece = 0; piece < pieces; piece++) rows[piece][i] = of.of_piece[piece];
  };
  const bool by_lane = side.stride != 1 || side.depth_stride == 1;
  if (side.depth_stride == 1) {
    const __mmask16 low = mask_of(depth), high = mask_of(depth - 16);
    TTT_UNROLL
    for (int i = 0; i < 16; i++) {
      const float* row = source + i * side.stride;
      set(i, i < count ? pairs<pieces>(load_some(row, low), load_some(row + 16, high)) : Pairs<pieces>{});
    }
  } else if (side.stride == 1) {
    const __mmask16 mask = mask_of(count);
    TTT_UNROLL
    for (int i = 0; i < 16; i++) {
      const float* row = source + i * side.depth_stride;
      __builtin_prefetch(row + fetched_ahead);
      __builtin_prefetch(row + 16 * side.depth_stride + fetched_ahead);
      const Vector next = i + 16 < depth ? load_some(row + 16 * side.depth_stride, mask) : Vector{};
      set(i, i < depth ? pairs<pieces>(load_some(row, mask), next) : Pairs<pieces>{});
    }
  } else {
    for (int i = 0; i < 16; i++) {
      float values[tile_depth] = {};
      for (int64_t j = 0; i < count && j < depth; j++) values[j] = source[i * side.stride + j * side.depth_stride];
      set(i, pairs<pieces>(load(values), load(values + 16)));
    }
  }
  TTT_UNROLL
  for (int piece = 0; piece < pieces; piece++) {
    if (by_lane != along_depth) transpose_square(rows[piece]);
    TTT_UNROLL
    for (int i = 0; i < 16; i++)
      _mm512_storeu_ps(tile + piece * tile_size + i * tile_depth, bits<__m512>(rows[piece][i]));
  }
}

/**
 * Packs blocks [first, last) of two tiles each over steps [from, to) of the depth into [block][step][tile][piece]; a tile
 * that isn't there is left out.
 */
template <int pieces>
void pack(const Side& side, int64_t first, int64_t last, int64_t from, int64_t to, bool along_depth, uint16_t* packed) {
  const int64_t blocks = last - first, steps = to - from;
  for (int64_t i = 0; i < blocks * steps; i++) {
    // The inner loop goes where values stand next to each other.
    const int64_t block = side.depth_stride == 1 ? i / steps : i % blocks;
    const int64_t step = side.depth_stride == 1 ? i % steps : i / blocks;
    const int64_t place = (first + block) * block_width, k = (from + step) * tile_depth;
    uint16_t* tiles = packed + (block * steps + step) * 2 * pieces * tile_size;
    pack_tile<pieces>(side, place, k, along_depth, tiles);
    if (place + tile_width < side.count)
      pack_tile<pieces>(side, place + tile_width, k, along_depth, tiles + pieces * tile_size);
  }
}

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
#endif
