// Rows of queries and of keys as products take them, and the products of blocks and tiles.
#pragma once
#include "shape.h"

namespace ttt {
namespace TTT_ISA {
namespace {

inline void clear(float* values, int64_t n) {
  for_vectors(n, [&](int64_t i, auto m) { store(values + i, Vector{}, m); });
}
/** Copies rows, times a factor, to or from rows one after the other. */
inline void copy_rows(const float* from, int64_t from_step, float* to, int64_t to_step, int64_t rows, int64_t width,
                      float factor = 1) {
  for (int64_t i = 0; i < rows; i++) scale_row(to + i * to_step, from + i * from_step, factor, width);
}

/** A block's rows of a tensor like q, times a factor. */
struct Queries {
  /** [rows, width], and [width, stride] with zeros past the last query. */
  float *rows, *packed;

  void take(const Shape& s, const Block& block, const float* tensor, float factor) const {
    copy_rows(tensor + block.at, s.query_step(), rows, s.width, block.rows, s.width, factor);
    for (int64_t i = 0; i < block.stride; i += lanes) {
      int64_t c = 0;
      if (i + lanes <= block.rows) {
        for (; c + lanes <= s.width; c += lanes) {
          Vector square[lanes];
          TTT_UNROLL
          for (int j = 0; j < lanes; j++) square[j] = load(rows + (i + j) * s.width + c);
          transpose_square(square);
          TTT_UNROLL
          for (int j = 0; j < lanes; j++) store(packed + (c + j) * block.stride + i, square[j]);
        }
      }
      for (; c < s.width; c++)
        for (int64_t j = i; j < i + lanes; j++)
          packed[c * block.stride + j] = j < block.rows ? rows[j * s.width + c] : 0.0f;
    }
  }
};

/**
 * The rows of one head of a tensor like k that a block meets, one after the other. Where other heads stand between them
 * they are copied: products read them many times, and rows at large distances collide in the caches. Blocks go on from
 * each other, so only the rows that are new to a block are copied.
 */
class KeyRows {
 public:
  KeyRows(const Shape& s, const float* tensor, int64_t b, int64_t key_head, float* copy)
      : s_(s), source_(tensor == nullptr ? nullptr : tensor + s.key_at(b, 0, key_head)), copy_(copy) {}
  void cover(const Block& block) {
    if (source_ == nullptr || s_.keys_in_place()) return;
    if (block.low < first_ || block.low > end_) first_ = end_ = block.low;
    if (block.high - first_ > s_.kept_keys()) {
      std::memmove(copy_, copy_ + (block.low - first_) * s_.width,
                   static_cast<size_t>((end_ - block.low) * s_.width) * sizeof(float));
      first_ = block.low;
    }
    if (end_ < block.high)
      copy_rows(source_ + end_ * s_.key_step(), s_.key_step(), copy_ + (end_ - first_) * s_.width, s_.width,
                block.high - end_, s_.width);
    end_ = larger(end_, block.high);
  }
  Matrix of(const Tile& tile) const {
    if (s_.keys_in_place()) return row_major(source_ + tile.first * s_.key_step(), s_.key_step());
    return row_major(copy_ + (tile.first - first_) * s_.width, s_.width);
  }

 private:
  const Shape& s_;
  const float* source_;
  float* copy_;
  int64_t first_ = 0, end_ = 0;
};

/** The products of one head's blocks and tiles. */
struct Products {
  const Shape& s;
  float* scratch;

  /** scores [keys, queries] (+)= keys · queriesᵀ */
  void scores(const Block& block, const Tile& tile, const KeyRows& keys, const Queries& queries, float* scores,
              bool accumulate = false) const {
    const Matrix rows = keys.of(tile);
    if (block.rows == 1) {
      for (int64_t j = 0; j < tile.count; j++) {
        const float score = dot(rows.data + j * rows.row_stride, queries.rows, s.width);
        if (!accumulate) store(scores + j * lanes, Vector{});
        scores[j * lanes] += score;
      }
      return;
    }
    multiply({1, tile.count, tile.end - tile.begin, s.width, rows, row_major(queries.packed + tile.begin, block.stride),
              scores + tile.begin, block.stride, 0, accumulate},
             scratch);
  }
  /** sums [queries, width] += scoresᵀ · keys */
  void to_queries(const Block& block, const Tile& tile, const float* scores, const KeyRows& keys, float* sums) const {
    multiply({1, tile.queries(), s.width, tile.count, transposed(row_major(scores + tile.begin, block.stride)),
              keys.of(tile), sums + tile.begin * s.width, s.width, 0, true},
             scratch);
  }
  /** sums [keys, width] += scores · queries */
  void to_keys(const Block& block, const Tile& tile, const float* scores, const Queries& queries, float* sums) const {
    multiply({1, tile.count, s.width, tile.queries(), row_major(scores + tile.begin, block.stride),
              row_major(queries.rows + tile.begin * s.width, s.width), sums, s.width, 0, true},
             scratch);
  }
};

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
