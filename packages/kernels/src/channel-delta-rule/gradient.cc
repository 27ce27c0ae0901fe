// The gradient of the delta rule with decays of channels.
#include "head-chunk.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Of one value head: what its chunks began with, wrote and multiplied with, and the working memory of one chunk's gradient. */
struct HeadGradient {
  const Shape& s;
  HeadChunk chunk;
  /** Of all chunks: states [K, V] before them, V′ [T, V], M and A [chunk, chunk]. */
  float *before, *written, *correlations, *scores;
  /** The gradient of the state after the chunk [K, V]. */
  float* after;
  /** Of a chunk: gradients of O and of what it writes [chunk, V], of M and A [chunk, chunk]. */
  float *slopes, *solved, *grad_correlations, *grad_scores;
  /** [chunk, K]: gradients; what later tokens got from a token so far, what passes over it; products with states. */
  float *grad_q, *grad_k, *grad_erase, *grad_g, *given, *by_query, *by_erase, *by_key;
  /** [K] */
  float* leaving;

  HeadGradient(const Shape& s, Carver& carver) : s(s), chunk(s, carver) {
    before = carver.take(larger<int64_t>(1, s.chunks) * s.state_floats());
    written = carver.take(s.length * s.width);
    for (float** squares : {&correlations, &scores}) *squares = carver.take(s.chunks * s.chunk * s.chunk);
    after = carver.take(s.state_floats());
    for (float** rows : {&slopes, &solved}) *rows = carver.take(s.chunk * s.width);
    for (float** square : {&grad_correlations, &grad_scores}) *square = carver.take(s.chunk * s.chunk);
    for (float** rows : {&grad_q, &grad_k, &grad_erase, &grad_g, &given, &by_query, &by_erase, &by_key})
      *rows = carver.take(s.chunk * s.depth);
    leaving = carver.take(s.depth);
  }
  float* before_chunk(int64_t index) const { return before + index * s.state_floats(); }
  float* of_chunk(float* squares, int64_t index) const { return squares + index * s.chunk * s.chunk; }

  /** Reads the head's tokens. */
  void read(int64_t b, int64_t head) {
    const size_t bytes = static_cast<size_t>(s.state_floats()) * sizeof(float);
    std::memcpy(before, s.state + (b * s.heads + head) * s.state_floats(), bytes);
    for (int64_t index = 0; index < s.chunks; index++) {
      chunk.move_to(b, head, index);
      chunk.products(of_chunk(correlations, index), of_chunk(scores, index));
      chunk.write(before_chunk(index), of_chunk(correlations, index), written + chunk.first * s.width);
      if (index + 1 == s.chunks) break;
      std::memcpy(before_chunk(index + 1), before_chunk(index), bytes);
      chunk.advance(written + chunk.first * s.width, before_chunk(index + 1));
    }
  }
  /**
   * The gradients of one chunk, with `after` moved to the chunk's start. With R the gradient of V − (e ⊙ X) S:
   *   (I + M)ᵀ R = Aᵀ d_o + (t ⊙ K) G        G ← e[last] ⊙ G + (e ⊙ Q)ᵀ d_o − (e ⊙ X)ᵀ R
   */
  void go_back(int64_t b, int64_t head, int64_t index, const float* d_o) {
    chunk.move_to(b, head, index);
    const int64_t rows = chunk.rows, width = s.width, depth = s.depth, step = s.chunk;
    const float *state = before_chunk(index), *wrote = written + chunk.first * width;
    const Matrix score = row_major(of_chunk(scores, index), step), writes = transposed(row_major(wrote, width));
    gather_rows(d_o ? d_o + s.v_at(b, chunk.first, head) : nullptr, s.v_step(), rows, width, slopes);
    const Matrix slope = row_major(slopes, width), solution = row_major(solved, width);
    chunk.multiply(row_major(chunk.keys, depth), row_major(after, width), rows, width, depth, solved, width, false);
    chunk.multiply(transposed(score), slope, rows, width, rows, solved, width, true);
    chunk.solve_transposed(of_chunk(correlations, index), solved);

    chunk.multiply(slope, writes, rows, rows, width, grad_scores, step, false);
    chunk.multiply(solution, writes, rows, rows, width, grad_correlations, step, false);
    const Matrix states = transposed(row_major(state, width));
    chunk.multiply(slope, states, rows, depth, width, by_query, depth, false);
    chunk.multiply(solution, states, rows, depth, width, by_erase, depth, false);
    chunk.multiply(row_major(wrote, width), transposed(row_major(after, width)), rows, depth, width, by_key, depth, false);
    for (int64_t d = 0; d < depth; d++)
      leaving[d] = chunk.whole()[d] * dot(state + d * width, after + d * width, width);

    chunk.decay_state(after);
    chunk.multiply(transposed(row_major(chunk.queries, depth)), slope, depth, width, rows, after, width, true);
    for (int64_t i = 0; i < rows * depth; i++) chunk.erased[i] = -chunk.erased[i];
    chunk.multiply(transposed(row_major(chunk.erased, depth)), solution, depth, width, rows, after, width, true);
    between_tokens();
    with_states();
  }

 private:
  /**
   * What comes of A and M. From the last token on: over token i passes what tokens from i on got from those before it. The
   * decays from token j to token i are products on the way from i back to j.
   */
  void between_tokens() {
    for_vectors(s.depth, [&](int64_t c, auto m) {
      const auto at = [&](const float* rows, int64_t i) { return load(rows + i * s.depth + c, m); };
      const auto put = [&](float* rows, int64_t i, Vector value) { store(rows + i * s.depth + c, value, m); };
      for (int64_t i = 0; i < chunk.rows; i++) {
        put(given, i, Vector{});
        put(grad_k, i, Vector{});
      }
      for (int64_t i = chunk.rows - 1; i >= 0; i--) {
        const float *of_scores = grad_scores + i * s.chunk, *of_correlations = grad_correlations + i * s.chunk;
        const Vector query = load(chunk.q_row(i) + c, m), erase = load(chunk.erase_row(i) + c, m);
        Vector to_query = splat(of_scores[i]) * load(chunk.k_row(i) + c, m), to_erase = {}, passing = {};
        Vector since = splat(1.0f);
        put(grad_k, i, at(grad_k, i) + splat(of_scores[i]) * query);
        for (int64_t j = i - 1; j >= 0; j--) {
          since = decayed(since, at(chunk.own, j + 1));
          const Vector key = since * load(chunk.k_row(j) + c, m);
          const Vector score = splat(of_scores[j]), correlation = splat(of_correlations[j]);
          to_query += score * key;
          to_erase -= correlation * key;
          const Vector rows = score * query - correlation * erase;
          put(grad_k, j, at(grad_k, j) + rows * since);
          const Vector gives = at(given, j) + rows * key;
          put(given, j, gives);
          passing += gives;
        }
        put(grad_q, i, to_query);
        put(grad_erase, i, to_erase);
        put(grad_g, i, passing);
      }
    });
  }
  /**
   * Adds what comes of the states: over a token pass, too, what it and later ones read of the state before the chunk, what it
   * leaves of that and what earlier ones leave at the chunk's end.
   */
  void with_states() {
    for_vectors(s.depth, [&](int64_t c, auto m) {
      const auto add = [&](float* rows, int64_t i, Vector value) {
        float* row = rows + i * s.depth + c;
        store(row, load(row, m) + value, m);
      };
      const auto at = [&](const float* rows, int64_t i) { return load(rows + i * s.depth + c, m); };
      Vector left = load(leaving + c, m);
      for (int64_t i = 0; i < chunk.rows; i++) {
        add(grad_g, i, left);
        add(grad_k, i, at(by_key, i) * at(chunk.to_end, i));
        left += at(by_key, i) * at(chunk.keys, i);
      }
      Vector read = {};
      for (int64_t i = chunk.rows - 1; i >= 0; i--) {
        // `erased` has its sign turned by now.
        read += at(by_query, i) * at(chunk.queries, i) + at(by_erase, i) * at(chunk.erased, i);
        add(grad_g, i, read);
        add(grad_q, i, at(by_query, i) * at(chunk.from_start, i));
        add(grad_erase, i, -at(by_erase, i) * at(chunk.from_start, i));
      }
    });
  }
};

}  // namespace

/**
 * q, k, erase, v, g, state, d_o, d_lastState -> grad_q, grad_k, grad_erase, grad_v, grad_g, grad_state. Value heads that
 * share keys or gates follow each other: the first overwrites, the others add.
 */
void ChannelDeltaRuleGrad(const Call& call) {
  const Shape s(call);
  const float *d_o = call.inputs[6].floats(), *d_last = call.inputs[7].floats();
  float *grad_q = call.outputs[0].floats(), *grad_k = call.outputs[1].floats(), *grad_erase = call.outputs[2].floats();
  float *grad_v = call.outputs[3].floats(), *grad_g = call.outputs[4].floats(), *grad_state = call.outputs[5].floats();
  const int64_t shared = s.heads / s.key_heads, gated = s.heads / s.gate_heads;
  const size_t state_bytes = static_cast<size_t>(s.state_floats()) * sizeof(float);
  const int64_t cost = shared * s.length * (3 * s.chunk + 9 * s.depth) * s.width / 16;
  parallel_with<HeadGradient>(s, s.batch * s.key_heads, cost, [&](int64_t begin, int64_t end, HeadGradient& memory) {
    for (int64_t head = begin * shared; head < end * shared; head++) {
      const int64_t b = head / s.heads, h = head % s.heads;
      memory.read(b, h);
      for (int64_t i = 0; i < s.state_floats(); i++) memory.after[i] = d_last ? d_last[head * s.state_floats() + i] : 0.0f;
      for (int64_t index = s.chunks - 1; index >= 0; index--) {
        memory.go_back(b, h, index, d_o);
        for (int64_t i = 0; i < memory.chunk.rows; i++) {
          const int64_t token = memory.chunk.first + i, keys = s.k_at(b, token, h), gates = s.g_at(b, token, h);
          const auto put = [&](float* to, const float* from, bool add) {
            if (to) scale_row(to, from + i * s.depth, 1, s.depth, add);
          };
          put(grad_q ? grad_q + keys : nullptr, memory.grad_q, h % shared != 0);
          put(grad_k ? grad_k + keys : nullptr, memory.grad_k, h % shared != 0);
          put(grad_erase ? grad_erase + gates : nullptr, memory.grad_erase, h % gated != 0);
          put(grad_g ? grad_g + gates : nullptr, memory.grad_g, h % gated != 0);
          if (grad_v) scale_row(grad_v + s.v_at(b, token, h), memory.solved + i * s.width, 1, s.width);
        }
      }
      if (grad_state) std::memcpy(grad_state + head * s.state_floats(), memory.after, state_bytes);
    }
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
