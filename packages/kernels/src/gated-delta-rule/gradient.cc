// The gradient of the gated delta rule.
#include "head-chunk.h"

namespace ttt {
namespace TTT_ISA {

/**
 * q, k, v, g, beta, state, d_o, d_lastState -> grad_q, grad_k, grad_v, grad_g, grad_beta, grad_state.
 *
 * States before each chunk and what chunks write are computed again; then, from the last chunk to the first, the gradients
 * G of the states after each chunk, with those of what it wrote. With A = Q Kᵀ ⊙ E, the errors D = V − e ⊙ K S and
 * R the gradient of β D:
 *   (I + M)ᵀ R = Aᵀ d_o + t ⊙ K G        G ← e[last] G + (e ⊙ Q)ᵀ d_o − (β e ⊙ K)ᵀ R
 * With all of these, chunks stand alone: of dA = d_o V′ᵀ and dM = −R V′ᵀ,
 *   grad_Q = e ⊙ d_o Sᵀ + (dA ⊙ E) K     grad_v = β R     grad_β = ⟨R, D⟩ + Σ dM ⊙ K Kᵀ ⊙ E
 *   grad_K = t ⊙ V′ Gᵀ − β e ⊙ R Sᵀ + (dA ⊙ E)ᵀ Q + (X + Xᵀ) K with X = β dM ⊙ E
 * and a token's log decay gets, of everything that passes over it, the decayed value times its gradient.
 */
void GatedDeltaRuleGrad(const Call& call) {
  const Shape s(call);
  const float *d_o = call.inputs[6].floats(), *d_last = call.inputs[7].floats();
  float *grad_q = call.outputs[0].floats(), *grad_k = call.outputs[1].floats(), *grad_v = call.outputs[2].floats();
  float *grad_g = call.outputs[3].floats(), *grad_beta = call.outputs[4].floats(), *grad_state = call.outputs[5].floats();
  const SharedProducts shared(s);
  const size_t all_states = static_cast<size_t>(s.batch * s.heads * s.chunks * s.state_floats());
  const size_t all_rows = static_cast<size_t>(s.batch * s.heads * s.length * s.width);
  const Scratch before(all_states), after(all_states), all_errors(all_rows), all_written(all_rows), all_solved(all_rows);
  const auto state_at = [&](const Scratch& of, int64_t u, int64_t index) {
    return of.floats() + (u * s.chunks + index) * s.state_floats();
  };
  const size_t state_bytes = static_cast<size_t>(s.state_floats()) * sizeof(float);

  struct StatesMemory {
    HeadChunk chunk;
    float *state, *square, *slopes, *rows;
    StatesMemory(const Shape& s, Carver& carver)
        : chunk(s, carver),
          state(carver.take(s.state_floats())),
          square(carver.take(s.chunk * s.chunk)),
          slopes(carver.take(s.chunk * s.width)),
          rows(carver.take(s.chunk * s.width)) {}
  };
  {
    const int64_t cost = s.length * (2 * s.chunk + 5 * s.depth) * s.width / 16;
    parallel_with<StatesMemory>(s, s.batch * s.heads, cost, [&](int64_t begin, int64_t end, StatesMemory& memory) {
      HeadChunk& chunk = memory.chunk;
      const int64_t width = s.width;
      for (int64_t u = begin; u < end; u++) {
        const int64_t b = u / s.heads, head = u % s.heads;
        std::memcpy(memory.state, s.state + u * s.state_floats(), state_bytes);
        for (int64_t index = 0; index < s.chunks; index++) {
          std::memcpy(state_at(before, u, index), memory.state, state_bytes);
          chunk.move_to(b, head, index);
          chunk.correlations(shared.keys(chunk), memory.square);
          float* written = all_written.floats() + chunk.row_at();
          chunk.write(memory.state, memory.square, all_errors.floats() + chunk.row_at(), written);
          if (index + 1 == s.chunks) break;
          std::memcpy(memory.rows, written, static_cast<size_t>(chunk.rows * width) * sizeof(float));
          chunk.advance(memory.rows, memory.state);
        }
        for (int64_t i = 0; i < s.state_floats(); i++)
          memory.state[i] = d_last ? d_last[u * s.state_floats() + i] : 0.0f;
        for (int64_t index = s.chunks - 1; index >= 0; index--) {
          std::memcpy(state_at(after, u, index), memory.state, state_bytes);
          chunk.move_to(b, head, index);
          float* solved = all_solved.floats() + chunk.row_at();
          chunk.multiply(chunk.k_rows(), row_major(memory.state, width), chunk.rows, width, s.depth, solved, width, false);
          scale_rows(solved, chunk.decays.to_end, chunk.rows, width);
          if (d_o) {
            gather_rows(d_o + s.v_at(b, chunk.first, head), s.v_step(), chunk.rows, width, memory.slopes);
            chunk.scores(shared.queries(chunk), memory.square);
            multiply_lower_transposed(memory.square, s.chunk, memory.slopes, chunk.rows, width, solved, true,
                                      chunk.product);
          }
          chunk.correlations(shared.keys(chunk), memory.square);
          chunk.solve_transposed(memory.square, solved);
          if (index == 0 && grad_state == nullptr) break;
          scale_row(memory.state, memory.state, chunk.decays.whole, s.state_floats());
          if (d_o) {
            scale_rows(memory.slopes, chunk.decays.from_start, chunk.rows, width);
            chunk.multiply(transposed(chunk.q_rows()), row_major(memory.slopes, width), s.depth, width, chunk.rows,
                           memory.state, width, true);
          }
          for (int64_t i = 0; i < chunk.rows; i++)
            scale_row(memory.rows + i * width, solved + i * width, -chunk.rate(i) * chunk.decays.from_start[i], width);
          chunk.multiply(transposed(chunk.k_rows()), row_major(memory.rows, width), s.depth, width, chunk.rows,
                         memory.state, width, true);
        }
        if (grad_state) std::memcpy(grad_state + u * s.state_floats(), memory.state, state_bytes);
      }
    });
  }

  struct Memory {
    HeadChunk chunk;
    /** [chunk, chunk]: dA and dM of one head, dA ⊙ E and β dM ⊙ E summed over heads. */
    float *grad_scores, *grad_correlations, *by_queries, *by_keys;
    /** [chunk, width] and [chunk, depth] */
    float *slopes, *rows, *grad_q, *grad_k, *part;
    /** By token: what later tokens got from it so far, what passes over it, what arrives at it from the chunk's start. */
    float *given, *passing, *arriving;
    Memory(const Shape& s, Carver& carver) : chunk(s, carver) {
      for (float** square : {&grad_scores, &grad_correlations, &by_queries, &by_keys})
        *square = carver.take(s.chunk * s.chunk);
      for (float** each : {&slopes, &rows}) *each = carver.take(s.chunk * s.width);
      for (float** each : {&grad_q, &grad_k, &part}) *each = carver.take(s.chunk * s.depth);
      for (float** values : {&given, &passing, &arriving}) *values = carver.take(s.chunk);
    }
  };
  const int64_t cost = s.chunk * s.shared * (2 * s.chunk + 3 * s.depth) * s.width / 16;
  parallel_with<Memory>(s, s.batch * s.chunks * s.key_heads, cost, [&](int64_t begin, int64_t end, Memory& memory) {
    HeadChunk& chunk = memory.chunk;
    const int64_t width = s.width, depth = s.depth, step = s.chunk;
    for (int64_t u = begin; u < end; u++) {
      const int64_t key_head = u % s.key_heads, index = u / s.key_heads % s.chunks, b = u / s.key_heads / s.chunks;
      for (int64_t head = key_head * s.shared; head < (key_head + 1) * s.shared; head++) {
        const bool first_head = head == key_head * s.shared;
        chunk.move_to(b, head, index);
        const int64_t rows = chunk.rows;
        const float *state = state_at(before, b * s.heads + head, index);
        const float *grad_after = state_at(after, b * s.heads + head, index);
        const float *written = all_written.floats() + chunk.row_at(), *errors = all_errors.floats() + chunk.row_at();
        const float* solved = all_solved.floats() + chunk.row_at();
        const float *of_keys = shared.keys(chunk), *of_queries = shared.queries(chunk);
        gather_rows(d_o ? d_o + s.v_at(b, chunk.first, head) : nullptr, s.v_step(), rows, width, memory.slopes);
        const Matrix writtens = transposed(row_major(written, width));
        chunk.multiply(row_major(memory.slopes, width), writtens, rows, rows, width, memory.grad_scores, step, false);
        chunk.multiply(row_major(solved, width), writtens, rows, rows, width, memory.grad_correlations, step, false);

        // From the last token on: over token i passes what tokens from i on got from those before it.
        for (int64_t i = 0; i < rows; i++) memory.given[i] = 0;
        for (int64_t i = rows - 1; i >= 0; i--) {
          Vector passing = {}, by_rate = {};
          const Vector rate = splat(chunk.rate(i));
          chunk.decays.until(i, [&](int64_t j, Vector decay, auto m) {
            const int64_t at = i * step + j;
            const Integers before_i = lane_numbers() + splat(static_cast<int32_t>(j)) < splat(static_cast<int32_t>(i));
            const Vector by_queries = decay * load(memory.grad_scores + at, m);
            const Vector per_rate = before_i ? -decay * load(memory.grad_correlations + at, m) : Vector{};
            const Vector by_keys = rate * per_rate, key_product = load(of_keys + at, m);
            by_rate += per_rate * key_product;
            store(memory.by_queries + at, first_head ? by_queries : load(memory.by_queries + at, m) + by_queries, m);
            store(memory.by_keys + at, first_head ? by_keys : load(memory.by_keys + at, m) + by_keys, m);
            const Vector given = load(memory.given + j, m) + by_queries * load(of_queries + at, m) + by_keys * key_product;
            store(memory.given + j, given, m);
            passing += before_i ? given : Vector{};
          });
          memory.passing[i] = sum_lanes(passing);
          const int64_t gate = s.gate_at(b, chunk.first + i, head);
          if (grad_beta) grad_beta[gate] = dot(solved + i * width, errors + i * width, width) + sum_lanes(by_rate);
          if (grad_v) scale_row(grad_v + s.v_at(b, chunk.first + i, head), solved + i * width, chunk.rate(i), width);
        }

        // What reads the state before the chunk, and what the chunk adds to it.
        const Matrix states = transposed(row_major(state, width));
        const auto add_part = [&](float* sums, bool overwrite, const float* (HeadChunk::*row)(int64_t) const, float* along,
                                  bool accumulate) {
          for (int64_t i = 0; i < rows; i++) {
            const float* part = memory.part + i * depth;
            const float product = dot(part, (chunk.*row)(i), depth);
            along[i] = accumulate ? along[i] + product : product;
            scale_row(sums + i * depth, part, 1, depth, !overwrite);
          }
        };
        scale_rows(memory.slopes, chunk.decays.from_start, rows, width);
        chunk.multiply(row_major(memory.slopes, width), states, rows, depth, width, memory.part, depth, false);
        add_part(memory.grad_q, first_head, &HeadChunk::q_row, memory.arriving, false);
        for (int64_t i = 0; i < rows; i++)
          scale_row(memory.rows + i * width, solved + i * width, -chunk.rate(i) * chunk.decays.from_start[i], width);
        chunk.multiply(row_major(memory.rows, width), states, rows, depth, width, memory.part, depth, false);
        add_part(memory.grad_k, first_head, &HeadChunk::k_row, memory.arriving, true);
        for (int64_t i = 0; i < rows; i++)
          scale_row(memory.rows + i * width, written + i * width, chunk.decays.to_end[i], width);
        chunk.multiply(row_major(memory.rows, width), transposed(row_major(grad_after, width)), rows, depth, width,
                       memory.part, depth, false);
        // Nobody needs `given` any more: from here on it is what each token leaves at the end.
        add_part(memory.grad_k, false, &HeadChunk::k_row, memory.given, false);

        if (grad_g) {
          // Over a token pass, too, what stood before the chunk and stays until its end, and what earlier tokens leave there.
          float leaving = chunk.decays.whole * dot(state, grad_after, s.state_floats()), arriving = 0;
          for (int64_t i = 0; i < rows; i++) {
            memory.passing[i] += leaving;
            leaving += memory.given[i];
          }
          for (int64_t i = rows - 1; i >= 0; i--) {
            arriving += memory.arriving[i];
            grad_g[s.gate_at(b, chunk.first + i, head)] = memory.passing[i] + arriving;
          }
        }
      }
      const int64_t rows = chunk.rows;
      const Matrix by_queries = row_major(memory.by_queries, step), by_keys = row_major(memory.by_keys, step);
      chunk.multiply(by_queries, chunk.k_rows(), rows, depth, rows, memory.grad_q, depth, true);
      chunk.multiply(transposed(by_queries), chunk.q_rows(), rows, depth, rows, memory.grad_k, depth, true);
      chunk.multiply(by_keys, chunk.k_rows(), rows, depth, rows, memory.grad_k, depth, true);
      chunk.multiply(transposed(by_keys), chunk.k_rows(), rows, depth, rows, memory.grad_k, depth, true);
      for (int64_t i = 0; i < rows; i++) {
        const int64_t at = s.k_at(b, chunk.first + i, key_head);
        if (grad_q) scale_row(grad_q + at, memory.grad_q + i * depth, 1, depth);
        if (grad_k) scale_row(grad_k + at, memory.grad_k + i * depth, 1, depth);
      }
    }
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
