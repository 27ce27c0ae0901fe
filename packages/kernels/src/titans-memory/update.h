// What a chunk of tokens does to the weights of Titans' memory.
#pragma once
#include "network.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** η and α of a chunk. */
struct Gates {
  float momentum, decay;
};

/** s ← η s − g, w ← (1 − α) w + s, g ← 0 */
inline void update(const Sizes& sizes, const Three& w, const Three& s, const Three& g, Gates gates) {
  const Vector momentum = splat(gates.momentum), kept = splat(1.0f - gates.decay);
  for (int i = 0; i < 3; i++)
    for_vectors(sizes[i], [&](int64_t j, auto m) {
      const Vector next = momentum * load(s[i] + j, m) - load(g[i] + j, m);
      store(s[i] + j, next, m);
      store(w[i] + j, kept * load(w[i] + j, m) + next, m);
      store(g[i] + j, Vector{}, m);
    });
}

/** The logits' sums of the open chunk. */
struct GateSums {
  float momentum = 0, decay = 0;
  GateSums() = default;
  GateSums(const Call& call, int64_t sequence)
      : momentum(call.inputs[sums_in].floats()[sequence]), decay(call.inputs[sums_in + 1].floats()[sequence]) {}
  void add(const Call& call, int64_t sequence, int64_t first, int64_t count) {
    momentum += sum_row(rows_from(call.inputs[momentum_in], sequence, first), count);
    decay += sum_row(rows_from(call.inputs[decay_in], sequence, first), count);
  }
  /** Of the full chunk; the next one starts at zero. */
  Gates close(int64_t chunk) {
    const Gates gates{sigmoid_of(momentum / static_cast<float>(chunk)), sigmoid_of(decay / static_cast<float>(chunk))};
    momentum = decay = 0;
    return gates;
  }
};

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
