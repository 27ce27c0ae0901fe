// A step of descent with each sequence's gradient clipped by its norm over all tensors, and its gradient.
#include "parallel.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** [sequence][tensor] pieces of at most this many values, summed in their order. */
constexpr int64_t piece = 32768;

/** sums[sequence] = Σ over tensors of ⟨x, y⟩, a tensor left out where its y is absent. */
void dot_sequences(int count, const Tensor* x, const Tensor* y, int64_t sequences, float* sums) {
  int64_t pieces = 0;
  for (int t = 0; t < count; t++) pieces += ceil_div(x[t].size() / sequences, piece);
  const Scratch partial(static_cast<size_t>(sequences * pieces));
  parallel(sequences * pieces, piece / 8, [&](int64_t begin, int64_t end, int) {
    for (int64_t u = begin; u < end; u++) {
      int64_t index = u % pieces;
      int t = 0;
      for (int64_t own; index >= (own = ceil_div(x[t].size() / sequences, piece)); t++) index -= own;
      const int64_t size = x[t].size() / sequences, at = u / pieces * size + index * piece;
      partial.floats()[u] =
          y[t].present() ? dot(x[t].floats() + at, y[t].floats() + at, smaller(piece, size - index * piece)) : 0.0f;
    }
  });
  for (int64_t i = 0; i < sequences; i++) sums[i] = sum_row(partial.floats() + i * pieces, pieces);
}

/** Calls f(position, m, sequence) for all values of a tensor of `size` values. */
template <class F>
void for_sequences(int64_t size, int64_t sequences, F f) {
  const int64_t each = size / sequences, blocks = ceil_div(each, 4096);
  parallel(sequences * blocks, smaller<int64_t>(each, 4096) / 4, [&](int64_t begin, int64_t end, int) {
    for (int64_t u = begin; u < end; u++) {
      const int64_t sequence = u / blocks, first = u % blocks * 4096;
      for_vectors(smaller<int64_t>(4096, each - first),
                  [&](int64_t i, auto m) { f(sequence * each + first + i, m, sequence); });
    }
  });
}

}  // namespace

/** w…, g…, rate -> u…, norm; attribute maxNorm */
void ClippedSgd(const Call& call) {
  const int count = (call.input_count - 1) / 2;
  const Tensor *w = call.inputs, *g = call.inputs + count, *u = call.outputs;
  const float rate = call.inputs[2 * count].floats()[0], max_norm = static_cast<float>(call.attributes[0]);
  const int64_t sequences = w[0].dims[0];
  if (sequences == 0) return;
  const Scratch scratch(static_cast<size_t>(2 * sequences));
  float *norms = scratch.floats(), *factors = norms + sequences;
  dot_sequences(count, g, g, sequences, norms);
  for (int64_t i = 0; i < sequences; i++) {
    const float squared = norms[i];
    norms[i] = __builtin_sqrtf(squared);
    factors[i] = rate * (squared >= max_norm * max_norm ? max_norm / norms[i] : 1.0f);
    if (call.outputs[count].present()) call.outputs[count].floats()[i] = norms[i];
  }
  for (int t = 0; t < count; t++) {
    if (!u[t].present()) continue;
    const float *from = w[t].floats(), *gradient = g[t].floats();
    float* to = u[t].floats();
    for_sequences(w[t].size(), sequences, [&](int64_t i, auto m, int64_t sequence) {
      store(to + i, load(from + i, m) - splat(factors[sequence]) * load(gradient + i, m), m);
    });
  }
}

/** w…, g…, rate, d_u…, d_norm -> grad_w…, grad_g… */
void ClippedSgdGrad(const Call& call) {
  const int count = (call.input_count - 2) / 3;
  const Tensor *w = call.inputs, *g = w + count, *d_u = g + count + 1, &d_norm = call.inputs[3 * count + 1];
  const float rate = call.inputs[2 * count].floats()[0], max_norm = static_cast<float>(call.attributes[0]);
  const int64_t sequences = w[0].dims[0];
  if (sequences == 0) return;
  // grad_g = across · d_u + along · g
  const Scratch scratch(static_cast<size_t>(3 * sequences));
  float *across = scratch.floats(), *along = across + sequences, *squared = along + sequences;
  bool wanted = false;
  for (int t = 0; t < count; t++) wanted |= call.outputs[count + t].present();
  if (wanted) {
    dot_sequences(count, g, g, sequences, squared);
    dot_sequences(count, g, d_u, sequences, along);
    for (int64_t i = 0; i < sequences; i++) {
      const float norm = __builtin_sqrtf(squared[i]);
      const bool clipped = squared[i] >= max_norm * max_norm;
      across[i] = -rate * (clipped ? max_norm / norm : 1.0f);
      along[i] = clipped ? rate * max_norm / norm * (along[i] / squared[i]) : 0.0f;
      if (d_norm.present() && d_norm.floats()[i] != 0) along[i] += d_norm.floats()[i] / norm;
    }
  }
  for (int t = 0; t < count; t++) {
    const Tensor &grad_w = call.outputs[t], &grad_g = call.outputs[count + t];
    const float *d = d_u[t].floats(), *gradient = g[t].floats();
    if (grad_w.present()) {
      if (d == nullptr) {
        fill(grad_w, 0);
      } else {
        for_sequences(grad_w.size(), sequences,
                      [&](int64_t i, auto m, int64_t) { store(grad_w.floats() + i, load(d + i, m), m); });
      }
    }
    if (!grad_g.present()) continue;
    float* to = grad_g.floats();
    for_sequences(grad_g.size(), sequences, [&](int64_t i, auto m, int64_t sequence) {
      const Vector own = d == nullptr ? Vector{} : splat(across[sequence]) * load(d + i, m);
      store(to + i, own + splat(along[sequence]) * load(gradient + i, m), m);
    });
  }
}

}  // namespace TTT_ISA
}  // namespace ttt
