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
template <class Bits, int rows, int groups>
void multiply_groups(const QuantisedBlocks& blocks, int64_t column, const float* a, int64_t a_stride, float* c, int64_t c_stride,
                     bool add) {
  constexpr int vectors = groups * vectors_per_group;
  constexpr int64_t step = depth_step / block_depth;
  for (int64_t first = 0; first < blocks.count; first += step) {
    Vector sums[rows][vectors] = {};
    for (int64_t block = first; block < smaller(first + step, blocks.count); block++) {
      const int32_t* words[vectors];
      Vector scale[vectors], minimum[vectors];
      TTT_UNROLL
      for (int v = 0; v < vectors; v++) {
        words[v] = blocks.at(column + v * lanes, block);
        const Scales scales(words[v]);
        scale[v] = scales.scale;
        minimum[v] = scales.minimum;
      }
      const float* x = a + block * block_depth;
      for (int word = 0; word < block_depth / Bits::per_word; word++) {
        Integers packed[vectors];
        TTT_UNROLL
        for (int v = 0; v < vectors; v++) {
          words[v] += block_columns;
          packed[v] = load_words(words[v]);
          __builtin_prefetch(words[v] + words_ahead);
        }
        const auto meet = [&](auto index) TTT_LAMBDA_INLINE {
          constexpr int i = decltype(index)::value;
          TTT_UNROLL
          for (int v = 0; v < vectors; v++) {
            const Vector value = scale[v] * Bits::template get<i>(packed[v]) + minimum[v];
            TTT_UNROLL
            for (int row = 0; row < rows; row++) sums[row][v] += splat(x[row * a_stride + i]) * value;
          }
        };
        for_each_index(meet, std::make_integer_sequence<int, Bits::per_word>{});
        x += Bits::per_word;
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

template <class Bits, int rows>
void multiply_rows(const Product& p, int64_t row) {
  const float* a = p.a.data + row * p.a.row_stride;
  float* c = p.c + row * p.c_row_stride;
  const int64_t groups = p.columns / block_columns;
  parallel(ceil_div(groups, groups_at_once), groups_at_once * block_columns * p.depth / 4, [&](int64_t begin, int64_t end, int) {
    int64_t group = begin * groups_at_once;
    const int64_t last = smaller(end * groups_at_once, groups);
    for (; group + groups_at_once <= last; group += groups_at_once)
      multiply_groups<Bits, rows, groups_at_once>(*p.blocks, group * block_columns, a, p.a.row_stride, c, p.c_row_stride,
                                                  p.accumulate);
    for (; group < last; group++)
      multiply_groups<Bits, rows, 1>(*p.blocks, group * block_columns, a, p.a.row_stride, c, p.c_row_stride, p.accumulate);
  });
}

template <class Bits>
void multiply_few(const Product& p) {
  int64_t row = 0;
  for (; row + 4 <= p.rows; row += 4) multiply_rows<Bits, 4>(p, row);
  if (p.rows - row == 3) return multiply_rows<Bits, 3>(p, row);
  if (p.rows - row == 2) return multiply_rows<Bits, 2>(p, row);
  if (p.rows - row == 1) return multiply_rows<Bits, 1>(p, row);
}

template <class Bits>
void unpack(const QuantisedBlocks& blocks, int64_t first, int64_t k, int64_t depth, int64_t width, float* packed) {
  for (int64_t j = 0; j < width; j += lanes)
    for (int64_t block = 0; block < depth / block_depth; block++) {
      const int32_t* words = blocks.at(first + j, k / block_depth + block);
      const Scales scales(words);
      float* target = packed + block * block_depth * width + j;
      for (int word = 0; word < block_depth / Bits::per_word; word++) {
        words += block_columns;
        const Integers values = load_words(words);
        const auto put = [&](auto index) TTT_LAMBDA_INLINE {
          constexpr int i = decltype(index)::value;
          store(target + i * width, scales.value(Bits::template get<i>(values)));
        };
        for_each_index(put, std::make_integer_sequence<int, Bits::per_word>{});
        target += Bits::per_word * width;
      }
    }
}

}  // namespace

void multiply_few_rows_by_blocks(const Product& p) {
  p.blocks->is_four_bits() ? multiply_few<FourBits>(p) : multiply_few<EightBits>(p);
}

void unpack_panel(const QuantisedBlocks& blocks, int64_t first, int64_t k, int64_t depth, int64_t width, float* packed) {
  blocks.is_four_bits() ? unpack<FourBits>(blocks, first, k, depth, width, packed)
                        : unpack<EightBits>(blocks, first, k, depth, width, packed);
}

}  // namespace TTT_ISA
}  // namespace ttt
