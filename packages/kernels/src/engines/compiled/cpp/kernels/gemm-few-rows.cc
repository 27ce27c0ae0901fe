// A row or two by B in f32, where larger products are made by tiles of pieces: the sums that a tile does, in its order, so
// that the bits are the same. B is read once, as it is kept for products in f32.
#include "gemm-bf16.h"
#include "panels.h"

#if TTT_BF16_UNITS && TTT_LANES == 16

namespace ttt {
namespace TTT_ISA {
namespace {

/** The depth of a tile's product, in pairs of a place and the one so many lanes further. */
constexpr int64_t tile_steps = 2 * lanes;

/**
 * c[rows, columns] (+)= a · b as tiles give it: a in pieces [piece][depth, rows], b [depth, columns] and a stride, the
 * columns up to so many vectors.
 */
template <int rows, int vectors>
void multiply_columns(int64_t columns, int64_t depth, const float* a, const float* b, int64_t b_stride, float* c,
                      int64_t c_stride, bool add) {
  // Which piece of a meets which of b, in the order of multiply_tiles().
  constexpr int terms = 6, of_a[terms] = {0, 0, 1, 1, 2, 0}, of_b[terms] = {2, 1, 1, 0, 0, 0};
  __mmask16 masks[vectors];
  TTT_UNROLL
  for (int v = 0; v < vectors; v++) masks[v] = mask_of(columns - v * lanes);
  Vector sums[rows][vectors] = {};
  for (int64_t step = 0; step < depth; step += tile_steps) {
    // A tile's product adds up the first and the second of all pairs, each in a chain, and then both.
    Vector chains[2][terms][rows][vectors] = {};
    const int64_t pairs_there = smaller<int64_t>(lanes, depth - step);
    for (int64_t pair = 0; pair < pairs_there; pair++) {
      TTT_UNROLL
      for (int half = 0; half < 2; half++) {
        const int64_t k = step + pair + half * lanes;
        if (k >= depth) continue;
        TTT_UNROLL
        for (int v = 0; v < vectors; v++) {
          __builtin_prefetch(b + (k + tile_steps) * b_stride + v * lanes);
          const Pieces of_x(load_some(b + k * b_stride + v * lanes, masks[v]));
          TTT_UNROLL
          for (int term = 0; term < terms; term++) {
            TTT_UNROLL
            for (int row = 0; row < rows; row++)
              chains[half][term][row][v] += splat(a[(of_a[term] * depth + k) * rows + row]) * of_x.piece[of_b[term]];
          }
        }
      }
    }
    TTT_UNROLL
    for (int term = 0; term < terms; term++) {
      TTT_UNROLL
      for (int row = 0; row < rows; row++) {
        TTT_UNROLL
        for (int v = 0; v < vectors; v++) sums[row][v] += chains[0][term][row][v] + chains[1][term][row][v];
      }
    }
  }
  TTT_UNROLL
  for (int row = 0; row < rows; row++) {
    TTT_UNROLL
    for (int v = 0; v < vectors; v++) {
      float* place = c + row * c_stride + v * lanes;
      const Vector sum = add ? load_some(place, masks[v]) + sums[row][v] : sums[row][v];
      _mm512_mask_storeu_ps(place, masks[v], bits<__m512>(sum));
    }
  }
}

/** c[rows, columns] (+)= a · b, a in pieces, b [depth, columns] and a stride, the depth at most a step. */
void multiply_panel(int64_t rows, int64_t columns, int64_t depth, const float* a, const float* b, int64_t b_stride, float* c,
                    int64_t c_stride, bool add) {
  // As many sums as there are registers for.
  const int64_t width = rows == 1 ? 2 * lanes : lanes;
  const auto multiply = rows == 1 ? multiply_columns<1, 2> : multiply_columns<2, 1>;
  for (int64_t column = 0; column < columns; column += width)
    multiply(columns - column, depth, a, b + column, b_stride, c + column, c_stride, add);
}

/** a[rows, depth] in pieces [piece][depth, rows] */
void cut_rows(const Matrix& a, int64_t rows, int64_t depth, float* pieces) {
  if (rows == 1 && a.column_stride == 1)
    return for_vectors(depth, [&](int64_t k, auto m) {
      const Pieces of_x(load(a.data + k, m));
      for (int piece = 0; piece < f32_in_pieces; piece++) store(pieces + piece * depth + k, of_x.piece[piece], m);
    });
  for (int64_t row = 0; row < rows; row++)
    for (int64_t k = 0; k < depth; k++) {
      const Pieces of_x(splat(a.data[row * a.row_stride + k * a.column_stride]));
      for (int piece = 0; piece < f32_in_pieces; piece++) pieces[(piece * depth + k) * rows + row] = of_x.piece[piece][0];
    }
}

}  // namespace

void multiply_few_rows_in_pieces(const Product& p) {
  const float* kept = kept_panels(p, false);
  const int64_t panels = ceil_div(p.columns, panel), each = f32_in_pieces * p.rows * p.depth;
  const int64_t matrices = p.a.batch_stride == 0 ? 1 : p.batch;
  const Scratch pieces(static_cast<size_t>(matrices * each));
  for (int64_t batch = 0; batch < matrices; batch++)
    for (int64_t k = 0; k < p.depth; k += depth_step) {
      const int64_t first = batch * p.a.batch_stride + k * p.a.column_stride;
      cut_rows({p.a.data + first, p.a.row_stride, p.a.column_stride}, p.rows, smaller(depth_step, p.depth - k),
               pieces.floats() + batch * each + f32_in_pieces * p.rows * k);
    }
  parallel(p.batch * panels, panel * p.depth * 2, [&](int64_t begin, int64_t end, int) {
    alignas(64) float step_of_panel[panel * depth_step];
    for (int64_t i = begin; i < end; i++) {
      const int64_t batch = i / panels, j = i % panels;
      const Panel of = panel_of(p, j);
      const float* a = pieces.floats() + (matrices > 1 ? batch * each : 0);
      for (int64_t k = 0; k < p.depth; k += depth_step) {
        const int64_t depth = smaller(depth_step, p.depth - k);
        Matrix b = p.b;
        b.data += batch * b.batch_stride + k * b.row_stride + j * panel * b.column_stride;
        if (!kept) pack_panel(b, of, depth, 0, false, step_of_panel);
        multiply_panel(p.rows, of.columns, depth, a + f32_in_pieces * p.rows * k,
                       kept ? kept + j * panel * p.depth + k * of.width : step_of_panel, of.width,
                       p.c + batch * p.c_batch_stride + j * panel, p.c_row_stride, p.accumulate || k > 0);
      }
    }
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
#endif
