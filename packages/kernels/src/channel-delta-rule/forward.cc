// The delta rule with decays of channels, chunk by chunk, or token by token where there are few.
#include "head-chunk.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Token after token. */
void scan_few_tokens(const Shape& s, float* o, float* last) {
  const Scratch kept(last ? 0 : static_cast<size_t>(s.batch * s.heads * s.state_floats()));
  const int64_t row = s.width + s.depth;
  const Scratch rows(static_cast<size_t>(row * thread_count()));
  float* states = last ? last : kept.floats();
  parallel(s.batch * s.heads, s.length * s.state_floats() / 2, [&](int64_t begin, int64_t end, int worker) {
    float *written = rows.floats() + worker * row, *decays = written + s.width;
    for (int64_t u = begin; u < end; u++) {
      const int64_t b = u / s.heads, head = u % s.heads;
      float* state = states + u * s.state_floats();
      std::memcpy(state, s.state + u * s.state_floats(), static_cast<size_t>(s.state_floats()) * sizeof(float));
      for (int64_t token = 0; token < s.length; token++) {
        const float *q = s.q + s.k_at(b, token, head), *k = s.k + s.k_at(b, token, head);
        const float *erase = s.erase + s.g_at(b, token, head), *g = s.g + s.g_at(b, token, head);
        const float* v = s.v + s.v_at(b, token, head);
        for_vectors(s.depth, [&](int64_t d, auto m) { store(decays + d, exp_of(load(g + d, m)), m); });
        for_vectors(s.width, [&](int64_t c, auto m) {
          Vector known = {};
          for (int64_t d = 0; d < s.depth; d++) {
            float* place = state + d * s.width + c;
            const Vector value = splat(decays[d]) * load(place, m);
            store(place, value, m);
            known += splat(erase[d]) * value;
          }
          store(written + c, load(v + c, m) - known, m);
        });
        for_vectors(s.width, [&](int64_t c, auto m) {
          const Vector added = load(written + c, m);
          Vector sum = {};
          for (int64_t d = 0; d < s.depth; d++) {
            float* place = state + d * s.width + c;
            const Vector value = load(place, m) + splat(k[d]) * added;
            store(place, value, m);
            sum += splat(q[d]) * value;
          }
          if (o) store(o + s.v_at(b, token, head) + c, sum, m);
        });
      }
    }
  });
}

}  // namespace

/** q, k, erase, v, g, state -> o, lastState */
void ChannelDeltaRule(const Call& call) {
  const Shape s(call);
  float *o = call.outputs[0].floats(), *last = call.outputs[1].floats();
  if (s.length < few_tokens) return scan_few_tokens(s, o, last);

  struct Memory {
    HeadChunk chunk;
    float *state, *correlations, *scores, *written, *sums;
    Memory(const Shape& s, Carver& carver) : chunk(s, carver), state(carver.take(s.state_floats())) {
      for (float** square : {&correlations, &scores}) *square = carver.take(s.chunk * s.chunk);
      for (float** each : {&written, &sums}) *each = carver.take(s.chunk * s.width);
    }
  };
  const int64_t cost = s.length * (s.chunk + 3 * s.depth) * s.width / 16;
  parallel_with<Memory>(s, s.batch * s.heads, cost, [&](int64_t begin, int64_t end, Memory& memory) {
    HeadChunk& chunk = memory.chunk;
    for (int64_t u = begin; u < end; u++) {
      const int64_t b = u / s.heads, head = u % s.heads;
      float* state = last ? last + u * s.state_floats() : memory.state;
      std::memcpy(state, s.state + u * s.state_floats(), static_cast<size_t>(s.state_floats()) * sizeof(float));
      for (int64_t index = 0; index < s.chunks; index++) {
        chunk.move_to(b, head, index);
        chunk.products(memory.correlations, memory.scores);
        chunk.write(state, memory.correlations, memory.written);
        if (o) {
          float* out = o + s.v_at(b, chunk.first, head);
          const int64_t rows = chunk.rows, width = s.width;
          chunk.multiply(row_major(chunk.queries, s.depth), row_major(state, width), rows, width, s.depth, memory.sums,
                         width, false);
          chunk.multiply(row_major(memory.scores, s.chunk), row_major(memory.written, width), rows, width, rows,
                         memory.sums, width, true);
          for (int64_t i = 0; i < rows; i++) scale_row(out + i * s.v_step(), memory.sums + i * width, 1, width);
        }
        chunk.advance(memory.written, state);
      }
    }
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
