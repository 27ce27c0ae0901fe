// The gated delta rule, chunk by chunk, or token by token where there are few.
#include "head-chunk.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Token after token. */
void scan_few_tokens(const Shape& s, float* o, float* last) {
  const Scratch kept(last ? 0 : static_cast<size_t>(s.batch * s.heads * s.state_floats()));
  const Scratch rows(static_cast<size_t>(s.width * thread_count()));
  float* states = last ? last : kept.floats();
  parallel(s.batch * s.heads, s.length * s.state_floats() / 2, [&](int64_t begin, int64_t end, int worker) {
    float* written = rows.floats() + worker * s.width;
    for (int64_t u = begin; u < end; u++) {
      const int64_t b = u / s.heads, head = u % s.heads;
      float* state = states + u * s.state_floats();
      std::memcpy(state, s.state + u * s.state_floats(), static_cast<size_t>(s.state_floats()) * sizeof(float));
      for (int64_t token = 0; token < s.length; token++) {
        const float *q = s.q + s.k_at(b, token, head / s.shared), *k = s.k + s.k_at(b, token, head / s.shared);
        const float* v = s.v + s.v_at(b, token, head);
        const Vector decay = splat(exp_of(s.g[s.gate_at(b, token, head)]));
        const Vector rate = splat(s.beta[s.gate_at(b, token, head)]);
        for_vectors(s.width, [&](int64_t c, auto m) {
          Vector known = {};
          for (int64_t i = 0; i < s.depth; i++) known += splat(k[i]) * load(state + i * s.width + c, m);
          store(written + c, rate * (load(v + c, m) - decay * known), m);
        });
        for_vectors(s.width, [&](int64_t c, auto m) {
          const Vector added = load(written + c, m);
          Vector sum = {};
          for (int64_t i = 0; i < s.depth; i++) {
            float* place = state + i * s.width + c;
            const Vector value = decay * load(place, m) + splat(k[i]) * added;
            store(place, value, m);
            sum += splat(q[i]) * value;
          }
          if (o) store(o + s.v_at(b, token, head) + c, sum, m);
        });
      }
    }
  });
}

}  // namespace

/** q, k, v, g, beta, state -> o, lastState */
void GatedDeltaRule(const Call& call) {
  const Shape s(call);
  float *o = call.outputs[0].floats(), *last = call.outputs[1].floats();
  if (s.length < few_tokens) return scan_few_tokens(s, o, last);
  const SharedProducts shared(s);

  struct Memory {
    HeadChunk chunk;
    float *state, *square, *errors, *written, *sums;
    Memory(const Shape& s, Carver& carver)
        : chunk(s, carver), state(carver.take(s.state_floats())), square(carver.take(s.chunk * s.chunk)) {
      for (float** rows : {&errors, &written, &sums}) *rows = carver.take(s.chunk * s.width);
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
        chunk.correlations(shared.keys(chunk), memory.square);
        chunk.write(state, memory.square, memory.errors, memory.written);
        if (o) {
          chunk.multiply(chunk.q_rows(), row_major(state, s.width), chunk.rows, s.width, s.depth, memory.sums, s.width,
                         false);
          scale_rows(memory.sums, chunk.decays.from_start, chunk.rows, s.width);
          chunk.scores(shared.queries(chunk), memory.square);
          multiply_lower(memory.square, s.chunk, memory.written, chunk.rows, s.width, memory.sums, true, chunk.product);
          for (int64_t i = 0; i < chunk.rows; i++)
            scale_row(o + s.v_at(b, chunk.first + i, head), memory.sums + i * s.width, 1, s.width);
        }
        chunk.advance(memory.written, state);
      }
    }
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
