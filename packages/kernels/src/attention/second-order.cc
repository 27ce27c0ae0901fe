// The gradient of attention's gradient, by the blocks and tiles of forward.cc.
#include "gradient-rows.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** What a block's queries need for the gradient of the gradient, one value each. */
struct SecondOrderRows {
  /** Given: the log-sum-exp, ⟨d_y, y⟩, d_logSumExp − ⟨d_y, y⟩. Summed: Σ P ⊙ A and Σ P ⊙ X. */
  float *log_sum, *along_y, *shift, *mean, *bend;
};
/** Tiles of P, A, dP and C, see AttentionGradGrad. */
struct SecondOrderTiles {
  float *weights, *moves, *slopes, *bends;
};

/** S, A, dP, C become P, A, dP, X = A ⊙ (dP + shift) + C; sums up P ⊙ A and P ⊙ X. */
template <bool masked>
TTT_INLINE void sum_second_order(const Block& block, const Tile& tile, const SecondOrderRows& rows,
                                 const SecondOrderTiles& tiles) {
  for_columns(tile, [&](int64_t i, auto n) {
    constexpr int count = decltype(n)::value;
    Vector means[count] = {}, bends[count] = {};
    for (int64_t j = 0; j < tile.count; j++) {
      for (int v = 0; v < count; v++) {
        const int64_t column = i + v * lanes, at = j * block.stride + column;
        Vector weight = exp_below_zero(load(tiles.weights + at) - load(rows.log_sum + column));
        Vector move = load(tiles.moves + at), slope = load(tiles.slopes + at);
        Vector bend = move * (slope + load(rows.shift + column)) + load(tiles.bends + at);
        if (masked) {
          const Integers seen = tile.mask(j, column);
          weight = seen ? weight : Vector{};
          move = seen ? move : Vector{};
          slope = seen ? slope : Vector{};
          bend = seen ? bend : Vector{};
          store(tiles.moves + at, move);
          store(tiles.slopes + at, slope);
        }
        store(tiles.weights + at, weight);
        store(tiles.bends + at, bend);
        means[v] += weight * move;
        bends[v] += weight * bend;
      }
    }
    for (int v = 0; v < count; v++) {
      store(rows.mean + i + v * lanes, load(rows.mean + i + v * lanes) + means[v]);
      store(rows.bend + i + v * lanes, load(rows.bend + i + v * lanes) + bends[v]);
    }
  });
}

/** A, dP, X become E, dS and R; `bend` is f by now. */
TTT_INLINE void finish_second_order(const Block& block, const Tile& tile, const SecondOrderRows& rows,
                                    const SecondOrderTiles& tiles) {
  for_columns(tile, [&](int64_t i, auto n) {
    constexpr int count = decltype(n)::value;
    for (int64_t j = 0; j < tile.count; j++) {
      for (int v = 0; v < count; v++) {
        const int64_t column = i + v * lanes, at = j * block.stride + column;
        const Vector weight = load(tiles.weights + at), slope = load(tiles.slopes + at);
        const Vector mean = load(rows.mean + column);
        store(tiles.moves + at, weight * (load(tiles.moves + at) - mean));
        store(tiles.slopes + at, weight * (slope + load(rows.shift + column)));
        store(tiles.bends + at, weight * (load(tiles.bends + at) - mean * slope - load(rows.bend + column)));
      }
    }
  });
}

}  // namespace

/**
 * …, d_y, d_logSumExp, y, logSumExp, u_q = d_grad_q, u_k = d_grad_k, u_v = d_grad_v
 *   -> grad2_q, grad2_k, grad2_v, grad2_d_y, grad2_d_logSumExp.
 *
 * With P the weights, s the scale, dP = d_y · Vᵀ, D = ⟨d_y, y⟩ and dS = P ⊙ (dP − D + d_logSumExp), what is being
 * differentiated is Σ dS ⊙ A + P ⊙ C, where A = s (u_q · Kᵀ + Q · u_kᵀ) is the change of the scores along u and
 * C = d_y · u_vᵀ. With the sums over keys a = Σ P A, X = A ⊙ (dP − D + d_logSumExp) + C and f = Σ P X − a D:
 *   by the scores       R = P ⊙ (X − a dP − f)
 *   by dP               E = P ⊙ (A − a)
 *   grad2_q   = s (R · K + dS · u_k)        grad2_k = s (Rᵀ · Q + dSᵀ · u_q)
 *   grad2_d_y = E · V + P · u_v             grad2_v = Eᵀ · d_y             grad2_d_logSumExp = a
 * The sums come first, so the tiles of one block of queries stand until they are known.
 */
void AttentionGradGrad(const Call& call) {
  const Shape s(call, true);
  const float *q = call.inputs[q_in].floats(), *k = call.inputs[k_in].floats(), *v = call.inputs[v_in].floats();
  const float *d_y = call.inputs[d_y_in].floats(), *d_log_sums = call.inputs[d_log_sums_in].floats();
  const float *y = call.inputs[y_in].floats(), *log_sums = call.inputs[log_sums_in].floats();
  const float *u_q = call.inputs[u_q_in].floats(), *u_k = call.inputs[u_k_in].floats(), *u_v = call.inputs[u_v_in].floats();
  float *grad2_q = call.outputs[0].floats(), *grad2_k = call.outputs[1].floats(), *grad2_v = call.outputs[2].floats();
  float *grad2_d_y = call.outputs[3].floats(), *grad2_d_log_sums = call.outputs[4].floats();
  const Pieces pieces(s, gradient_tasks);
  const bool moves = u_q || u_k, by_scores = grad2_q || grad2_k;
  const bool needs_slopes = d_y && by_scores, needs_bends = d_y && u_v && by_scores;
  const int64_t all_tiles = s.longest() * s.block;
  const int64_t per_worker = 4 * padded(all_tiles) + 8 * padded(s.query_floats()) + 4 * padded(s.key_floats()) +
                             5 * padded(s.block) + padded(s.product_floats());
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  const Scratch of_k(grad2_k ? static_cast<size_t>(pieces.floats()) : 0);
  const Scratch of_v(grad2_v ? static_cast<size_t>(pieces.floats()) : 0);
  pieces.run([&](int64_t b, int64_t key_head, int64_t piece, int worker) {
    Carver carver{scratch.floats() + worker * per_worker};
    const SecondOrderTiles all{carver.take(all_tiles), carver.take(all_tiles), carver.take(all_tiles),
                               carver.take(all_tiles)};
    const Queries of_q{carver.take(s.query_floats()), carver.take(s.query_floats())};
    const Queries of_u{carver.take(s.query_floats()), carver.take(s.query_floats())};
    const Queries of_d_y{carver.take(s.query_floats()), carver.take(s.query_floats())};
    float *sums_q = carver.take(s.query_floats()), *sums_d_y = carver.take(s.query_floats());
    KeyRows k_rows(s, k, b, key_head, carver.take(s.key_floats()));
    KeyRows v_rows(s, v, b, key_head, carver.take(s.key_floats()));
    KeyRows u_k_rows(s, u_k, b, key_head, carver.take(s.key_floats()));
    KeyRows u_v_rows(s, u_v, b, key_head, carver.take(s.key_floats()));
    const SecondOrderRows rows{carver.take(s.block), carver.take(s.block), carver.take(s.block), carver.take(s.block),
                               carver.take(s.block)};
    const Products products{s, carver.take(s.product_floats())};
    float* sums_k = pieces.start_sums(of_k.floats(), b, key_head, piece);
    float* sums_v = pieces.start_sums(of_v.floats(), b, key_head, piece);
    pieces.for_blocks(b, key_head, piece, [&](const Block& block) {
      const auto tiles_at = [&](const Tile& tile) {
        const int64_t at = (tile.first - block.low) * block.stride;
        return SecondOrderTiles{all.weights + at, all.moves + at, all.slopes + at, all.bends + at};
      };
      for (KeyRows* rows_of : {&k_rows, &v_rows, &u_k_rows, &u_v_rows}) rows_of->cover(block);
      of_q.take(s, block, q, s.scale);
      if (u_q) of_u.take(s, block, u_q, s.scale);
      if (d_y) of_d_y.take(s, block, d_y, 1);
      copy_values(block, log_sums, rows.log_sum);
      copy_values(block, d_log_sums, rows.shift);
      inner_products(s, block, d_y, y, rows.along_y);
      for (int64_t i = 0; i < block.stride; i++) rows.shift[i] -= rows.along_y[i];
      clear(rows.mean, block.stride);
      clear(rows.bend, block.stride);
      for_tiles(s, block, [&](const Tile& tile) {
        const SecondOrderTiles tiles = tiles_at(tile);
        const int64_t size = tile.count * block.stride;
        products.scores(block, tile, k_rows, of_q, tiles.weights);
        if (u_q) products.scores(block, tile, k_rows, of_u, tiles.moves);
        if (u_k) products.scores(block, tile, u_k_rows, of_q, tiles.moves, u_q != nullptr);
        if (!moves) clear(tiles.moves, size);
        if (needs_slopes) products.scores(block, tile, v_rows, of_d_y, tiles.slopes);
        if (!needs_slopes) clear(tiles.slopes, size);
        if (needs_bends) products.scores(block, tile, u_v_rows, of_d_y, tiles.bends);
        if (!needs_bends) clear(tiles.bends, size);
        tile.masked ? sum_second_order<true>(block, tile, rows, tiles) : sum_second_order<false>(block, tile, rows, tiles);
      });
      if (grad2_d_log_sums)
        for (int64_t i = 0; i < block.rows; i++) grad2_d_log_sums[block.row + i] = rows.mean[i];
      for (int64_t i = 0; i < block.stride; i++) rows.bend[i] -= rows.mean[i] * rows.along_y[i];
      if (grad2_q) clear(sums_q, block.rows * s.width);
      if (grad2_d_y) clear(sums_d_y, block.rows * s.width);
      for_tiles(s, block, [&](const Tile& tile) {
        const SecondOrderTiles tiles = tiles_at(tile);
        finish_second_order(block, tile, rows, tiles);
        if (grad2_q) products.to_queries(block, tile, tiles.bends, k_rows, sums_q);
        if (grad2_q && u_k) products.to_queries(block, tile, tiles.slopes, u_k_rows, sums_q);
        if (grad2_d_y && moves) products.to_queries(block, tile, tiles.moves, v_rows, sums_d_y);
        if (grad2_d_y && u_v)
          products.to_queries(block, tile, tiles.weights, u_v_rows, sums_d_y);
        const int64_t at = (tile.first - pieces.low(b, piece)) * s.width;
        if (grad2_k) products.to_keys(block, tile, tiles.bends, of_q, sums_k + at);
        if (grad2_k && u_q) products.to_keys(block, tile, tiles.slopes, of_u, sums_k + at);
        if (grad2_v && moves && d_y) products.to_keys(block, tile, tiles.moves, of_d_y, sums_v + at);
      });
      if (grad2_q) copy_rows(sums_q, s.width, grad2_q + block.at, s.query_step(), block.rows, s.width, s.scale);
      if (grad2_d_y) copy_rows(sums_d_y, s.width, grad2_d_y + block.at, s.query_step(), block.rows, s.width);
    });
  });
  pieces.add_up(of_k.floats(), grad2_k);
  pieces.add_up(of_v.floats(), grad2_v);
}

}  // namespace TTT_ISA
}  // namespace ttt
