// A step of descent with each sequence's gradient clipped by its norm over all tensors, and its gradient.
#include "parallel.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Values of a sequence's part of a tensor that a task takes at a time. */
constexpr int64_t piece = 32768;

struct Piece {
  int64_t index, tensor, sequence, first, count;
};
/** Tensors [sequences, …] cut into pieces: those of the first sequence, in the order of the tensors, then the next one's. */
struct Pieces {
  const Tensor* tensors;
  int count;
  int64_t sequences, each = 0, values = 0;

  Pieces(const Tensor* tensors, int count) : tensors(tensors), count(count), sequences(tensors[0].dims[0]) {
    for (int t = 0; t < count; t++) {
      values += tensors[t].size();
      each += ceil_div(tensors[t].size() / sequences, piece);
    }
  }
  Piece at(int64_t index) const {
    int64_t t = 0, rest = index % each;
    for (int64_t own; rest >= (own = ceil_div(tensors[t].size() / sequences, piece)); t++) rest -= own;
    const int64_t size = tensors[t].size() / sequences, sequence = index / each;
    return {index, t, sequence, sequence * size + rest * piece, smaller(piece, size - rest * piece)};
  }
  /** Calls f(piece), each piece on the same thread in every loop where it can be: its values are in that one's cache. */
  template <class F>
  void for_all(F f) const {
    if (each == 0) return;
    parallel(sequences * each, values / (sequences * each) / 4, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; i++) f(at(i));
    });
  }
  /** sums[sequence] = Σ over tensors of ⟨x, y⟩, in the order of the pieces; a tensor is left out where its y is absent. */
  void dot_sequences(const Tensor* x, const Tensor* y, float* sums) const {
    const Scratch partial(static_cast<size_t>(sequences * each));
    for_all([&](const Piece& p) {
      const Tensor &a = x[p.tensor], &b = y[p.tensor];
      partial.floats()[p.index] =
          b.present() ? dot(a.floats() + p.first, b.floats() + p.first, p.count) : 0.0f;
    });
    for (int64_t i = 0; i < sequences; i++) sums[i] = sum_row(partial.floats() + i * each, each);
  }
};

}  // namespace

/** w…, g…, rate -> u…, norm; attribute maxNorm */
void ClippedSgd(const Call& call) {
  const int count = (call.input_count - 1) / 2;
  const Tensor *w = call.inputs, *g = call.inputs + count, *u = call.outputs;
  const float rate = call.inputs[2 * count].floats()[0], max_norm = static_cast<float>(call.attributes[0]);
  const int64_t sequences = w[0].dims[0];
  if (sequences == 0) return;
  const Pieces pieces(w, count);
  const Scratch scratch(static_cast<size_t>(2 * sequences));
  float *norms = scratch.floats(), *factors = norms + sequences;
  pieces.dot_sequences(g, g, norms);
  for (int64_t i = 0; i < sequences; i++) {
    const float squared = norms[i];
    norms[i] = __builtin_sqrtf(squared);
    factors[i] = rate * (squared >= max_norm * max_norm ? max_norm / norms[i] : 1.0f);
    if (call.outputs[count].present()) call.outputs[count].floats()[i] = norms[i];
  }
  pieces.for_all([&](const Piece& p) {
    if (!u[p.tensor].present()) return;
    const float *from = w[p.tensor].floats() + p.first, *gradient = g[p.tensor].floats() + p.first;
    float* to = u[p.tensor].floats() + p.first;
    const Vector factor = splat(factors[p.sequence]);
    for_vectors(p.count, [&](int64_t i, auto m) { store(to + i, load(from + i, m) - factor * load(gradient + i, m), m); });
  });
}

/** w…, g…, rate, d_u…, d_norm -> grad_w…, grad_g… */
void ClippedSgdGrad(const Call& call) {
  const int count = (call.input_count - 2) / 3;
  const Tensor *w = call.inputs, *g = w + count, *d_u = g + count + 1, &d_norm = call.inputs[3 * count + 1];
  const float rate = call.inputs[2 * count].floats()[0], max_norm = static_cast<float>(call.attributes[0]);
  const int64_t sequences = w[0].dims[0];
  if (sequences == 0) return;
  const Pieces pieces(w, count);
  // grad_g = across · d_u + along · g
  const Scratch scratch(static_cast<size_t>(3 * sequences));
  float *across = scratch.floats(), *along = across + sequences, *squared = along + sequences;
  bool wanted = false;
  for (int t = 0; t < count; t++) wanted |= call.outputs[count + t].present();
  if (wanted) {
    pieces.dot_sequences(g, g, squared);
    pieces.dot_sequences(g, d_u, along);
    for (int64_t i = 0; i < sequences; i++) {
      const float norm = __builtin_sqrtf(squared[i]);
      const bool clipped = squared[i] >= max_norm * max_norm;
      across[i] = -rate * (clipped ? max_norm / norm : 1.0f);
      along[i] = clipped ? rate * max_norm / norm * (along[i] / squared[i]) : 0.0f;
      if (d_norm.present() && d_norm.floats()[i] != 0) along[i] += d_norm.floats()[i] / norm;
    }
  }
  pieces.for_all([&](const Piece& p) {
    const int64_t t = p.tensor;
    const Tensor &grad_w = call.outputs[t], &grad_g = call.outputs[count + t];
    const float *d = d_u[t].present() ? d_u[t].floats() + p.first : nullptr, *gradient = g[t].floats() + p.first;
    const Vector a = splat(across[p.sequence]), b = splat(along[p.sequence]);
    for_vectors(p.count, [&](int64_t i, auto m) {
      const Vector from = d == nullptr ? Vector{} : load(d + i, m);
      if (grad_w.present()) store(grad_w.floats() + p.first + i, from, m);
      if (grad_g.present()) store(grad_g.floats() + p.first + i, a * from + b * load(gradient + i, m), m);
    });
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
