// The state space of Mamba 3, chunk by chunk; few tokens go one after the other.
#include "head-chunk.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Token after token, on states as they are given [P, N]. */
void scan_few_tokens(const Shape& s, float* y, float* last) {
  const Scratch kept(last ? 0 : static_cast<size_t>(s.batch * s.heads * s.state_floats()));
  float* states = last ? last : kept.floats();
  const int64_t cost = s.length * s.ranks * s.state_floats() / 2;
  parallel(s.batch * s.heads, cost, [&](int64_t begin, int64_t end, int) {
    for (int64_t u = begin; u < end; u++) {
      const int64_t b = u / s.heads, head = u % s.heads;
      float* state = states + u * s.state_floats();
      s.write_start(u, state);
      for (int64_t token = 0; token < s.length; token++) {
        const float *q = s.q + s.key_at(b, token, head), *k = s.k + s.key_at(b, token, head);
        const float* v = s.v + s.value_at(b, token, head);
        const int64_t at = s.token_at(b, token, head);
        scale_row(state, state, exp_of(larger(s.g[at], -1e30f)), s.state_floats());
        for (int64_t i = 0; y && i < s.ranks; i++) {
          float* out = y + s.value_at(b, token, head) + i * s.value_step();
          for (int64_t p = 0; p < s.width; p++)
            out[p] = dot(state + p * s.depth, q + i * s.key_step(), s.depth) + s.skip[head] * v[i * s.value_step() + p];
          for (int64_t j = 0; j < s.ranks; j++) {
            const float score = s.own[at] * dot(q + i * s.key_step(), k + j * s.key_step(), s.depth);
            scale_row(out, v + j * s.value_step(), score, s.width, true);
          }
        }
        for (int64_t j = 0; j < s.ranks; j++)
          for (int64_t p = 0; p < s.width; p++)
            scale_row(state + p * s.depth, k + j * s.key_step(), s.write[at] * v[j * s.value_step() + p], s.depth, true);
      }
    }
  });
}

}  // namespace

/** q, k, v, g, write, own, D, state, keyBefore, valueBefore, writeBefore -> y, lastState */
void MambaThreeScan(const Call& call) {
  const Shape s(call);
  float *y = call.outputs[0].floats(), *last = call.outputs[1].floats();
  if (s.length * s.ranks < few_tokens || s.length == 1) return scan_few_tokens(s, y, last);

  struct Memory {
    HeadChunk chunk;
    float *start, *state, *scores, *sums;
    Memory(const Shape& s, Carver& carver)
        : chunk(s, carver),
          start(carver.take(s.state_floats())),
          state(carver.take(s.state_floats())),
          scores(carver.take(s.rows * s.rows)),
          sums(carver.take(s.rows * s.width)) {}
  };
  const int64_t cost = s.length * s.ranks * (s.rows / 2 + 3 * s.depth) * s.width / 16;
  parallel_with<Memory>(s, s.batch * s.heads, cost, [&](int64_t begin, int64_t end, Memory& memory) {
    HeadChunk& chunk = memory.chunk;
    for (int64_t u = begin; u < end; u++) {
      const int64_t b = u / s.heads, head = u % s.heads, width = s.width, depth = s.depth;
      s.write_start(u, memory.start);
      transpose(memory.start, width, depth, memory.state);
      for (int64_t index = 0; index < s.chunks; index++) {
        chunk.move_to(b, head, index);
        const int64_t rows = chunk.rows;
        if (y) {
          chunk.multiply(chunk.q_rows(), transposed(chunk.k_rows()), rows, rows, depth, memory.scores, s.rows, false);
          for (int64_t i = 0; i < rows; i++) {
            const Vector own = splat(chunk.own(i));
            chunk.seen_by(i, [&](int64_t j, Vector decay, Integers earlier, auto m) {
              const int64_t at = i * s.rows + j;
              const Vector weight = decay * (earlier ? load(chunk.writes + j, m) : own);
              store(memory.scores + at, weight * load(memory.scores + at, m), m);
            });
          }
          chunk.multiply(chunk.q_rows(), row_major(memory.state, width), rows, width, depth, memory.sums, width, false);
          scale_rows(memory.sums, chunk.decays.from_start, rows, width);
          if (s.whole_triangles())
            multiply_lower(memory.scores, s.rows, chunk.values, rows, width, memory.sums, true, chunk.product);
          else
            chunk.multiply(row_major(memory.scores, s.rows), row_major(chunk.values, width), rows, width, rows,
                           memory.sums, width, true);
          float* out = y + s.value_at(b, chunk.first, head);
          for (int64_t i = 0; i < rows; i++)
            for_vectors(width, [&](int64_t p, auto m) {
              const Vector value = splat(s.skip[head]) * load(chunk.values + i * width + p, m);
              store(out + i * s.value_step() + p, load(memory.sums + i * width + p, m) + value, m);
            });
        }
        chunk.advance(memory.state);
      }
      if (last) transpose(memory.state, depth, width, last + u * s.state_floats());
    }
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
