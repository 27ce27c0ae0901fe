// The gradient of causal attention, by the blocks and tiles of forward.cc.
#include "gradient-rows.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Scores and dP become P and P ⊙ (dP + shift). */
template <bool masked>
TTT_INLINE void weights_and_slopes(const Block& block, const Tile& tile, const float* log_sums, const float* shifts,
                                   float* weights, float* slopes) {
  for_columns(tile, [&](int64_t i, auto n) {
    constexpr int count = decltype(n)::value;
    for (int64_t j = 0; j < tile.count; j++) {
      for (int v = 0; v < count; v++) {
        const int64_t column = i + v * lanes, at = j * block.stride + column;
        Vector weight = exp_below_zero(load(weights + at) - load(log_sums + column));
        Vector slope = weight * (load(slopes + at) + load(shifts + column));
        if (masked) {
          const Integers seen = tile.mask(j, column);
          weight = seen ? weight : Vector{};
          slope = seen ? slope : Vector{};
        }
        store(weights + at, weight);
        store(slopes + at, slope);
      }
    }
  });
}

}  // namespace

/**
 * q, k, v, offset, d_y, d_logSumExp, y, logSumExp -> grad_q, grad_k, grad_v.
 * With P the weights: dP = d_y · Vᵀ, dS = P ⊙ (dP − ⟨d_y, y⟩ + d_logSumExp).
 */
void AttentionGrad(const Call& call) {
  const Shape s(call);
  const float *q = call.inputs[q_in].floats(), *k = call.inputs[k_in].floats(), *v = call.inputs[v_in].floats();
  const float *d_y = call.inputs[d_y_in].floats(), *d_log_sums = call.inputs[d_log_sums_in].floats();
  const float *y = call.inputs[y_in].floats(), *log_sums = call.inputs[log_sums_in].floats();
  float *grad_q = call.outputs[0].floats(), *grad_k = call.outputs[1].floats(), *grad_v = call.outputs[2].floats();
  const Pieces pieces(s, gradient_tasks);
  const int64_t per_worker = 2 * padded(s.tile_floats()) + 5 * padded(s.query_floats()) + 2 * padded(s.key_floats()) +
                             2 * padded(s.block) + padded(s.product_floats());
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  const Scratch of_k(grad_k ? static_cast<size_t>(pieces.floats()) : 0);
  const Scratch of_v(grad_v ? static_cast<size_t>(pieces.floats()) : 0);
  const bool needs_slopes = d_y && (grad_q || grad_k);
  pieces.run([&](int64_t b, int64_t key_head, int64_t piece, int worker) {
    Carver carver{scratch.floats() + worker * per_worker};
    float *weights = carver.take(s.tile_floats()), *slopes = carver.take(s.tile_floats());
    const Queries of_q{carver.take(s.query_floats()), carver.take(s.query_floats())};
    const Queries of_d_y{carver.take(s.query_floats()), carver.take(s.query_floats())};
    KeyRows k_rows(s, k, b, key_head, carver.take(s.key_floats()));
    KeyRows v_rows(s, needs_slopes ? v : nullptr, b, key_head, carver.take(s.key_floats()));
    float* sums_q = carver.take(s.query_floats());
    float *log_sum = carver.take(s.block), *shift = carver.take(s.block);
    const Products products{s, carver.take(s.product_floats())};
    float* sums_k = pieces.start_sums(of_k.floats(), b, key_head, piece);
    float* sums_v = pieces.start_sums(of_v.floats(), b, key_head, piece);
    pieces.for_blocks(b, key_head, piece, [&](const Block& block) {
      k_rows.cover(block);
      v_rows.cover(block);
      of_q.take(s, block, q, s.scale);
      if (d_y) of_d_y.take(s, block, d_y, 1);
      copy_values(block, log_sums, log_sum);
      inner_products(s, block, d_y, y, shift);
      for (int64_t i = 0; i < block.rows; i++) shift[i] = (d_log_sums ? d_log_sums[block.row + i] : 0.0f) - shift[i];
      if (grad_q) clear(sums_q, block.rows * s.width);
      for_tiles(s, block, [&](const Tile& tile) {
        products.scores(block, tile, k_rows, of_q, weights);
        if (needs_slopes)
          products.scores(block, tile, v_rows, of_d_y, slopes);
        else
          clear(slopes, tile.count * block.stride);
        tile.masked ? weights_and_slopes<true>(block, tile, log_sum, shift, weights, slopes)
                    : weights_and_slopes<false>(block, tile, log_sum, shift, weights, slopes);
        const int64_t at = (tile.first - pieces.low(b, piece)) * s.width;
        if (grad_q) products.to_queries(block, tile, slopes, k_rows, sums_q);
        if (grad_k) products.to_keys(block, tile, slopes, of_q, sums_k + at);
        if (grad_v && d_y) products.to_keys(block, tile, weights, of_d_y, sums_v + at);
      });
      if (grad_q) copy_rows(sums_q, s.width, grad_q + block.at, s.query_step(), block.rows, s.width, s.scale);
    });
  });
  pieces.add_up(of_k.floats(), grad_k);
  pieces.add_up(of_v.floats(), grad_v);
}

}  // namespace TTT_ISA
}  // namespace ttt
