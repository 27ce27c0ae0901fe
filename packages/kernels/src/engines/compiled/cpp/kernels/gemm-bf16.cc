// Products in bf16: which strips of A meet which panels of B, 2 x 2 tiles at a time, on which thread.
#include "bf16-multiply.h"

#if TTT_BF16_UNITS && TTT_LANES == 16

namespace ttt {
namespace TTT_ISA {
namespace {

/** Strips that repay packing a panel, and whose blocks stay in the second-level cache. */
constexpr int64_t fewest_strips = 8, most_strips = 16;
/** Panels that are packed at once: their rows are longer than a line. */
constexpr int64_t panels_at_once = 4;
/** Products beyond these are made piece by piece. */
constexpr int64_t depth_limit = 16384, packed_limit = int64_t{16} << 20;
/** Packed values of a small A, once for each thread. */
constexpr int64_t small_sides = 400000;
/** Up to so many rows packing B is felt. */
constexpr int64_t few_rows = 256;

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
