// The gradient of the Mesa layer, implicitly: with x the solution for q and e that for Hkv d_o,
//   grad_q = e     grad_λ = −Σ e ⊙ x     of a token's own sums: −e xᵀ by Hkk, x d_oᵀ by Hkv.
// These slopes run backwards as the sums run forwards, R ← own + e^g R for the token before:
//   grad_k = β ((Rkk + Rkkᵀ) k + Rkv v)    grad_v = β Rkvᵀ k    grad_β = kᵀ Rkk k + kᵀ Rkv v    grad_g = e^g ⟨R, H before⟩
// Sums before blocks of tokens are kept, those before each token of a block are computed again.
#include "sums.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Tokens whose sums stand at once. */
constexpr int64_t block_tokens = 16;

struct Memory {
  Solver solver;
  /** [depth, depth + width] sums for each token of a block and after it; their slopes; rows of depth and width. */
  float *sums, *slope_keys, *slope_values, *row, *along, *back;
  /** The sums before each block; x and e of each token. */
  float *borders, *x, *e;
  Memory(const Shape& s, Carver& carver)
      : solver(s, carver),
        sums(carver.take((block_tokens + 1) * (s.keys_floats() + s.values_floats()))),
        slope_keys(carver.take(s.keys_floats())),
        slope_values(carver.take(s.values_floats())),
        row(carver.take(s.depth)),
        along(carver.take(s.depth)),
        back(carver.take(s.width)),
        borders(carver.take((ceil_div(s.length, block_tokens) + 1) * (s.keys_floats() + s.values_floats()))),
        x(carver.take(s.length * s.depth)),
        e(carver.take(s.length * s.depth)) {}
};

/** to [depth] (+)= matrix [depth, columns] · row [columns] */
void times_columns(const float* matrix, const float* row, int64_t depth, int64_t columns, float* to, bool accumulate) {
  for (int64_t i = 0; i < depth; i++) {
    const float sum = dot(matrix + i * columns, row, columns);
    to[i] = accumulate ? to[i] + sum : sum;
  }
}

void copy_or_clear(float* to, const float* from, int64_t floats) {
  if (from)
    std::memcpy(to, from, static_cast<size_t>(floats) * sizeof(float));
  else
    std::memset(to, 0, static_cast<size_t>(floats) * sizeof(float));
}

}  // namespace

/** …, d_o, d_keys, d_values -> grad_q, grad_k, grad_v, grad_g, grad_beta, grad_lambda, grad_keys, grad_values */
void MesaGrad(const Call& call) {
  const Shape s(call);
  const float* d_o = call.inputs[d_o_in].floats();
  float *grad_q = call.outputs[0].floats(), *grad_k = call.outputs[1].floats(), *grad_v = call.outputs[2].floats();
  float *grad_g = call.outputs[3].floats(), *grad_beta = call.outputs[4].floats(), *grad_lambda = call.outputs[5].floats();
  float *grad_keys = call.outputs[6].floats(), *grad_values = call.outputs[7].floats();
  const int64_t of_keys = s.keys_floats(), of_values = s.values_floats(), both = of_keys + of_values;
  const Scratch partials(static_cast<size_t>(s.batch * s.heads * s.depth));
  const int64_t cost = s.length * s.depth * (40 * s.depth + 4 * s.width) / 8;
  parallel_with<Memory>(s, s.batch * s.heads, cost, [&](int64_t begin, int64_t end, Memory& memory) {
    for (int64_t u = begin; u < end; u++) {
      const auto add_token = [&](int64_t t, const float* before, float* after) {
        const int64_t at = s.token_at(u, t);
        const float decay = s.decay(at), *key = s.k + at * s.depth;
        if (before != after) std::memcpy(after, before, static_cast<size_t>(both) * sizeof(float));
        decay_and_add(after, decay, key, s.beta[at], key, s.depth, s.depth);
        decay_and_add(after + of_keys, decay, key, s.beta[at], s.v + at * s.width, s.depth, s.width);
      };
      float* sum_lambda = partials.floats() + u * s.depth;
      copy_or_clear(sum_lambda, nullptr, s.depth);
      copy_or_clear(memory.sums, call.inputs[keys_in].floats() + u * of_keys, of_keys);
      copy_or_clear(memory.sums + of_keys, call.inputs[values_in].floats() + u * of_values, of_values);
      for (int64_t t = 0; t < s.length; t++) {
        if (t % block_tokens == 0) copy_or_clear(memory.borders + t / block_tokens * both, memory.sums, both);
        add_token(t, memory.sums, memory.sums);
        const int64_t at = s.token_at(u, t);
        float *x = memory.x + t * s.depth, *e = memory.e + t * s.depth;
        copy_or_clear(e, nullptr, s.depth);
        if (d_o) {
          memory.solver.solve(s, memory.sums, s.lambda_of(u), s.q + at * s.depth, x);
          times_columns(memory.sums + of_keys, d_o + at * s.width, s.depth, s.width, memory.row, false);
          memory.solver.solve(s, memory.sums, s.lambda_of(u), memory.row, e);
          for_vectors(s.depth, [&](int64_t i, auto m) {
            store(sum_lambda + i, load(sum_lambda + i, m) - load(e + i, m) * load(x + i, m), m);
          });
        }
        if (grad_q) copy_or_clear(grad_q + at * s.depth, e, s.depth);
      }

      const float *d_keys = call.inputs[d_keys_in].floats(), *d_values = call.inputs[d_values_in].floats();
      copy_or_clear(memory.slope_keys, d_keys ? d_keys + u * of_keys : nullptr, of_keys);
      copy_or_clear(memory.slope_values, d_values ? d_values + u * of_values : nullptr, of_values);
      for (int64_t t = s.length - 1; t >= 0; t--) {
        const int64_t first = t / block_tokens * block_tokens;
        if (t == s.length - 1 || t == first + block_tokens - 1) {
          copy_or_clear(memory.sums, memory.borders + first / block_tokens * both, both);
          for (int64_t i = first; i < t; i++)
            add_token(i, memory.sums + (i - first) * both, memory.sums + (i - first + 1) * both);
        }
        const int64_t at = s.token_at(u, t);
        const float *before = memory.sums + (t - first) * both, *key = s.k + at * s.depth, *value = s.v + at * s.width;
        if (d_o) {
          decay_and_add(memory.slope_keys, 1, memory.e + t * s.depth, -1, memory.x + t * s.depth, s.depth, s.depth);
          decay_and_add(memory.slope_values, 1, memory.x + t * s.depth, 1, d_o + at * s.width, s.depth, s.width);
        }
        times_columns(memory.slope_keys, key, s.depth, s.depth, memory.row, false);
        times_columns(memory.slope_values, value, s.depth, s.width, memory.row, true);
        if (grad_beta) grad_beta[at] = dot(key, memory.row, s.depth);
        times_rows(key, memory.slope_keys, s.depth, s.depth, memory.along);
        times_rows(key, memory.slope_values, s.depth, s.width, memory.back);
        if (grad_k)
          for_vectors(s.depth, [&](int64_t i, auto m) {
            const Vector sum = load(memory.row + i, m) + load(memory.along + i, m);
            store(grad_k + at * s.depth + i, splat(s.beta[at]) * sum, m);
          });
        if (grad_v) scale_row(grad_v + at * s.width, memory.back, s.beta[at], s.width);
        const float decay = s.decay(at);
        if (grad_g)
          grad_g[at] = decay * (dot(memory.slope_keys, before, of_keys) + dot(memory.slope_values, before + of_keys, of_values));
        scale_row(memory.slope_keys, memory.slope_keys, decay, of_keys);
        scale_row(memory.slope_values, memory.slope_values, decay, of_values);
      }
      if (grad_keys) copy_or_clear(grad_keys + u * of_keys, memory.slope_keys, of_keys);
      if (grad_values) copy_or_clear(grad_values + u * of_values, memory.slope_values, of_values);
    }
  });
  if (grad_lambda) sum_blocks(partials.floats(), s.batch, s.heads * s.depth, grad_lambda);
}

}  // namespace TTT_ISA
}  // namespace ttt
