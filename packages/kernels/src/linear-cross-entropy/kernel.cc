// Cross entropy of softmax(hidden · weightᵀ) and its gradients, by blocks of rows: logits never stand for all rows.
//
// With z the logits of a row, p = softmax(z) and s = p − onehot(target): the slope of the loss is s along z and Wᵀ s
// along the hidden state. For a cotangent u of the latter, a = W u is what it asks of s.
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
  /** Instead of the weight where that is quantised. */
  const QuantisedBlocks* blocks;

  explicit Problem(const Call& call, const QuantisedBlocks* quantised = nullptr)
      : hidden(call.inputs[0].floats()),
        weight(call.inputs[1].floats()),
        targets(call.inputs[2].ints()),
        rows(call.inputs[0].dims[0]),
        width(call.inputs[0].dims[1]),
        vocabulary(call.inputs[1].dims[0] * (quantised ? block_columns : 1)),
        stride(ceil_div(vocabulary, lanes) * lanes),
        blocks(quantised) {
    // A fixed function of the vocabulary: sums over rows are grouped by block.
    block = larger<int64_t>(256, smaller<int64_t>(512, (int64_t{1} << 20) / larger<int64_t>(vocabulary, 1)));
    // Nothing is summed over rows of a quantised weight, and their logits are most of what reading with it takes.
    if (quantised) block = 128;
    block = smaller(block, rows);
    for (int64_t i = 0; i < rows; i++)
      if (targets[i] < 0 || targets[i] >= vocabulary) *call.error = "LinearCrossEntropy: a target lies outside of the vocabulary";
  }
  /** out [count, vocabulary] (+)= x · wᵀ */
  void to_logits(const float* x, const float* w, int64_t count, float* out, bool accumulate = false) const {
    if (blocks) {
      Product product{1, count, vocabulary, width, row_major(x, width), {nullptr, 0, 0}, out, stride};
      product.blocks = blocks;
      return multiply(product);
    }
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

/** hidden, weight, targets -> losses, slopes, or the first output only */
void losses_and_slopes(const Call& call, const Problem& problem) {
  if (*call.error) return;
  float *losses = call.outputs[0].floats(), *slopes = call.output_count > 1 ? call.outputs[1].floats() : nullptr;
  const int64_t n = problem.vocabulary, width = problem.width;
  const Scratch scratch(static_cast<size_t>(problem.block * (problem.stride + 1)));
  float *logits = scratch.floats(), *totals = logits + problem.block * problem.stride;
  for (int64_t first = 0; first < problem.rows; first += problem.block) {
    const int64_t count = smaller(problem.block, problem.rows - first);
    problem.to_logits(problem.hidden + first * width, problem.weight, count, logits);
    parallel(count, n, [&](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; row++) {
        float* z = logits + row * problem.stride;
        const int64_t target = problem.targets[first + row];
        const float most = max_row(z, n), chosen = z[target] - most;
        Vector sums = {};
        for_vectors(n, [&](int64_t i, auto m) {
          const Vector e = exp_of(load(z + i, m) - splat(most));
          if (slopes) store(z + i, e, m);
          sums += fill_rest(e, 0.0f, m);
        });
        const float total = sum_lanes(sums);
        if (losses) losses[first + row] = log_of(total) - chosen;
        // s · total; the sums over the vocabulary are divided, as there are fewer of them.
        if (slopes) z[target] -= total;
        totals[row] = total;
      }
    });
    if (!slopes) continue;
    float* own = slopes + first * width;
    problem.to_hidden(logits, problem.weight, count, own);
    parallel(count, width / 4, [&](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; row++) scale_row(own + row * width, own + row * width, 1.0f / totals[row], width);
    });
  }
}

}  // namespace

/** hidden, weight, targets -> losses, slopes */
void LinearCrossEntropy(const Call& call) { losses_and_slopes(call, Problem(call)); }

/** hidden, weight, targets -> losses */
void LinearCrossEntropyLosses(const Call& call) { losses_and_slopes(call, Problem(call)); }

/** hidden, weight [V / 16, …, words, 16], targets -> losses */
void QuantisedCrossEntropy(const Call& call) {
  const QuantisedBlocks blocks(call.inputs[1]);
  losses_and_slopes(call, Problem(call, &blocks));
}

/** hidden, weight, targets, b = d_losses, u = d_slopes, slopes -> grad_hidden, grad_weight */
void LinearCrossEntropyGrad(const Call& call) {
  const Problem problem(call);
  const float *b = call.inputs[3].floats(), *u = call.inputs[4].floats(), *slopes = call.inputs[5].floats();
  float *grad_hidden = call.outputs[0].floats(), *grad_weight = call.outputs[1].floats();
  if (*call.error) return;
  if ((b == nullptr && u == nullptr) || problem.rows == 0) {
    fill(call.outputs[0], 0);
    fill(call.outputs[1], 0);
    return;
  }
  const int64_t n = problem.vocabulary, width = problem.width, size = problem.block * problem.stride;
  if (u == nullptr && grad_hidden) {
    parallel(problem.rows, width, [&](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; row++)
        scale_row(grad_hidden + row * width, slopes + row * width, b[row], width);
    });
    grad_hidden = nullptr;
  }
  if (grad_hidden == nullptr && grad_weight == nullptr) return;
  const Scratch scratch(static_cast<size_t>(u ? 2 * size : size));
  // Leaves s in `logits`, and in `slope` the slope of ⟨b, losses⟩ + ⟨u, slopes⟩ along the logits.
  float *logits = scratch.floats(), *slope = u ? scratch.floats() + size : logits;
  for (int64_t first = 0; first < problem.rows; first += problem.block) {
    const int64_t count = smaller(problem.block, problem.rows - first);
    const float* hidden = problem.hidden + first * width;
    problem.to_logits(hidden, problem.weight, count, logits);
    if (u) problem.to_logits(u + first * width, problem.weight, count, slope);
    parallel(count, 2 * n, [&](int64_t begin, int64_t end, int) {
      for (int64_t row = begin; row < end; row++) {
        float *p = logits + row * problem.stride, *a = slope + row * problem.stride;
        const int64_t target = problem.targets[first + row];
        const float weight = b ? b[first + row] : 0.0f;
        softmax_row(p, n);
        if (u == nullptr) {
          p[target] -= 1;
          scale_row(p, p, weight, n);
          continue;
        }
        // b s + p ⊙ (a − ⟨p, a⟩)
        const float shift = weight - dot(p, a, n);
        for_vectors(n, [&](int64_t i, auto m) { store(a + i, load(p + i, m) * (load(a + i, m) + splat(shift)), m); });
        a[target] -= weight;
        p[target] -= 1;
      }
    });
    if (grad_hidden) problem.to_hidden(slope, problem.weight, count, grad_hidden + first * width);
    if (grad_weight) {
      problem.to_weight(slope, hidden, count, grad_weight, first > 0);
      if (u) problem.to_weight(logits, u + first * width, count, grad_weight, true);
    }
  }
}

}  // namespace TTT_ISA
}  // namespace ttt
