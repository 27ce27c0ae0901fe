// Blocks of two strips by two panels of tiles in bf16: their products by AMX, or in pairs by AVX512-BF16.
#pragma once
#include "bf16-pack.h"

#if TTT_BF16_UNITS && TTT_LANES == 16
#define TTT_TILES __attribute__((target("avx512bf16,amx-tile,amx-bf16")))

namespace ttt {
namespace TTT_ISA {
namespace {

// The compiler doesn't know that tile loads read memory.
#define TTT_MEMORY asm volatile("" ::: "memory")

/** Whose tiles the products that come next don't share. */
enum Next { none, next_a, next_b };
/** Adds the products of the loaded tiles, and loads the next ones, at x and a stride further, as early as can be. */
template <int rows, int columns, Next next>
TTT_TILES TTT_INLINE void add_products(const uint16_t* x = nullptr, int64_t stride = 0) {
  _tile_dpbf16ps(0, 4, 6);
  if (next == next_b) {
    if (rows > 1) _tile_dpbf16ps(2, 5, 6);
    _tile_loadd(6, x, 64);
    if (columns > 1) {
      _tile_dpbf16ps(1, 4, 7);
      if (rows > 1) _tile_dpbf16ps(3, 5, 7);
      _tile_loadd(7, x + stride, 64);
    }
    return;
  }
  if (columns > 1) _tile_dpbf16ps(1, 4, 7);
  if (next == next_a) _tile_loadd(4, x, 64);
  if (rows > 1) {
    _tile_dpbf16ps(2, 5, 6);
    if (columns > 1) _tile_dpbf16ps(3, 5, 7);
    if (next == next_a) _tile_loadd(5, x + stride, 64);
  }
}

/**
 * c[rows, columns] = a · b, of so many tiles. Of the nine products of three pieces those are made that matter in f32: what
 * the others add is less than the last bit of the first.
 */
template <int rows, int columns, int pieces>
TTT_TILES void multiply_tiles(int64_t steps, const uint16_t* a, const uint16_t* b, float* c, int64_t c_stride) {
  constexpr int64_t tile = pieces * tile_size;
  const int64_t row = c_stride * static_cast<int64_t>(sizeof(float));
  alignas(64) float unused[tile_width * tile_width];
  TTT_MEMORY;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int64_t i = 0; i < steps; i++, a += 2 * tile, b += 2 * tile) {
    const uint16_t* last = b + tile - tile_size;
    _tile_loadd(4, a, 64);
    _tile_loadd(6, last, 64);
    if (columns > 1) _tile_loadd(7, last + tile, 64);
    if (rows > 1) _tile_loadd(5, a + tile, 64);
    if (pieces == f32_in_pieces) {
      add_products<rows, columns, next_b>(b + tile_size, tile);
      add_products<rows, columns, next_a>(a + tile_size, tile);
      add_products<rows, columns, next_b>(b, tile);
      add_products<rows, columns, next_a>(a + 2 * tile_size, tile);
      add_products<rows, columns, next_a>(a, tile);
    }
    add_products<rows, columns, none>();
    // Measured: a tile's store behind more than some hundred products costs as much as fifty; one on the way, nothing.
    if (pieces == f32_in_pieces && i % 4 == 3) _tile_stored(0, unused, 64);
  }
  _tile_stored(0, c, row);
  if (columns > 1) _tile_stored(1, c + tile_width, row);
  if (rows > 1) _tile_stored(2, c + tile_width * c_stride, row);
  if (rows > 1 && columns > 1) _tile_stored(3, c + tile_width * c_stride + tile_width, row);
  TTT_MEMORY;
}

/** c[8 rows, columns] = a · b, of so many tiles of columns; `a` begins at one of its tile's rows. */
template <int columns>
TTT_PAIRS void multiply_pairs(int64_t steps, const uint16_t* a, const uint16_t* b, float* c, int64_t c_stride) {
  constexpr int rows = 8;
  __m512 sums[rows][columns] = {};
  for (int64_t step = 0; step < steps; step++) {
    for (int pair = 0; pair < 16; pair++) {
      __m512i column[columns];
      TTT_UNROLL
      for (int j = 0; j < columns; j++)
        column[j] = _mm512_loadu_si512(b + (2 * step + j) * tile_size + pair * tile_depth);
      TTT_UNROLL
      for (int i = 0; i < rows; i++) {
        int32_t value;
        std::memcpy(&value, a + 2 * step * tile_size + i * tile_depth + 2 * pair, sizeof value);
        const __m512bh row = bits<__m512bh>(_mm512_set1_epi32(value));
        TTT_UNROLL
        for (int j = 0; j < columns; j++) sums[i][j] = _mm512_dpbf16_ps(sums[i][j], row, bits<__m512bh>(column[j]));
      }
    }
  }
  TTT_UNROLL
  for (int i = 0; i < rows; i++) {
    TTT_UNROLL
    for (int j = 0; j < columns; j++) _mm512_storeu_ps(c + i * c_stride + j * tile_width, sums[i][j]);
  }
}

template <int pieces>
bool by_tiles() {
  return pieces == f32_in_pieces || product_factors == Factors::tiles;
}

/** c[rows ≤ 32, columns ≤ 32] = a · b; c takes whole tiles. */
template <int pieces>
void multiply_whole(int64_t steps, const uint16_t* a, const uint16_t* b, float* c, int64_t c_stride, int64_t rows,
                    int64_t columns) {
  if (by_tiles<pieces>()) {
    const auto multiply = rows > tile_width
                              ? (columns > tile_width ? multiply_tiles<2, 2, pieces> : multiply_tiles<2, 1, pieces>)
                              : (columns > tile_width ? multiply_tiles<1, 2, pieces> : multiply_tiles<1, 1, pieces>);
    return multiply(steps, a, b, c, c_stride);
  }
  for (int64_t i = 0; i < rows; i += 8) {
    const uint16_t* row = a + i / tile_width * tile_size + i % tile_width * tile_depth;
    columns > tile_width ? multiply_pairs<2>(steps, row, b, c + i * c_stride, c_stride)
                         : multiply_pairs<1>(steps, row, b, c + i * c_stride, c_stride);
  }
}
/** c[rows ≤ 32, columns ≤ 32] (+)= a · b. */
template <int pieces>
void multiply_block(int64_t steps, const uint16_t* a, const uint16_t* b, float* c, int64_t c_stride, int64_t rows,
                    int64_t columns, bool add) {
  if (!add && rows % tile_width == 0 && columns % tile_width == 0)
    return multiply_whole<pieces>(steps, a, b, c, c_stride, rows, columns);
  alignas(64) float sums[block_width * block_width];
  multiply_whole<pieces>(steps, a, b, sums, block_width, rows, columns);
  for (int64_t i = 0; i < rows; i++) scale_row(c + i * c_stride, sums + i * block_width, 1, columns, add);
}

TTT_TILES void configure_tiles() {
  struct alignas(64) {
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  } shapes;
  TTT_MEMORY;
  _tile_loadconfig(&shapes);
}
TTT_TILES void release_tiles() { _tile_release(); }

/** Tiles are ready while it lives; without them a thread costs less to switch. */
struct TilesInUse {
  const bool used;
  explicit TilesInUse(bool used) : used(used) {
    if (used) configure_tiles();
  }
  ~TilesInUse() {
    if (used) release_tiles();
  }
};

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
#endif
