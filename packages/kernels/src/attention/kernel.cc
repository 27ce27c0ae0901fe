// Causal attention by blocks of queries: the scores of a block stand in scratch, never those of all queries, and only
// keys that some query of the block sees are touched. The gradient recomputes them from the log-sum-exp.
#include "gemm.h"
#include "math.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** q [batch, queries, heads, width], k and v [batch, keys, key_heads, width]. */
struct Shape {
  int64_t batch, queries, heads, width, keys, key_heads, window, offset, block, longest;
  float scale;

  explicit Shape(const Call& call)
      : batch(call.inputs[0].dims[0]),
        queries(call.inputs[0].dims[1]),
        heads(call.inputs[0].dims[2]),
        width(call.inputs[0].dims[3]),
        keys(call.inputs[1].dims[1]),
        key_heads(call.inputs[1].dims[2]),
        window(static_cast<int64_t>(call.attributes[0])),
        offset(static_cast<int64_t>(call.attributes[1])),
        scale(static_cast<float>(1 / __builtin_sqrt(static_cast<double>(width)))) {
    // Small windows take small blocks: a block meets block + window keys. Blocks are as even as can be.
    const int64_t most = window > 0 && window < 48 ? 24 : 48;
    block = larger<int64_t>(1, ceil_div(queries, larger<int64_t>(1, ceil_div(queries, most))));
    longest = 0;
    for (int64_t first = 0; first < queries; first += block) {
      const int64_t last = smaller(first + block, queries) - 1;
      longest = larger(longest, last_key(last) - first_key(first) + 1);
    }
    longest = ceil_div(longest, lanes) * lanes;
  }
  int64_t first_key(int64_t query) const {
    return window == 0 ? 0 : smaller(keys, larger<int64_t>(0, offset + query - window + 1));
  }
  int64_t last_key(int64_t query) const { return smaller(keys - 1, offset + query); }
  int64_t blocks() const { return ceil_div(queries, block); }
  int64_t query_step() const { return heads * width; }
  int64_t key_step() const { return key_heads * width; }
  int64_t query_at(int64_t b, int64_t query, int64_t head) const { return ((b * queries + query) * heads + head) * width; }
  int64_t key_at(int64_t b, int64_t key, int64_t head) const { return ((b * keys + key) * key_heads + head) * width; }
  Matrix query_rows(const float* p) const { return {p, query_step(), 1}; }
  Matrix key_rows(const float* p) const { return {p, key_step(), 1}; }
  int64_t scratch_per_worker(int tiles) const {
    const int64_t packed = larger(larger(product_scratch(longest, width), product_scratch(width, longest)),
                                  product_scratch(width, block));
    return ceil_div(tiles * block * longest + packed, 16) * 16;
  }
};

/** Queries [first, first + rows) of one head against keys [low, low + count). */
struct Block {
  int64_t first, rows, low, count;
  /** From one row of scores to the next: whole vectors, of which the last may hold nothing of use. */
  int64_t stride;
  Block(const Shape& s, int64_t index) : first(index * s.block), rows(smaller(s.block, s.queries - first)) {
    low = s.first_key(first);
    count = larger<int64_t>(0, s.last_key(first + rows - 1) - low + 1);
    stride = ceil_div(count, lanes) * lanes;
  }
};

/** The keys [begin, end) of a block that one of its queries sees. */
struct Seen {
  int32_t begin, end;
  Seen(const Shape& s, const Block& block, int64_t i)
      : begin(static_cast<int32_t>(smaller(block.count, larger<int64_t>(0, s.first_key(block.first + i) - block.low)))),
        end(static_cast<int32_t>(larger<int64_t>(begin, s.last_key(block.first + i) - block.low + 1))) {}
  /** The vectors that hold some of them; all others are only ever zero. */
  int64_t first_vector() const { return begin / lanes * lanes; }
  int64_t last_vector() const { return ceil_div(end, lanes) * lanes; }
  void clear_rest(float* row, int64_t stride) const {
    for (int64_t j = 0; j < first_vector(); j += lanes) store(row + j, Vector{});
    for (int64_t j = last_vector(); j < stride; j += lanes) store(row + j, Vector{});
  }
  TTT_INLINE Integers mask(int64_t key) const {
    const Integers number = lane_numbers() + splat(static_cast<int32_t>(key));
    return (number >= splat(begin)) & (number < splat(end));
  }
};

}  // namespace

/** q, k, v -> y, logSumExp [batch, heads, queries] */
void Attention(const Call& call) {
  const Shape s(call);
  const float *q = call.inputs[0].floats(), *k = call.inputs[1].floats(), *v = call.inputs[2].floats();
  float *y = call.outputs[0].floats(), *log_sums = call.outputs[1].floats();
  const int64_t per_worker = s.scratch_per_worker(1);
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  parallel(s.batch * s.heads * s.blocks(), s.block * s.longest * s.width / 4, [&](int64_t begin, int64_t end, int worker) {
    float *scores = scratch.floats() + worker * per_worker, *packed = scores + s.block * s.longest;
    for (int64_t u = begin; u < end; u++) {
      const int64_t b = u / s.blocks() / s.heads, head = u / s.blocks() % s.heads, key_head = head * s.key_heads / s.heads;
      const Block block(s, u % s.blocks());
      if (block.count > 0)
        multiply({1, block.rows, block.count, s.width, s.query_rows(q + s.query_at(b, block.first, head)),
                  transposed(s.key_rows(k + s.key_at(b, block.low, key_head))), scores, block.stride},
                 packed);
      for (int64_t i = 0; i < block.rows; i++) {
        float* row = scores + i * block.stride;
        const Seen seen(s, block, i);
        seen.clear_rest(row, block.stride);
        const int64_t from = seen.first_vector(), to = seen.last_vector();
        const Vector nothing = splat(-__builtin_inff());
        Vector largest = nothing, sums = {};
        for (int64_t j = from; j < to; j += lanes) {
          const Vector score = seen.mask(j) ? load(row + j) * splat(s.scale) : nothing;
          largest = larger(largest, score);
          store(row + j, score);
        }
        const float most = seen.begin < seen.end ? max_lanes(largest) : 0.0f;
        for (int64_t j = from; j < to; j += lanes) {
          const Vector e = exp_of(load(row + j) - splat(most));
          store(row + j, e);
          sums += e;
        }
        const float total = sum_lanes(sums);
        const Vector share = splat(total > 0 ? 1.0f / total : total);
        for (int64_t j = from; j < to; j += lanes) store(row + j, load(row + j) * share);
        if (log_sums) log_sums[(b * s.heads + head) * s.queries + block.first + i] = most + log_of(total);
      }
      if (y)
        multiply({1, block.rows, s.width, block.count, row_major(scores, block.stride),
                  s.key_rows(v + s.key_at(b, block.low, key_head)), y + s.query_at(b, block.first, head), s.query_step()},
                 packed);
    }
  });
}

/**
 * q, k, v, d_y, d_logSumExp, y, logSumExp -> grad_q, grad_k, grad_v.
 * With P the weights: dP = d_y · Vᵀ, dS = P ⊙ (dP − ⟨d_y, y⟩ + d_logSumExp).
 */
void AttentionGrad(const Call& call) {
  const Shape s(call);
  const float *q = call.inputs[0].floats(), *k = call.inputs[1].floats(), *v = call.inputs[2].floats();
  const float *d_y = call.inputs[3].floats(), *d_log_sums = call.inputs[4].floats();
  const float *y = call.inputs[5].floats(), *log_sums = call.inputs[6].floats();
  float *grad_q = call.outputs[0].floats(), *grad_k = call.outputs[1].floats(), *grad_v = call.outputs[2].floats();
  fill(call.outputs[1], 0);
  fill(call.outputs[2], 0);
  const int64_t per_worker = s.scratch_per_worker(2), shared = s.heads / s.key_heads;
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  // A key head's gradients are summed over its queries' blocks in order, by one task.
  parallel(s.batch * s.key_heads, s.queries * shared * s.longest * s.width / 2, [&](int64_t begin, int64_t end, int worker) {
    float* weights = scratch.floats() + worker * per_worker;
    float *slopes = weights + s.block * s.longest, *packed = slopes + s.block * s.longest;
    for (int64_t u = begin; u < end; u++) {
      const int64_t b = u / s.key_heads, key_head = u % s.key_heads;
      for (int64_t h = 0; h < shared * s.blocks(); h++) {
        const int64_t head = key_head * shared + h / s.blocks();
        const Block block(s, h % s.blocks());
        const int64_t at = s.query_at(b, block.first, head), key_at = s.key_at(b, block.low, key_head);
        if (block.count > 0) {
          multiply({1, block.rows, block.count, s.width, s.query_rows(q + at), transposed(s.key_rows(k + key_at)),
                    weights, block.stride},
                   packed);
          if (d_y)
            multiply({1, block.rows, block.count, s.width, s.query_rows(d_y + at), transposed(s.key_rows(v + key_at)),
                      slopes, block.stride},
                     packed);
        }
        for (int64_t i = 0; i < block.rows; i++) {
          float *p = weights + i * block.stride, *slope = slopes + i * block.stride;
          const Seen seen(s, block, i);
          seen.clear_rest(p, block.stride);
          seen.clear_rest(slope, block.stride);
          const int64_t row = (b * s.heads + head) * s.queries + block.first + i;
          const int64_t query = at + i * s.query_step();
          const float shift = (d_log_sums ? d_log_sums[row] : 0.0f) - (d_y ? dot(d_y + query, y + query, s.width) : 0.0f);
          for (int64_t j = seen.first_vector(); j < seen.last_vector(); j += lanes) {
            const Vector score = load(p + j) * splat(s.scale) - splat(log_sums[row]);
            const Vector weight = seen.mask(j) ? exp_of(score) : Vector{};
            const Vector d_weight = (d_y ? load(slope + j) : Vector{}) + splat(shift);
            store(p + j, weight);
            store(slope + j, seen.mask(j) ? weight * d_weight * splat(s.scale) : Vector{});
          }
        }
        if (grad_q)
          multiply({1, block.rows, s.width, block.count, row_major(slopes, block.stride), s.key_rows(k + key_at),
                    grad_q + at, s.query_step()},
                   packed);
        if (grad_k)
          multiply({1, block.count, s.width, block.rows, transposed(row_major(slopes, block.stride)),
                    s.query_rows(q + at), grad_k + key_at, s.key_step(), 0, true},
                   packed);
        if (grad_v && d_y)
          multiply({1, block.count, s.width, block.rows, transposed(row_major(weights, block.stride)),
                    s.query_rows(d_y + at), grad_v + key_at, s.key_step(), 0, true},
                   packed);
      }
    }
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
