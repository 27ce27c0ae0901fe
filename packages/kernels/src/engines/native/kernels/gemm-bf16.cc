// Both factors are copied into tiles of 16 rows (of A) or columns (of B) by 32 of the depth, rounded on the way; 2 x 2
// of them meet at a time.
#include "gemm-bf16.h"

#if TTT_BF16_UNITS && TTT_LANES == 16
#include <immintrin.h>

#define TTT_PAIRS __attribute__((target("avx512bf16")))
#define TTT_TILES __attribute__((target("avx512bf16,amx-tile,amx-bf16")))

namespace ttt {
namespace TTT_ISA {
namespace {

constexpr int64_t tile_width = 16, tile_depth = 32, tile_size = tile_width * tile_depth;
/** Rows of a strip and columns of a panel: two tiles. */
constexpr int64_t block_width = 2 * tile_width;
/**
 * Tiles along the depth, 256 in all as in f32, that a strip and a panel go through at once: both stay in the first-level
 * cache.
 */
constexpr int64_t block_steps = 8;
/** Of the panels that a task packs at once: they stay in the second-level cache. */
constexpr int64_t group_limit = int64_t{256} << 10;
/** Products beyond these are made piece by piece. */
constexpr int64_t depth_limit = 16384, packed_limit = int64_t{16} << 20;
/** Up to so many rows packing B is felt. */
constexpr int64_t few_rows = 256;

/** Rows of A, or columns of B: `lanes` vectors along the depth. */
struct Side {
  const float* data;
  int64_t stride, depth_stride, count, depth;
};

/** Two vectors rounded to nearest, ties to even; neighbours along the depth share 32 bits. */
TTT_PAIRS TTT_INLINE Vector rounded_pairs(Vector low, Vector high) {
  return bits<Vector>(_mm512_cvtne2ps_pbh(bits<__m512>(high), bits<__m512>(low)));
}
TTT_INLINE __mmask16 mask_of(int64_t count) {
  return count >= 16 ? 0xffff : count <= 0 ? 0 : static_cast<__mmask16>((1u << count) - 1);
}
TTT_INLINE Vector load_some(const float* p, __mmask16 mask) { return bits<Vector>(_mm512_maskz_loadu_ps(mask, p)); }

/**
 * Copies one tile, what lies past the matrix zero: `along_depth` by rows of 32 values of the depth, as A is read, else by
 * rows of 16 pairs, as B is.
 */
TTT_PAIRS void pack_tile(const Side& side, int64_t first, int64_t k, bool along_depth, uint16_t* tile) {
  const int64_t count = smaller(tile_width, side.count - first), depth = smaller(tile_depth, side.depth - k);
  const float* source = side.data + first * side.stride + k * side.depth_stride;
  Vector rows[16];
  const bool by_lane = side.stride != 1 || side.depth_stride == 1;
  if (side.depth_stride == 1) {
    const __mmask16 low = mask_of(depth), high = mask_of(depth - 16);
    TTT_UNROLL
    for (int i = 0; i < 16; i++) {
      rows[i] = Vector{};
      if (i < count)
        rows[i] = rounded_pairs(load_some(source + i * side.stride, low), load_some(source + i * side.stride + 16, high));
    }
  } else if (side.stride == 1) {
    const __mmask16 mask = mask_of(count);
    const __m512i neighbours = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                                21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    TTT_UNROLL
    for (int i = 0; i < 16; i++) {
      rows[i] = Vector{};
      if (2 * i < depth) {
        const float* row = source + 2 * i * side.depth_stride;
        const Vector next = 2 * i + 1 < depth ? load_some(row + side.depth_stride, mask) : Vector{};
        rows[i] = bits<Vector>(
            _mm512_permutexvar_epi16(neighbours, bits<__m512i>(rounded_pairs(load_some(row, mask), next))));
      }
    }
  } else {
    for (int64_t i = 0; i < 16; i++) {
      float values[tile_depth] = {};
      for (int64_t j = 0; i < count && j < depth; j++) values[j] = source[i * side.stride + j * side.depth_stride];
      rows[i] = rounded_pairs(load(values), load(values + 16));
    }
  }
  if (by_lane != along_depth) transpose_square(rows);
  TTT_UNROLL
  for (int i = 0; i < 16; i++) _mm512_storeu_ps(tile + i * tile_depth, bits<__m512>(rows[i]));
}

/** Packs tiles [first, last) over steps [from, to) of the depth into [tile][step]. */
void pack(const Side& side, int64_t first, int64_t last, int64_t from, int64_t to, bool along_depth, uint16_t* packed) {
  const int64_t tiles = last - first, steps = to - from;
  for (int64_t i = 0; i < tiles * steps; i++) {
    // The inner loop goes where values stand next to each other.
    const int64_t tile = side.depth_stride == 1 ? i / steps : i % tiles;
    const int64_t step = side.depth_stride == 1 ? i % steps : i / tiles;
    pack_tile(side, (first + tile) * tile_width, (from + step) * tile_depth, along_depth,
              packed + (tile * steps + step) * tile_size);
  }
}

/** Packed tiles over some steps of the depth: where the first stands, and from one tile to the next. */
struct Packed {
  const uint16_t* data;
  int64_t stride;
};

// The compiler doesn't know that tile loads read memory.
#define TTT_MEMORY asm volatile("" ::: "memory")

/** c[rows, columns] = a · b, of so many tiles. */
template <int rows, int columns>
TTT_TILES void multiply_tiles(int64_t steps, Packed a, Packed b, float* c, int64_t c_stride) {
  const int64_t row = c_stride * static_cast<int64_t>(sizeof(float));
  TTT_MEMORY;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int64_t i = 0; i < steps; i++) {
    const uint16_t *a_tile = a.data + i * tile_size, *b_tile = b.data + i * tile_size;
    _tile_loadd(4, a_tile, 64);
    _tile_loadd(6, b_tile, 64);
    _tile_dpbf16ps(0, 4, 6);
    if (columns > 1) {
      _tile_loadd(7, b_tile + b.stride, 64);
      _tile_dpbf16ps(1, 4, 7);
    }
    if (rows > 1) {
      _tile_loadd(5, a_tile + a.stride, 64);
      _tile_dpbf16ps(2, 5, 6);
      if (columns > 1) _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, c, row);
  if (columns > 1) _tile_stored(1, c + tile_width, row);
  if (rows > 1) _tile_stored(2, c + tile_width * c_stride, row);
  if (rows > 1 && columns > 1) _tile_stored(3, c + tile_width * c_stride + tile_width, row);
  TTT_MEMORY;
}

/** c[8 rows, columns] = a · b, of so many tiles of columns; `a` begins at one of its tile's rows. */
template <int columns>
TTT_PAIRS void multiply_pairs(int64_t steps, const uint16_t* a, Packed b, float* c, int64_t c_stride) {
  constexpr int rows = 8;
  __m512 sums[rows][columns] = {};
  for (int64_t step = 0; step < steps; step++) {
    for (int pair = 0; pair < 16; pair++) {
      __m512i column[columns];
      TTT_UNROLL
      for (int j = 0; j < columns; j++)
        column[j] = _mm512_loadu_si512(b.data + j * b.stride + step * tile_size + pair * tile_depth);
      TTT_UNROLL
      for (int i = 0; i < rows; i++) {
        int32_t value;
        std::memcpy(&value, a + step * tile_size + i * tile_depth + 2 * pair, sizeof value);
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

/** c[rows ≤ 32, columns ≤ 32] = a · b; c takes whole tiles. */
void multiply_whole(int64_t steps, Packed a, Packed b, float* c, int64_t c_stride, int64_t rows, int64_t columns) {
  if (bf16_products == Bf16::tiles) {
    if (rows > tile_width)
      columns > tile_width ? multiply_tiles<2, 2>(steps, a, b, c, c_stride) : multiply_tiles<2, 1>(steps, a, b, c, c_stride);
    else
      columns > tile_width ? multiply_tiles<1, 2>(steps, a, b, c, c_stride) : multiply_tiles<1, 1>(steps, a, b, c, c_stride);
    return;
  }
  for (int64_t i = 0; i < rows; i += 8) {
    const uint16_t* row = a.data + i / tile_width * a.stride + i % tile_width * tile_depth;
    columns > tile_width ? multiply_pairs<2>(steps, row, b, c + i * c_stride, c_stride)
                         : multiply_pairs<1>(steps, row, b, c + i * c_stride, c_stride);
  }
}
/** c[rows ≤ 32, columns ≤ 32] (+)= a · b. */
void multiply_block(int64_t steps, Packed a, Packed b, float* c, int64_t c_stride, int64_t rows, int64_t columns,
                    bool add) {
  if (!add && rows % tile_width == 0 && columns % tile_width == 0)
    return multiply_whole(steps, a, b, c, c_stride, rows, columns);
  alignas(64) float sums[block_width * block_width];
  multiply_whole(steps, a, b, sums, block_width, rows, columns);
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
  const bool used = bf16_products == Bf16::tiles;
  TilesInUse() {
    if (used) configure_tiles();
  }
  ~TilesInUse() {
    if (used) release_tiles();
  }
};

Side rows_of(const Product& p, int64_t batch) {
  return {p.a.data + batch * p.a.batch_stride, p.a.row_stride, p.a.column_stride, p.rows, p.depth};
}
Side columns_of(const Product& p, int64_t batch) {
  return {p.b.data + batch * p.b.batch_stride, p.b.column_stride, p.b.row_stride, p.columns, p.depth};
}
uint16_t* as_bf16(float* scratch) { return reinterpret_cast<uint16_t*>(scratch); }

/** One thread: B in the scratch, A strip by strip. */
void multiply_in_place(const Product& p, float* scratch) {
  const int64_t steps = ceil_div(p.depth, tile_depth);
  uint16_t* packed = as_bf16(scratch);
  alignas(64) uint16_t strip[2 * block_steps * tile_size];
  const TilesInUse tiles;
  for (int64_t batch = 0; batch < p.batch; batch++) {
    const Side rows = rows_of(p, batch);
    if (batch == 0 || p.b.batch_stride != 0)
      pack(columns_of(p, batch), 0, ceil_div(p.columns, tile_width), 0, steps, false, packed);
    for (int64_t step = 0; step < steps; step += block_steps) {
      const int64_t some = smaller(block_steps, steps - step);
      for (int64_t row = 0; row < p.rows; row += block_width) {
        const int64_t height = smaller(block_width, p.rows - row);
        pack(rows, row / tile_width, ceil_div(row + height, tile_width), step, step + some, true, strip);
        for (int64_t column = 0; column < p.columns; column += block_width) {
          const Packed b{packed + (column / tile_width * steps + step) * tile_size, steps * tile_size};
          multiply_block(some, {strip, some * tile_size}, b,
                         p.c + batch * p.c_batch_stride + row * p.c_row_stride + column, p.c_row_stride, height,
                         smaller(block_width, p.columns - column), p.accumulate || step > 0);
        }
      }
    }
  }
}

/** Whether a thread would do better with fewer, wider tasks: A then comes from beyond its own cache for each. */
bool is_large(int64_t packed) { return packed * 2 > int64_t{512} << 10; }

/** Packing B takes as long as multiplying it by 50 rows, and reading it from memory in f32 longer still. */
const uint16_t* kept_tiles(const Product& p) {
  if (p.rows > few_rows) return nullptr;
  const int64_t matrices = p.b.batch_stride == 0 ? 1 : p.batch;
  const int64_t steps = ceil_div(p.depth, tile_depth), tiles = ceil_div(p.columns, tile_width);
  const int64_t bytes = matrices * tiles * steps * tile_size * static_cast<int64_t>(sizeof(uint16_t));
  return static_cast<const uint16_t*>(kept_columns(p, Packing::bf16, bytes, [&](void* copy) {
    uint16_t* packed = static_cast<uint16_t*>(copy);
    parallel(matrices * tiles, tile_width * p.depth / 8, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; i++)
        pack(columns_of(p, i / tiles), i % tiles, i % tiles + 1, 0, steps, false, packed + i * steps * tile_size);
    });
  }));
}

/** All of A is packed first; then tasks over groups of panels of B, packed where no copy is kept, multiply. */
void multiply_in_tasks(const Product& p) {
  const uint16_t* kept = kept_tiles(p);
  const int64_t steps = ceil_div(p.depth, tile_depth), row_tiles = ceil_div(p.rows, tile_width);
  const int64_t strips = ceil_div(row_tiles, 2), panels = ceil_div(p.columns, block_width);
  const int64_t matrices = p.a.batch_stride == 0 ? 1 : p.batch;
  const int64_t each_a = row_tiles * steps * tile_size, each_panel = 2 * steps * tile_size;
  const int64_t tasks = thread_count() * (is_large(each_a) ? 2 : 4);
  // Few panels: rows are divided too, so that all threads have some.
  const int64_t row_groups = larger<int64_t>(1, smaller(ceil_div(tasks, p.batch * panels), p.rows / 128));
  const int64_t widest = larger<int64_t>(1, smaller(group_limit / each_panel, ceil_div(p.batch * panels, tasks)));
  const int64_t groups = ceil_div(panels, widest), each_b = ceil_div(panels, groups) * each_panel;
  const Scratch scratch(static_cast<size_t>((matrices * each_a + (kept ? 0 : thread_count() * each_b)) / 2));
  uint16_t *packed_a = as_bf16(scratch.floats()), *packed_b = packed_a + matrices * each_a;
  parallel(matrices * row_tiles, tile_width * p.depth / 8, [&](int64_t begin, int64_t end, int) {
    while (begin < end) {
      const int64_t batch = begin / row_tiles, first = begin % row_tiles;
      const int64_t last = smaller(row_tiles, first + end - begin);
      pack(rows_of(p, batch), first, last, 0, steps, true, packed_a + (batch * row_tiles + first) * steps * tile_size);
      begin += last - first;
    }
  });
  const int64_t cost = ceil_div(panels, groups) * block_width * p.depth * (ceil_div(p.rows, row_groups) + 48) / 128;
  parallel(p.batch * row_groups * groups, cost, [&](int64_t begin, int64_t end, int worker) {
    uint16_t* packed = packed_b + worker * each_b;
    const TilesInUse tiles;
    for (int64_t task = begin; task < end; task++) {
      const int64_t group = task % groups, rows = task / groups % row_groups, batch = task / groups / row_groups;
      const int64_t first = panels * group / groups, last = panels * (group + 1) / groups;
      const int64_t last_strip = strips * (rows + 1) / row_groups;
      const int64_t column_tiles = ceil_div(p.columns, tile_width);
      const int64_t matrix = p.b.batch_stride == 0 ? 0 : batch;
      if (!kept) pack(columns_of(p, batch), 2 * first, smaller(2 * last, column_tiles), 0, steps, false, packed);
      const uint16_t* b = kept ? kept + (matrix * column_tiles + 2 * first) * steps * tile_size : packed;
      const uint16_t* a = packed_a + (matrices > 1 ? batch * each_a : 0);
      float* c = p.c + batch * p.c_batch_stride;
      for (int64_t step = 0; step < steps; step += block_steps) {
        for (int64_t strip = strips * rows / row_groups; strip < last_strip; strip++) {
          const int64_t row = strip * block_width;
          for (int64_t panel = first; panel < last; panel++) {
            const int64_t column = panel * block_width;
            const Packed of_a{a + (2 * strip * steps + step) * tile_size, steps * tile_size};
            const Packed of_b{b + (2 * (panel - first) * steps + step) * tile_size, steps * tile_size};
            multiply_block(smaller(block_steps, steps - step), of_a, of_b, c + row * p.c_row_stride + column, p.c_row_stride,
                           smaller(block_width, p.rows - row), smaller(block_width, p.columns - column),
                           p.accumulate || step > 0);
          }
        }
      }
    }
  });
}

}  // namespace

int64_t bf16_scratch(int64_t columns, int64_t depth) {
  return ceil_div(columns, tile_width) * ceil_div(depth, tile_depth) * tile_size / 2;
}

void multiply_bf16(const Product& product, float* scratch) {
  if (scratch != nullptr) return multiply_in_place(product, scratch);
  if (product.depth > depth_limit) {
    Product first = product, rest = product;
    first.depth = depth_limit;
    rest.depth -= depth_limit;
    rest.a.data += depth_limit * rest.a.column_stride;
    rest.b.data += depth_limit * rest.b.row_stride;
    rest.accumulate = true;
    multiply_bf16(first, nullptr);
    return multiply_bf16(rest, nullptr);
  }
  if (product.batch * product.rows * product.depth <= packed_limit) return multiply_in_tasks(product);
  const auto [first, rest] = halves(product, block_width);
  multiply_bf16(first, nullptr);
  multiply_bf16(rest, nullptr);
}

}  // namespace TTT_ISA
}  // namespace ttt
#endif
