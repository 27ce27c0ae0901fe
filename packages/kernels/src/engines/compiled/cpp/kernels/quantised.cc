// Products with quantised matrices. Few rows meet the values as they are unpacked, in registers; many rows meet panels
// that are unpacked for the tiles of gemm.cc. Every element is the same chain of multiply-adds either way, which is that of
// the product with the matrix in f32.
#include "gemm.h"

namespace ttt {
namespace TTT_ISA {
namespace {

constexpr int vectors_per_group = block_columns / lanes;
/** Groups of columns whose sums are in registers together: several chains hide each other's latency. */
constexpr int groups_at_once = lanes == 16 ? 4 : 1;
/** Cache lines that blocks are fetched ahead by. */
constexpr int64_t words_ahead = 16 * 40;

/** c[rows, groups of 16 columns] (+)= a[rows, depth] · blocks */
template <class Format, int rows, int groups>
void multiply_groups(const QuantisedBlocks& blocks, int64_t column, const float* a, int64_t a_stride, float* c, int64_t c_stride,
                     bool add) {
  constexpr int vectors = groups * vectors_per_group;
  constexpr int64_t step = depth_step / block_depth;
  constexpr int steps_of_half = block_depth / Format::step / Format::halves;
  for (int64_t first = 0; first < blocks.count; first += step) {
    Vector sums[rows][vectors] = {};
    for (int64_t block = first; block < smaller(first + step, blocks.count); block++) {
      const float* x = a + block * block_depth;
      const int32_t *units[vectors], *lows[vectors];
      TTT_UNROLL
      for (int v = 0; v < vectors; v++) {
        units[v] = unit_at<Format>(blocks, column + v * lanes, block);
        lows[v] = Format::lows(units[v], block % Format::blocks);
      }
      for (int half = 0; half < Format::halves; half++) {
        Vector scale[vectors], minimum[vectors];
        TTT_UNROLL
        for (int v = 0; v < vectors; v++) {
          const Scales scales = Format::scales(units[v], block % Format::blocks, half);
          scale[v] = scales.scale;
          minimum[v] = scales.minimum;
        }
        for (int at = half * steps_of_half; at < (half + 1) * steps_of_half; at++) {
          Packed packed[vectors];
          TTT_UNROLL
          for (int v = 0; v < vectors; v++) {
            packed[v] = Format::load(lows[v], at);
            __builtin_prefetch(lows[v] + at * block_columns + words_ahead);
          }
          const auto meet = [&](auto index) TTT_LAMBDA_INLINE {
            constexpr int i = decltype(index)::value;
            TTT_UNROLL
            for (int v = 0; v < vectors; v++) {
              const Vector value = scale[v] * Format::template get<i>(packed[v]) + minimum[v];
              TTT_UNROLL
              for (int row = 0; row < rows; row++) sums[row][v] += splat(x[row * a_stride + i]) * value;
            }
          };
          for_each_index(meet, std::make_integer_sequence<int, Format::step>{});
          x += Format::step;
        }
      }
    }
    TTT_UNROLL
    for (int row = 0; row < rows; row++) {
      TTT_UNROLL
      for (int v = 0; v < vectors; v++) {
        float* place = c + row * c_stride + column + v * lanes;
        store(place, add || first > 0 ? load(place) + sums[row][v] : sums[row][v]);
      }
    }
  }
}

template <class Format, int rows>
void multiply_rows(const Product& p, int64_t row) {
  const float* a = p.a.data + row * p.a.row_stride;
  float* c = p.c + row * p.c_row_stride;
  const int64_t groups = p.columns / block_columns;
  parallel(ceil_div(groups, groups_at_once), groups_at_once * block_columns * p.depth / 4, [&](int64_t begin, int64_t end, int) {
    int64_t group = begin * groups_at_once;
    const int64_t last = smaller(end * groups_at_once, groups);
    for (; group + groups_at_once <= last; group += groups_at_once)
      multiply_groups<Format, rows, groups_at_once>(*p.blocks, group * block_columns, a, p.a.row_stride, c, p.c_row_stride,
                                                  p.accumulate);
    for (; group < last; group++)
      multiply_groups<Format, rows, 1>(*p.blocks, group * block_columns, a, p.a.row_stride, c, p.c_row_stride, p.accumulate);
  });
}

template <class Format>
void multiply_few(const Product& p) {
  int64_t row = 0;
  for (; row + 4 <= p.rows; row += 4) multiply_rows<Format, 4>(p, row);
  if (p.rows - row == 3) return multiply_rows<Format, 3>(p, row);
  if (p.rows - row == 2) return multiply_rows<Format, 2>(p, row);
  if (p.rows - row == 1) return multiply_rows<Format, 1>(p, row);
}

template <class Format>
void unpack(const QuantisedBlocks& blocks, int64_t first, int64_t k, int64_t depth, int64_t width, float* packed) {
  constexpr int steps_of_half = block_depth / Format::step / Format::halves;
  for (int64_t j = 0; j < width; j += lanes)
    for (int64_t at_depth = 0; at_depth < depth; at_depth += block_depth) {
      const int64_t block = (k + at_depth) / block_depth;
      const int32_t* unit = unit_at<Format>(blocks, first + j, block);
      const int32_t* lows = Format::lows(unit, block % Format::blocks);
      float* target = packed + at_depth * width + j;
      for (int half = 0; half < Format::halves; half++) {
        const Scales scales = Format::scales(unit, block % Format::blocks, half);
        for (int at = half * steps_of_half; at < (half + 1) * steps_of_half; at++) {
          const Packed values = Format::load(lows, at);
          const auto put = [&](auto index) TTT_LAMBDA_INLINE {
            constexpr int i = decltype(index)::value;
            store(target + i * width, scales.value(Format::template get<i>(values)));
          };
          for_each_index(put, std::make_integer_sequence<int, Format::step>{});
          target += Format::step * width;
        }
      }
    }
}

}  // namespace

void multiply_few_rows_by_blocks(const Product& p) {
  with_format(*p.blocks, [&](auto format) { multiply_few<decltype(format)>(p); });
}

void unpack_panel(const QuantisedBlocks& blocks, int64_t first, int64_t k, int64_t depth, int64_t width, float* packed) {
  with_format(blocks, [&](auto format) { unpack<decltype(format)>(blocks, first, k, depth, width, packed); });
}

}  // namespace TTT_ISA
}  // namespace ttt
