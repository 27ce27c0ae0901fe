// Both factors are copied into tiles of 16 rows (of A) or columns (of B) by 32 of the depth, rounded or cut into pieces on
// the way; 2 x 2 of them meet at a time.
#include "gemm-bf16.h"

#if TTT_BF16_UNITS && TTT_LANES == 16
#define TTT_PAIRS __attribute__((target("avx512bf16")))
#define TTT_TILES __attribute__((target("avx512bf16,amx-tile,amx-bf16")))

namespace ttt {
namespace TTT_ISA {
namespace {

constexpr int64_t tile_width = 16, tile_depth = 32, tile_size = tile_width * tile_depth;
/** Rows of a strip and columns of a panel: two tiles. */
constexpr int64_t block_width = 2 * tile_width;
/** Tiles along the depth, 256 in all as in f32, that a strip and a panel go through at once. */
constexpr int64_t block_steps = 8;
/** Strips that repay packing a panel, and whose blocks stay in the second-level cache. */
constexpr int64_t fewest_strips = 8, most_strips = 16;
/** Panels that are packed at once: their rows are longer than a line. */
constexpr int64_t panels_at_once = 4;
/** Products beyond these are made piece by piece. */
constexpr int64_t depth_limit = 16384, packed_limit = int64_t{16} << 20;
/** What of a row is fetched ahead while it is packed: the next panel's. */
constexpr int64_t fetched_ahead = block_width;
/** Packed values of a small A, once for each thread. */
constexpr int64_t small_sides = 400000;
/** Up to so many rows packing B is felt. */
constexpr int64_t few_rows = 256;

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

Side rows_of(const Product& p, int64_t batch) {
  return {p.a.data + batch * p.a.batch_stride, p.a.row_stride, p.a.column_stride, p.rows, p.depth};
}
Side columns_of(const Product& p, int64_t batch) {
  return {p.b.data + batch * p.b.batch_stride, p.b.column_stride, p.b.row_stride, p.columns, p.depth};
}
uint16_t* as_bf16(float* scratch) { return reinterpret_cast<uint16_t*>(scratch); }

/** One thread, of rounded factors: B in the scratch, A strip by strip. */
void multiply_in_place(const Product& p, float* scratch) {
  constexpr int64_t step_values = 2 * tile_size;
  const int64_t steps = ceil_div(p.depth, tile_depth);
  uint16_t* packed = as_bf16(scratch);
  alignas(64) uint16_t strip[block_steps * step_values];
  const TilesInUse tiles(by_tiles<rounded>());
  for (int64_t batch = 0; batch < p.batch; batch++) {
    const Side rows = rows_of(p, batch);
    if (batch == 0 || p.b.batch_stride != 0)
      pack<rounded>(columns_of(p, batch), 0, ceil_div(p.columns, block_width), 0, steps, false, packed);
    for (int64_t step = 0; step < steps; step += block_steps) {
      const int64_t some = smaller(block_steps, steps - step);
      for (int64_t row = 0; row < p.rows; row += block_width) {
        const int64_t height = smaller(block_width, p.rows - row);
        pack<rounded>(rows, row / block_width, row / block_width + 1, step, step + some, true, strip);
        for (int64_t column = 0; column < p.columns; column += block_width)
          multiply_block<rounded>(some, strip, packed + (column / block_width * steps + step) * step_values,
                                 p.c + batch * p.c_batch_stride + row * p.c_row_stride + column, p.c_row_stride, height,
                                 smaller(block_width, p.columns - column), p.accumulate || step > 0);
      }
    }
  }
}

/** Packing B takes as long as multiplying it by 50 rows. */
template <int pieces>
const uint16_t* kept_panels(const Product& p) {
  if (p.rows > few_rows) return nullptr;
  const int64_t matrices = p.b.batch_stride == 0 ? 1 : p.batch;
  const int64_t steps = ceil_div(p.depth, tile_depth), panels = ceil_div(p.columns, block_width);
  const int64_t each = 2 * pieces * steps * tile_size;
  const int64_t bytes = matrices * panels * each * static_cast<int64_t>(sizeof(uint16_t));
  const Packing packing = pieces == rounded ? Packing::bf16 : Packing::pieces;
  return static_cast<const uint16_t*>(kept_columns(p, packing, bytes, [&](void* copy) {
    uint16_t* packed = static_cast<uint16_t*>(copy);
    parallel(matrices * panels, block_width * p.depth / 8, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; i++)
        pack<pieces>(columns_of(p, i / panels), i % panels, i % panels + 1, 0, steps, false, packed + i * each);
    });
  }));
}

/**
 * A is packed first. Then tasks over groups of strips and panels take some steps of a few panels at a time, which all strips
 * of the group meet: these stay in the second-level cache.
 */
template <int pieces>
void multiply_in_tasks(const Product& p) {
  const uint16_t* kept = kept_panels<pieces>(p);
  constexpr int64_t step_values = 2 * pieces * tile_size;
  const int64_t steps = ceil_div(p.depth, tile_depth);
  const int64_t strips = ceil_div(p.rows, block_width), panels = ceil_div(p.columns, block_width);
  const int64_t matrices = p.a.batch_stride == 0 ? 1 : p.batch;
  const int64_t each = steps * step_values;
  // A small A is packed by each thread for itself: that takes less time than to wait for another's part and to fetch it.
  const bool by_each = p.batch == 1 && strips * each * thread_count() <= small_sides;
  const Scratch scratch(static_cast<size_t>((by_each ? thread_count() : matrices) * strips * each / 2));
  uint16_t* packed_a = as_bf16(scratch.floats());
  parallel(by_each ? 0 : matrices * strips, block_width * p.depth / 8, [&](int64_t begin, int64_t end, int) {
    while (begin < end) {
      const int64_t batch = begin / strips, first = begin % strips;
      const int64_t last = smaller(strips, first + end - begin);
      pack<pieces>(rows_of(p, batch), first, last, 0, steps, true, packed_a + begin * each);
      begin += last - first;
    }
  });
  // Groups of strips first: each share of the panels goes through all of A, which may lie far away.
  const int64_t tasks = (by_each ? 1 : 2) * thread_count();
  const int64_t enough = ceil_div(tasks, p.batch * panels);
  const int64_t groups = larger(ceil_div(strips, most_strips), smaller(enough, ceil_div(strips, fewest_strips)));
  const int64_t spans = smaller(panels, ceil_div(tasks, p.batch * groups));
  const int64_t cost = block_width * ceil_div(panels, spans) * p.depth * (ceil_div(p.rows, groups) * pieces + 48) / 128;
  parallel(p.batch * groups * spans, cost, [&](int64_t begin, int64_t end, int worker) {
    if (by_each) pack<pieces>(rows_of(p, 0), 0, strips, 0, steps, true, packed_a + worker * strips * each);
    alignas(64) uint16_t own[panels_at_once * block_steps * step_values];
    const TilesInUse tiles(by_tiles<pieces>());
    for (int64_t task = begin; task < end; task++) {
      const int64_t span = task % spans, group = task / spans % groups, batch = task / spans / groups;
      const int64_t first_panel = panels * span / spans, last_panel = panels * (span + 1) / spans;
      const int64_t first = strips * group / groups, last = strips * (group + 1) / groups;
      const uint16_t* a = packed_a + (by_each ? worker : matrices > 1 ? batch : 0) * strips * each;
      const int64_t first_kept = p.b.batch_stride == 0 ? 0 : batch * panels;
      float* c = p.c + batch * p.c_batch_stride;
      for (int64_t step = 0; step < steps; step += block_steps) {
        const int64_t some = smaller(block_steps, steps - step);
        for (int64_t panel = first_panel; panel < last_panel; panel += panels_at_once) {
          const int64_t end_panel = smaller(panel + panels_at_once, last_panel);
          if (!kept) pack<pieces>(columns_of(p, batch), panel, end_panel, step, step + some, false, own);
          const uint16_t* b = kept ? kept + (first_kept + panel) * each + step * step_values : own;
          const int64_t each_panel = kept ? each : some * step_values;
          for (int64_t strip = first; strip < last; strip++) {
            const int64_t row = strip * block_width, rows = smaller(block_width, p.rows - row);
            for (int64_t i = panel; i < end_panel; i++) {
              const int64_t column = i * block_width;
              multiply_block<pieces>(some, a + strip * each + step * step_values, b + (i - panel) * each_panel,
                                     c + row * p.c_row_stride + column, p.c_row_stride, rows,
                                     smaller(block_width, p.columns - column), p.accumulate || step > 0);
            }
          }
        }
      }
    }
  });
}

template <int pieces>
void multiply_in(const Product& product) {
  if (product.depth > depth_limit) {
    Product first = product, rest = product;
    first.depth = depth_limit;
    rest.depth -= depth_limit;
    rest.a.data += depth_limit * rest.a.column_stride;
    rest.b.data += depth_limit * rest.b.row_stride;
    rest.accumulate = true;
    multiply_in<pieces>(first);
    return multiply_in<pieces>(rest);
  }
  if (product.batch * product.rows * product.depth <= packed_limit) return multiply_in_tasks<pieces>(product);
  const auto [first, rest] = halves(product, block_width);
  multiply_in<pieces>(first);
  multiply_in<pieces>(rest);
}

}  // namespace

int64_t bf16_scratch(int64_t columns, int64_t depth) {
  return ceil_div(columns, block_width) * ceil_div(depth, tile_depth) * tile_size;
}

void multiply_bf16(const Product& product, float* scratch) {
  scratch == nullptr ? multiply_in<rounded>(product) : multiply_in_place(product, scratch);
}
void multiply_f32_in_pieces(const Product& product) {
  product.rows <= rows_without_tiles ? multiply_few_rows_in_pieces(product) : multiply_in<f32_in_pieces>(product);
}

}  // namespace TTT_ISA
}  // namespace ttt
#endif
