// The Mesa layer: token after token, its sums in the caches, the solution by conjugate gradients.
#include "sums.h"

namespace ttt {
namespace TTT_ISA {

/** q, k, v, g, beta, lambda, keys, values -> o, keys, values */
void Mesa(const Call& call) {
  const Shape s(call);
  float *o = call.outputs[0].floats(), *last_keys = call.outputs[1].floats(), *last_values = call.outputs[2].floats();
  struct Memory {
    Solver solver;
    float *x, *keys, *values;
    Memory(const Shape& s, Carver& carver)
        : solver(s, carver), x(carver.take(s.depth)), keys(carver.take(s.keys_floats())), values(carver.take(s.values_floats())) {}
  };
  const int64_t cost = s.length * s.depth * (16 * s.depth + s.width) / 8;
  parallel_with<Memory>(s, s.batch * s.heads, cost, [&](int64_t begin, int64_t end, Memory& memory) {
    for (int64_t u = begin; u < end; u++) {
      float *keys = memory.keys, *values = memory.values;
      std::memcpy(keys, call.inputs[keys_in].floats() + u * s.keys_floats(), static_cast<size_t>(s.keys_floats()) * sizeof(float));
      std::memcpy(values, call.inputs[values_in].floats() + u * s.values_floats(),
                  static_cast<size_t>(s.values_floats()) * sizeof(float));
      for (int64_t t = 0; t < s.length; t++) {
        const int64_t at = s.token_at(u, t);
        const float decay = s.decay(at), *key = s.k + at * s.depth;
        decay_and_add(keys, decay, key, s.beta[at], key, s.depth, s.depth);
        decay_and_add(values, decay, key, s.beta[at], s.v + at * s.width, s.depth, s.width);
        if (o == nullptr) continue;
        memory.solver.solve(s, keys, s.lambda_of(u), s.q + at * s.depth, memory.x);
        times_rows(memory.x, values, s.depth, s.width, o + at * s.width);
      }
      if (last_keys)
        std::memcpy(last_keys + u * s.keys_floats(), keys, static_cast<size_t>(s.keys_floats()) * sizeof(float));
      if (last_values)
        std::memcpy(last_values + u * s.values_floats(), values, static_cast<size_t>(s.values_floats()) * sizeof(float));
    }
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
