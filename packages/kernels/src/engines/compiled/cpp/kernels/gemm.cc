// Matrix products from register tiles of up to 12 x 2 vectors (6 x 2 where there are 16 registers, 4 x 2 in
// WebAssembly).
#include "gemm-bf16.h"
#include "panels.h"

namespace ttt {
namespace TTT_ISA {
namespace {

#if TTT_LANES == 16 || defined(__aarch64__)
constexpr int tile_rows = 12;
#elif defined(__wasm__)
// A product needs a register of its own before it is added.
constexpr int tile_rows = 4;
#else
constexpr int tile_rows = 6;
#endif
/** Columns per task: a step's share of B then stays in the second-level cache. */
constexpr int64_t panels_per_group = 1024 / panel;
/** Strips that repay packing a panel, and whose steps fill the second-level cache. */
constexpr int64_t fewest_strips = 16, most_strips = 48;
/** Values of A that a task goes through panel by panel: they stay in the second-level cache. */
constexpr int64_t slice_limit = int64_t{192} << 10;
/** Products whose packed form of A is larger are made piece by piece. */
constexpr int64_t packed_limit = int64_t{16} << 20;
/** Up to so many rows a panel of a quantised matrix isn't unpacked into memory. */
constexpr int64_t few_rows_by_blocks = 8;
/** Steps of the depth that A is fetched ahead by. */
constexpr int64_t fetched_ahead = 24;

/** How a strip of A is read: packed by steps of the depth, or where it stands, with neighbours along a column or a row. */
enum Strip { packed_strip, columns_in_place, rows_in_place };
constexpr int strip_kinds = 3;

/** What a tile of a packed strip brings into the second-level cache on its way: the value at `from`, and so on by steps. */
struct Fetch {
  const float* from;
  int64_t step;
};

/** One tile: c (+)= a[rows, depth] · b[depth, vectors · lanes]. */
template <int rows, int vectors, Strip strip>
void tile(int64_t depth, const float* a, int64_t a_stride, const float* b, int64_t b_stride, float* c, int64_t c_stride,
          int64_t columns, bool add, Fetch next) {
  Vector sums[rows][vectors] = {};
  if (strip == packed_strip) {
    a_stride = tile_rows;
    TTT_UNROLL
    for (int i = 0; i < rows; i++) {
      TTT_UNROLL
      for (int v = 0; v < vectors; v++) __builtin_prefetch(c + i * c_stride + v * lanes, 1);
    }
  }
  for (int64_t k = 0; k < depth; k++) {
    if (strip == packed_strip) {
      __builtin_prefetch(a + fetched_ahead * tile_rows);
      __builtin_prefetch(next.from + k * next.step, 0, 2);
    }
    Vector row[vectors];
    TTT_UNROLL
    for (int v = 0; v < vectors; v++) row[v] = load(b + v * lanes);
    TTT_UNROLL
    for (int i = 0; i < rows; i++) {
      const Vector x = splat(strip == rows_in_place ? a[i * a_stride] : a[i]);
      TTT_UNROLL
      for (int v = 0; v < vectors; v++) sums[i][v] += x * row[v];
    }
    a += strip == rows_in_place ? 1 : a_stride;
    b += b_stride;
  }
  if (columns == vectors * lanes) {
    TTT_UNROLL
    for (int i = 0; i < rows; i++) {
      TTT_UNROLL
      for (int v = 0; v < vectors; v++) {
        float* target = c + i * c_stride + v * lanes;
        store(target, add ? load(target) + sums[i][v] : sums[i][v]);
      }
    }
    return;
  }
  float values[rows][vectors * lanes];
  TTT_UNROLL
  for (int i = 0; i < rows; i++) {
    TTT_UNROLL
    for (int v = 0; v < vectors; v++) store(values[i] + v * lanes, sums[i][v]);
  }
  for (int i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++) c[i * c_stride + j] = add ? c[i * c_stride + j] + values[i][j] : values[i][j];
}

using Tile = void (*)(int64_t, const float*, int64_t, const float*, int64_t, float*, int64_t, int64_t, bool, Fetch);
struct TilesOfHeight {
  Tile by_width_and_strip[tile_vectors][strip_kinds];
};
template <int rows>
constexpr TilesOfHeight tiles_of_height() {
  return {{{tile<rows, 1, packed_strip>, tile<rows, 1, columns_in_place>, tile<rows, 1, rows_in_place>},
           {tile<rows, 2, packed_strip>, tile<rows, 2, columns_in_place>, tile<rows, 2, rows_in_place>}}};
}
struct Tiles {
  TilesOfHeight of_height[tile_rows];
};
template <int... rows>
constexpr Tiles tiles_up_to(std::integer_sequence<int, rows...>) {
  return {{tiles_of_height<rows + 1>()...}};
}
constexpr Tiles tiles = tiles_up_to(std::make_integer_sequence<int, tile_rows>{});

/** Copies a[rows, depth] into [depth, tile_rows]; the buffer has a vector to spare. */
void pack_rows(const float* a, int64_t row_stride, int64_t column_stride, int64_t rows, int64_t depth, float* packed) {
  int64_t k = 0;
  if (row_stride == 1 && rows == tile_rows)
    for (; k < depth; k++) std::memcpy(packed + k * tile_rows, a + k * column_stride, tile_rows * sizeof(float));
  if (column_stride == 1) {
    for (; k + lanes <= depth; k += lanes) {
      for (int64_t first = 0; first < tile_rows; first += lanes) {
        Vector square[lanes];
        for (int i = 0; i < lanes; i++)
          square[i] = first + i < rows ? load(a + (first + i) * row_stride + k) : Vector{};
        transpose_square(square);
        // In order: what a vector writes past its row is overwritten by the next.
        if (tile_rows - first >= lanes) {
          for (int i = 0; i < lanes; i++) store(packed + (k + i) * tile_rows + first, square[i]);
        } else {
          for (int i = 0; i < lanes; i++) {
            float values[lanes];
            store(values, square[i]);
            for (int64_t j = first; j < tile_rows; j++) packed[(k + i) * tile_rows + j] = values[j - first];
          }
        }
      }
    }
  }
  for (; k < depth; k++)
    for (int64_t i = 0; i < rows; i++) packed[k * tile_rows + i] = a[i * row_stride + k * column_stride];
}

/** How strips of A are read where they stand. */
struct InPlace {
  Strip kind;
  int64_t stride;
};
InPlace in_place(const Product& p) {
  if (p.a.row_stride == 1) return {columns_in_place, p.a.column_stride};
  return {rows_in_place, p.a.row_stride};
}
/** Steps of whole pages through A collide in the caches; many columns repay a copy of each strip anyway. */
bool repays_packing_a(const Product& p) { return p.columns > 8 * panel || in_place(p).stride % 512 == 0; }

/** Where a strip begins: strips are as even as can be, so that none is a thin rest. */
int64_t strip_start(const Product& p, int64_t strips, int64_t strip) { return p.rows * strip / strips; }

/** Brings part `part` of `parts` of a step of a panel, where it begins at b, into the second-level cache. */
void fetch_part(const Matrix& b, const Panel& of, int64_t depth, int64_t part, int64_t parts) {
  constexpr int64_t line = 64 / sizeof(float);
  const bool by_row = b.column_stride == 1;
  if (!by_row && b.row_stride != 1) return;
  const int64_t rows = by_row ? depth : of.columns, each = ceil_div(by_row ? of.columns : depth, line);
  const int64_t stride = by_row ? b.row_stride : b.column_stride;
  for (int64_t i = rows * each * part / parts; i < rows * each * (part + 1) / parts; i++)
    __builtin_prefetch(b.data + i / each * stride + i % each * line, 0, 2);
}

struct Plan {
  const Product& p;
  /** Packed panels, [batch or 1][panels][depth][panel]; only the last panel of each where whole ones are read in place. */
  float* packed;
  int64_t panels, strips;
  bool pack_all, pack_last, pack_a;
  /** Whether what is packed, which is everything then, is rounded to bf16. */
  bool rounded;
  int64_t packed_batch_stride, packed_matrices;

  bool is_packed(int64_t j) const { return pack_all || (pack_last && j == panels - 1); }
  float* packed_panel(int64_t matrix, int64_t j) const {
    return packed + matrix * packed_batch_stride + (pack_all ? j * p.depth * panel : 0);
  }
};

void pack(const Plan& plan) {
  const Product& p = plan.p;
  const int64_t each = plan.pack_all ? plan.panels : 1;
  parallel(plan.packed_matrices * each, p.depth * panel / 2, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t matrix = i / each, j = plan.pack_all ? i % each : plan.panels - 1;
      Matrix b = p.b;
      b.data += matrix * b.batch_stride;
      pack_panel(b, panel_of(p, j), p.depth, j, plan.rounded, plan.packed_panel(matrix, j));
    }
  });
}

/** Rows of strips [first_strip, last_strip) times panels [first_panel, last_panel), for one matrix of the batch. */
void multiply_block(const Plan& plan, int64_t batch, int64_t first_strip, int64_t last_strip, int64_t first_panel,
                    int64_t last_panel) {
  const Product& p = plan.p;
  const float* a = p.a.data + batch * p.a.batch_stride;
  const float* b = p.b.data + batch * p.b.batch_stride;
  float* c = p.c + batch * p.c_batch_stride;
  const int64_t matrix = plan.packed_matrices > 1 ? batch : 0;
  alignas(64) float packed_rows[tile_rows * depth_step + lanes];
  const InPlace of_a = in_place(p);
  for (int64_t k = 0; k < p.depth; k += depth_step) {
    const int64_t depth = smaller(depth_step, p.depth - k);
    for (int64_t strip = first_strip; strip < last_strip; strip++) {
      const int64_t row = strip_start(p, plan.strips, strip);
      const int64_t rows = strip_start(p, plan.strips, strip + 1) - row;
      const float* strip_data = a + row * p.a.row_stride + k * p.a.column_stride;
      if (plan.pack_a) {
        pack_rows(strip_data, p.a.row_stride, p.a.column_stride, rows, depth, packed_rows);
        if (plan.rounded) round_values(packed_rows, depth * tile_rows);
        strip_data = packed_rows;
      }
      const TilesOfHeight& of_height = tiles.of_height[rows - 1];
      for (int64_t j = first_panel; j < last_panel; j++) {
        const Panel of = panel_of(p, j);
        const bool packed = plan.is_packed(j);
        const float* b_data = packed ? plan.packed_panel(matrix, j) + k * of.width : b + k * p.b.row_stride + j * panel;
        of_height.by_width_and_strip[of.width / lanes - 1][plan.pack_a ? packed_strip : of_a.kind](
            depth, strip_data, of_a.stride, b_data, packed ? of.width : p.b.row_stride, c + row * p.c_row_stride + j * panel,
            p.c_row_stride, of.columns, p.accumulate || k > 0, {b_data, 0});
      }
    }
  }
}

void multiply_planned(const Plan& plan) {
  const Product& p = plan.p;
  if (plan.pack_all || plan.pack_last) pack(plan);
  int64_t group = smaller(plan.panels, panels_per_group);
  const int64_t strips = p.batch * plan.strips;
  // Few rows: more, narrower tasks.
  while (group > 2 && strips * ceil_div(plan.panels, group) < 4 * thread_count()) group = (group + 1) / 2;
  const int64_t groups = ceil_div(plan.panels, group);
  const int64_t cost = ceil_div(p.rows, plan.strips) * smaller(p.columns, group * panel) * p.depth / 16;
  parallel(groups * strips, cost, [&](int64_t begin, int64_t end, int) {
    while (begin < end) {
      const int64_t first_panel = begin / strips * group;
      const int64_t batch = begin % strips / plan.strips;
      const int64_t strip = begin % plan.strips;
      const int64_t last = smaller(plan.strips, strip + end - begin);
      multiply_block(plan, batch, strip, last, first_panel, smaller(plan.panels, first_panel + group));
      begin += last - strip;
    }
  });
}

/** Where a step of a panel begins. */
struct Step {
  int64_t k, panel;
};

/**
 * A is packed first, each step of the depth by strips, unless it is read where it stands. Then tasks over groups of strips
 * and panels take a step of a panel at a time, packed where no copy is kept: it stays in the first-level cache while the
 * strips meet it.
 */
void multiply_in_tasks(const Product& p, const float* kept, bool rounded) {
  const int64_t strips = ceil_div(p.rows, tile_rows), panels = ceil_div(p.columns, panel);
  const int64_t matrices = p.a.batch_stride == 0 ? 1 : p.batch;
  const int64_t strip_size = p.depth * tile_rows;
  const InPlace of_a = in_place(p);
  const bool pack_a = rounded || repays_packing_a(p);
  const Scratch scratch(pack_a ? static_cast<size_t>(matrices * strips * strip_size + lanes) : 0);
  const auto row_of = [&](int64_t strip) { return strip_start(p, strips, strip); };
  const auto place = [&](int64_t matrix, int64_t k, int64_t strip) {
    return scratch.floats() + matrix * strips * strip_size +
           tile_rows * (k * strips + smaller(depth_step, p.depth - k) * strip);
  };
  const auto unpacked = [&](int64_t matrix, int64_t k, int64_t strip) {
    return p.a.data + matrix * p.a.batch_stride + row_of(strip) * p.a.row_stride + k * p.a.column_stride;
  };
  parallel(pack_a ? matrices * strips : 0, strip_size / 4, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t matrix = i / strips, strip = i % strips;
      for (int64_t k = 0; k < p.depth; k += depth_step) {
        const int64_t depth = smaller(depth_step, p.depth - k);
        float* packed = place(matrix, k, strip);
        pack_rows(unpacked(matrix, k, strip), p.a.row_stride, p.a.column_stride, row_of(strip + 1) - row_of(strip), depth,
                  packed);
        if (rounded) round_values(packed, depth * tile_rows);
      }
    }
  });
  const int64_t enough = ceil_div(4 * thread_count(), p.batch * panels);
  const int64_t groups = larger(ceil_div(strips, most_strips), smaller(enough, ceil_div(strips, fewest_strips)));
  const int64_t group_rows = ceil_div(strips, groups) * tile_rows;
  const int64_t slice = larger(depth_step, slice_limit / group_rows / depth_step * depth_step);
  parallel(p.batch * groups * panels, group_rows * panel * p.depth / 16, [&](int64_t begin, int64_t end, int) {
    alignas(64) float step_of_panel[panel * depth_step];
    while (begin < end) {
      const int64_t first_panel = begin % panels, last_panel = smaller(panels, first_panel + end - begin);
      const int64_t group = begin / panels % groups, batch = begin / panels / groups;
      const int64_t first = strips * group / groups, last = strips * (group + 1) / groups;
      begin += last_panel - first_panel;
      // For each slice of the depth all panels, for each panel all steps of the slice.
      const auto after = [&](Step step) -> Step {
        const int64_t k = step.k + depth_step;
        if (k < p.depth && k % slice != 0) return {k, step.panel};
        if (step.panel + 1 < last_panel) return {step.k / slice * slice, step.panel + 1};
        return {k, first_panel};
      };
      const auto b_at = [&](Step step) {
        Matrix b = p.b;
        b.data += batch * b.batch_stride + step.k * b.row_stride + step.panel * panel * b.column_stride;
        return b;
      };
      const int64_t matrix = matrices > 1 ? batch : 0;
      for (Step step{0, first_panel}, next; step.k < p.depth; step = next) {
        next = after(step);
        const int64_t k = step.k, j = step.panel, depth = smaller(depth_step, p.depth - k);
        const Panel of = panel_of(p, j);
        const float* b_step = kept ? kept + j * panel * p.depth + k * of.width : step_of_panel;
        if (p.blocks)
          unpack_panel(*p.blocks, j * panel, k, depth, of.width, step_of_panel);
        else if (!kept)
          pack_panel(b_at(step), of, depth, 0, rounded, step_of_panel);
        float* c = p.c + batch * p.c_batch_stride + j * panel;
        const int64_t share = ceil_div(of.width, last - first);
        for (int64_t strip = first; strip < last; strip++) {
          // What comes after this step is fetched from memory meanwhile.
          const Fetch fetch = kept ? Fetch{b_step + depth * (of.width + share * (strip - first)), share} : Fetch{b_step, 0};
          if (!kept && !p.blocks && next.k < p.depth)
            fetch_part(b_at(next), panel_of(p, next.panel), smaller(depth_step, p.depth - next.k), strip - first, last - first);
          const int64_t row = row_of(strip), rows = row_of(strip + 1) - row;
          tiles.of_height[rows - 1].by_width_and_strip[of.width / lanes - 1][pack_a ? packed_strip : of_a.kind](
              depth, pack_a ? place(matrix, k, strip) : unpacked(matrix, k, strip), of_a.stride, b_step, of.width,
              c + row * p.c_row_stride, p.c_row_stride, of.columns, p.accumulate || k > 0, fetch);
        }
      }
    }
  });
}

void multiply_piecewise(const Product& p, const float* kept, bool rounded) {
  if (p.batch * p.rows * p.depth <= packed_limit || p.batch * p.rows <= tile_rows)
    return multiply_in_tasks(p, kept, rounded);
  const auto [first, rest] = halves(p, tile_rows);
  multiply_piecewise(first, kept, rounded);
  multiply_piecewise(rest, kept, rounded);
}

/** By B's size only: with other rows beside it, a row must come out the same. */
bool repays_pieces(const Product& p) { return p.depth >= 32 && p.columns >= 256 && p.depth * p.columns >= small_matrix; }

/** A product over no values. */
void clear_result(const Product& p) {
  if (p.accumulate) return;
  for (int64_t i = 0; i < p.batch * p.rows; i++) {
    float* row = p.c + i / p.rows * p.c_batch_stride + i % p.rows * p.c_row_stride;
    for_vectors(p.columns, [&](int64_t j, auto m) { store(row + j, Vector{}, m); });
  }
}

}  // namespace

int64_t product_scratch(int64_t columns, int64_t depth) {
  return larger(ceil_div(columns, panel) * panel * depth, bf16_scratch(columns, depth));
}

void multiply(const Product& product, float* scratch) {
  Product p = product;
  if (p.batch == 0 || p.rows == 0 || p.columns == 0) return;
  if (p.columns == 1) p.b.column_stride = 1;
  const bool shared = p.batch == 1 || p.b.batch_stride == 0;
  // One tall matrix instead of many that meet the same B.
  if (shared && p.batch > 1 && p.a.batch_stride == p.rows * p.a.row_stride && p.c_batch_stride == p.rows * p.c_row_stride) {
    p.rows *= p.batch;
    p.batch = 1;
  }
  if (p.depth == 0) return clear_result(p);
  if (p.blocks)
    return p.rows <= few_rows_by_blocks ? multiply_few_rows_by_blocks(p) : multiply_piecewise(p, nullptr, false);
  if (product_factors == Factors::pairs || product_factors == Factors::tiles) return multiply_bf16(p, scratch);
  if (product_factors == Factors::pieces && scratch == nullptr && repays_pieces(p)) return multiply_f32_in_pieces(p);
  const bool rounded = product_factors == Factors::rounded;
  const bool readable_in_place = p.b.column_stride == 1 && !rounded;
  // Rows of B at a distance of whole pages collide in the caches; a copy is worth it once enough rows use it.
  const bool large = p.rows >= 4 * tile_rows && (p.depth * p.columns > 65536 || p.b.row_stride % 512 == 0);
  const bool pack_all = !readable_in_place || large;
  if (scratch == nullptr && !inside_task()) {
    const float* kept = kept_panels(p, rounded);
    if (kept || pack_all) return multiply_piecewise(p, kept, rounded);
  }
  const bool pack_last = !pack_all && p.columns % lanes != 0;
  const int64_t matrices = shared ? 1 : p.batch;
  const int64_t each = pack_all ? product_scratch(p.columns, p.depth) : pack_last ? p.depth * panel : 0;
  const Scratch own(scratch == nullptr ? static_cast<size_t>(each * matrices) : 0);
  const Plan plan{p,          scratch == nullptr ? own.floats() : scratch,
                  ceil_div(p.columns, panel), ceil_div(p.rows, tile_rows),
                  pack_all,   pack_last,
                  rounded || repays_packing_a(p), rounded,
                  each,       matrices};
  multiply_planned(plan);
}

}  // namespace TTT_ISA
}  // namespace ttt
