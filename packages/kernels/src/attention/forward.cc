// Causal attention by blocks of queries and tiles of keys: scores never stand for more than a block of queries, and only
// keys that some query of the block sees are touched.
//
// Tiles are [keys, queries]: a vector holds neighbouring queries, so that sums over keys are sums of vectors, and
// products take tiles and rows of keys as they stand; only a block's queries are packed.
#include "pieces.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Softmax over keys, tile by tile: the largest score so far, and the sum of what stands relative to it. */
struct RunningSoftmax {
  float *most, *total, *factor;

  void start(const Block& block) const {
    clear(total, block.stride);
    // Finite, so that hidden scores come out as 0 where a query has seen no key yet.
    for (int64_t i = 0; i < block.stride; i++) most[i] = -3e38f;
  }
  /** Turns scores into weights; `factor` is what all earlier ones are too large by. */
  template <bool masked>
  TTT_INLINE void add(const Block& block, const Tile& tile, float* scores) const {
    const Vector nothing = splat(-__builtin_inff());
    for_columns(tile, [&](int64_t i, auto n) {
      constexpr int count = decltype(n)::value;
      Vector top[count], sums[count] = {};
      for (int v = 0; v < count; v++) top[v] = load(most + i + v * lanes);
      for (int64_t j = 0; j < tile.count; j++) {
        float* row = scores + j * block.stride + i;
        for (int v = 0; v < count; v++) {
          Vector score = load(row + v * lanes);
          if (masked) {
            score = tile.mask(j, i + v * lanes) ? score : nothing;
            store(row + v * lanes, score);
          }
          top[v] = larger(score, top[v]);
        }
      }
      for (int64_t j = 0; j < tile.count; j++) {
        float* row = scores + j * block.stride + i;
        for (int v = 0; v < count; v++) {
          const Vector e = exp_below_zero(load(row + v * lanes) - top[v]);
          store(row + v * lanes, e);
          sums[v] += e;
        }
      }
      for (int v = 0; v < count; v++) {
        const int64_t at = i + v * lanes;
        const Vector rest = exp_below_zero(load(most + at) - top[v]);
        store(factor + at, rest);
        store(total + at, load(total + at) * rest + sums[v]);
        store(most + at, top[v]);
      }
    });
  }
};

}  // namespace

/** q, k, v, offset -> y, logSumExp [batch, heads, queries] */
void Attention(const Call& call) {
  const Shape s(call);
  const float *q = call.inputs[q_in].floats(), *k = call.inputs[k_in].floats(), *v = call.inputs[v_in].floats();
  float *y = call.outputs[0].floats(), *log_sums = call.outputs[1].floats();
  const Pieces pieces(s, forward_tasks);
  const int64_t per_worker = padded(s.tile_floats()) + 3 * padded(s.query_floats()) + 2 * padded(s.key_floats()) +
                             3 * padded(s.block) + padded(s.product_floats());
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  pieces.run([&](int64_t b, int64_t key_head, int64_t piece, int worker) {
    Carver carver{scratch.floats() + worker * per_worker};
    float *scores = carver.take(s.tile_floats()), *sums = carver.take(s.query_floats());
    const Queries of_q{carver.take(s.query_floats()), carver.take(s.query_floats())};
    KeyRows k_rows(s, k, b, key_head, carver.take(s.key_floats()));
    KeyRows v_rows(s, y ? v : nullptr, b, key_head, carver.take(s.key_floats()));
    const RunningSoftmax softmax{carver.take(s.block), carver.take(s.block), carver.take(s.block)};
    const Products products{s, carver.take(s.product_floats())};
    pieces.for_blocks(b, key_head, piece, [&](const Block& block) {
      k_rows.cover(block);
      v_rows.cover(block);
      of_q.take(s, block, q, s.scale);
      softmax.start(block);
      clear(sums, block.rows * s.width);
      for_tiles(s, block, [&](const Tile& tile) {
        products.scores(block, tile, k_rows, of_q, scores);
        tile.masked ? softmax.add<true>(block, tile, scores) : softmax.add<false>(block, tile, scores);
        if (y == nullptr) return;
        for (int64_t i = tile.begin; i < tile.begin + tile.queries(); i++)
          if (softmax.factor[i] != 1.0f) scale_row(sums + i * s.width, sums + i * s.width, softmax.factor[i], s.width);
        products.to_queries(block, tile, scores, v_rows, sums);
      });
      for (int64_t i = 0; i < block.rows; i++) {
        const float total = softmax.total[i];
        // Where a query sees no key at all, nothing is added up: the sum is 0, its logarithm −∞.
        if (y) scale_row(y + block.at + i * s.query_step(), sums + i * s.width, total == 0 ? 0 : 1 / total, s.width);
        if (log_sums) log_sums[block.row + i] = (total == 0 ? 0 : softmax.most[i]) + log_of(total);
      }
    });
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
