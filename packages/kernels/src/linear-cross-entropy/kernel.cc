// Cross entropy of softmax(hidden · weightᵀ) and its gradients, by blocks of rows: logits never stand for all rows.
//
// With z the logits of a row, p = softmax(z) and s = p − onehot(target): the gradient of the loss is s. For cotangents
// u_h and u_w of the gradients, a = W u_h + u_w h is the change of z along them.
#include "gemm.h"
#include "math.h"

namespace ttt {
namespace TTT_ISA {
namespace {

struct Problem {
  const float *hidden, *weight;
  const int32_t* targets;
  int64_t rows, width, vocabulary, block;
  /** From one row of logits to the next: whole vectors. */
  int64_t stride;

  explicit Problem(const Call& call)
      : hidden(call.inputs[0].floats()),
        weight(call.inputs[1].floats()),
        targets(call.inputs[2].ints()),
        rows(call.inputs[0].dims[0]),
        width(call.inputs[0].dims[1]),
        vocabulary(call.inputs[1].dims[0]),
        stride(ceil_div(vocabulary, lanes) * lanes) {
    // A fixed function of the vocabulary: sums over rows are grouped by block.
    block = larger<int64_t>(256, smaller<int64_t>(512, (int64_t{1} << 20) / larger<int64_t>(vocabulary, 1)));
    block = smaller(block, rows);
    for (int64_t i = 0; i < rows; i++)
      if (targets[i] < 0 || targets[i] >= vocabulary) *call.error = "LinearCrossEntropy: a target lies outside of the vocabulary";
  }
  /** out [count, vocabulary] (+)= x · wᵀ */
  void to_logits(const float* x, const float* w, int64_t count, float* out, bool accumulate = false) const {
    multiply({1, count, vocabulary, width, row_major(x, width), transposed(row_major(w, width)), out, stride, 0,
              accumulate});
  }
  /** out [count, width] (+)= logits · w */
  void to_hidden(const float* logits, const float* w, int64_t count, float* out, bool accumulate = false) const {
    multiply({1, count, width, vocabulary, row_major(logits, stride), row_major(w, width), out, width, 0, accumulate});
  }
  /** out [vocabulary, width] (+)= logitsᵀ · x */
  void to_weight(const float* logits, const float* x, int64_t count, float* out, bool accumulate) const {
    multiply({1, vocabulary, width, count, transposed(row_major(logits, stride)), row_major(x, width), out, width, 0,
              accumulate});
  }
};

/** Turns a row of logits into softmax in place. */
TTT_INLINE void softmax_row(float* z, int64_t n) {
  const Vector most = splat(max_row(z, n));
  Vector sums = {};
  for_vectors(n, [&](int64_t i, auto m) {
    const Vector e = exp_of(load(z + i, m) - most);
    store(z + i, e, m);
    sums += fill_rest(e, 0.0f, m);
  });
  scale_row(z, z, 1.0f / sum_lanes(sums), n);
}

}  // namespace

/** hidden, weight, targets -> losses */
void LinearCrossEntropy(const Call& call) {
  const Problem problem(call);
  if (*call.error) return;
  const int64_t n = problem.vocabulary;
  const Scratch scratch(static_cast<size_t>(problem.block * problem.stride));
  for (int64_t first = 0; first < problem.rows; first += problem.block) {
    const int64_t count = smaller(problem.block, problem.rows - first);
    problem.to_logits(problem.hidden + first * problem.width, problem.weight, count, scratch.floats());
    parallel(count, n, [&](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; row++) {
        const float* z = scratch.floats() + row * problem.stride;
        const float most = max_row(z, n);
        Vector sums = {};
        for_vectors(n, [&](int64_t i, auto m) { sums += fill_rest(exp_of(load(z + i, m) - splat(most)), 0.0f, m); });
        call.outputs[0].floats()[first + row] =
            log_of(sum_lanes(sums)) - (z[problem.targets[first + row]] - most);
      }
    });
  }
}

/** hidden, weight, targets, d_losses -> grad_hidden, grad_weight */
void LinearCrossEntropyGrad(const Call& call) {
  const Problem problem(call);
  const float* d_losses = call.inputs[3].floats();
  float *grad_hidden = call.outputs[0].floats(), *grad_weight = call.outputs[1].floats();
  if (*call.error) return;
  if (d_losses == nullptr || problem.rows == 0) {
    fill(call.outputs[0], 0);
    fill(call.outputs[1], 0);
    return;
  }
  const int64_t n = problem.vocabulary, width = problem.width;
  const Scratch scratch(static_cast<size_t>(problem.block * problem.stride));
  for (int64_t first = 0; first < problem.rows; first += problem.block) {
    const int64_t count = smaller(problem.block, problem.rows - first);
    const float* hidden = problem.hidden + first * width;
    problem.to_logits(hidden, problem.weight, count, scratch.floats());
    parallel(count, n, [&](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; row++) {
        float* z = scratch.floats() + row * problem.stride;
        softmax_row(z, n);
        z[problem.targets[first + row]] -= 1;
        scale_row(z, z, d_losses[first + row], n);
      }
    });
    if (grad_hidden) problem.to_hidden(scratch.floats(), problem.weight, count, grad_hidden + first * width);
    if (grad_weight) problem.to_weight(scratch.floats(), hidden, count, grad_weight, first > 0);
  }
}

/** …, d_losses, u_h = d_grad_hidden, u_w = d_grad_weight -> grad2_hidden, grad2_weight, grad2_d_losses */
void LinearCrossEntropyGradGrad(const Call& call) {
  const Problem problem(call);
  const float *d_losses = call.inputs[3].floats(), *u_h = call.inputs[4].floats(), *u_w = call.inputs[5].floats();
  float *grad2_hidden = call.outputs[0].floats(), *grad2_weight = call.outputs[1].floats();
  float* grad2_d_losses = call.outputs[2].floats();
  if (*call.error) return;
  if ((u_h == nullptr && u_w == nullptr) || problem.rows == 0) {
    for (int i = 0; i < 3; i++) fill(call.outputs[i], 0);
    return;
  }
  const int64_t n = problem.vocabulary, width = problem.width, size = problem.block * problem.stride;
  const Scratch scratch(static_cast<size_t>(2 * size));
  float *logits = scratch.floats(), *along = scratch.floats() + size;
  for (int64_t first = 0; first < problem.rows; first += problem.block) {
    const int64_t count = smaller(problem.block, problem.rows - first);
    const float* hidden = problem.hidden + first * width;
    const float* u_hidden = u_h ? u_h + first * width : nullptr;
    problem.to_logits(hidden, problem.weight, count, logits);
    if (u_w) problem.to_logits(hidden, u_w, count, along);
    if (u_h) problem.to_logits(u_hidden, problem.weight, count, along, u_w != nullptr);
    // Leaves d_losses · s in `logits` and c = d_losses · p ⊙ (a − ⟨p, a⟩) in `along`.
    parallel(count, 2 * n, [&](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; row++) {
        float *p = logits + row * problem.stride, *a = along + row * problem.stride;
        softmax_row(p, n);
        const int64_t target = problem.targets[first + row];
        const float mean = dot(p, a, n), d = d_losses ? d_losses[first + row] : 0.0f;
        if (grad2_d_losses) grad2_d_losses[first + row] = mean - a[target];
        for_vectors(n, [&](int64_t i, auto m) {
          const Vector scaled = splat(d) * load(p + i, m);
          store(a + i, scaled * (load(a + i, m) - splat(mean)), m);
          store(p + i, scaled, m);
        });
        p[target] -= d;
      }
    });
    if (grad2_hidden) {
      problem.to_hidden(along, problem.weight, count, grad2_hidden + first * width);
      if (u_w) problem.to_hidden(logits, u_w, count, grad2_hidden + first * width, true);
    }
    if (grad2_weight) {
      problem.to_weight(along, hidden, count, grad2_weight, first > 0);
      if (u_h) problem.to_weight(logits, u_hidden, count, grad2_weight, true);
    }
  }
}

}  // namespace TTT_ISA
}  // namespace ttt
