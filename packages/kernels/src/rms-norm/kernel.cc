// RmsNorm and its gradients, a row at a time. With r = rsqrt(mean(x²) + epsilon): y = r · x ⊙ scale.
#include "parallel.h"

namespace ttt {
namespace TTT_ISA {
namespace {

TTT_INLINE float inverse_rms(const float* x, int64_t n, double epsilon) {
  return 1.0f / __builtin_sqrtf(dot(x, x, n) / static_cast<float>(n) + static_cast<float>(epsilon));
}

/** Σ x y z */
TTT_INLINE float dot3(const float* x, const float* y, const float* z, int64_t n) {
  Vector sum = {};
  for_vectors(n, [&](int64_t i, auto m) { sum += load(x + i, m) * load(y + i, m) * load(z + i, m); });
  return sum_lanes(sum);
}

}  // namespace

/** x, scale -> y */
void RmsNorm(const Call& call) {
  const float *x = call.inputs[0].floats(), *scale = call.inputs[1].floats();
  float* y = call.outputs[0].floats();
  const int64_t n = call.inputs[0].last_dim(), rows = n == 0 ? 0 : call.inputs[0].size() / n;
  parallel(rows, n / 2 + 16, [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; row++) {
      const float* in = x + row * n;
      float* out = y + row * n;
      const Vector r = splat(inverse_rms(in, n, call.attributes[0]));
      for_vectors(n, [&](int64_t i, auto m) { store(out + i, load(in + i, m) * r * load(scale + i, m), m); });
    }
  });
}

/** x, scale, d_y -> grad_x, grad_scale. With u = d_y ⊙ scale: grad_x = r u − r³ ⟨u, x⟩ x / n. */
void RmsNormGrad(const Call& call) {
  const float *x = call.inputs[0].floats(), *scale = call.inputs[1].floats(), *d_y = call.inputs[2].floats();
  const Tensor &grad_x = call.outputs[0], &grad_scale = call.outputs[1];
  if (d_y == nullptr) {
    fill(grad_x, 0);
    fill(grad_scale, 0);
    return;
  }
  const int64_t n = call.inputs[0].last_dim(), rows = n == 0 ? 0 : call.inputs[0].size() / n;
  if (rows == 0) return fill(grad_scale, 0);
  // Without sums over rows each row is a task.
  const int64_t each = grad_scale.present() ? rows_per_block : 1, blocks = ceil_div(rows, each);
  const Scratch scratch(grad_scale.present() ? static_cast<size_t>(blocks * n) : 0);
  float* partials = scratch.floats();
  parallel(blocks, each * n, [&](int64_t begin, int64_t end, int) {
    for (int64_t block = begin; block < end; block++) {
      float* partial = partials + block * n;
      for (int64_t row = block * each; row < smaller(rows, (block + 1) * each); row++) {
        const float *in = x + row * n, *d = d_y + row * n;
        const float r = inverse_rms(in, n, call.attributes[0]);
        if (grad_x.present()) {
          const float along = r * r * r * dot3(d, scale, in, n) / static_cast<float>(n);
          float* out = grad_x.floats() + row * n;
          for_vectors(n, [&](int64_t i, auto m) {
            store(out + i, splat(r) * load(d + i, m) * load(scale + i, m) - splat(along) * load(in + i, m), m);
          });
        }
        if (!grad_scale.present()) continue;
        const bool first = row == block * each;
        for_vectors(n, [&](int64_t i, auto m) {
          const Vector value = splat(r) * load(d + i, m) * load(in + i, m);
          store(partial + i, first ? value : load(partial + i, m) + value, m);
        });
      }
    }
  });
  if (grad_scale.present()) sum_blocks(partials, blocks, n, grad_scale.floats());
}

/**
 * x, scale, d_y, p = d_grad_x, q = d_grad_scale -> grad2_x, grad2_scale, grad2_d_y.
 * With u = d_y ⊙ scale, a = ⟨p, u⟩, b = ⟨p, x⟩, c = ⟨q ⊙ d_y, x⟩, s = ⟨u, x⟩.
 */
void RmsNormGradGrad(const Call& call) {
  const float *x = call.inputs[0].floats(), *scale = call.inputs[1].floats(), *d_y = call.inputs[2].floats();
  const float *p = call.inputs[3].floats(), *q = call.inputs[4].floats();
  const Tensor &grad2_x = call.outputs[0], &grad2_scale = call.outputs[1], &grad2_d_y = call.outputs[2];
  const int64_t n = call.inputs[0].last_dim(), rows = n == 0 ? 0 : call.inputs[0].size() / n;
  if (rows == 0) return fill(grad2_scale, 0);
  const int64_t blocks = ceil_div(rows, rows_per_block);
  const Scratch scratch(grad2_scale.present() ? static_cast<size_t>(blocks * n) : 0);
  // What is absent is read as zeros.
  const Scratch zeros(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; i++) zeros.floats()[i] = 0;
  const float* zero = zeros.floats();
  if (q == nullptr) q = zero;
  float* partials = scratch.floats();
  parallel(blocks, 2 * rows_per_block * n, [&](int64_t begin, int64_t end, int) {
    for (int64_t block = begin; block < end; block++) {
      float* partial = partials + block * n;
      for (int64_t row = block * rows_per_block; row < smaller(rows, (block + 1) * rows_per_block); row++) {
        const float* in = x + row * n;
        const float* d = d_y == nullptr ? zero : d_y + row * n;
        const float* pr = p == nullptr ? zero : p + row * n;
        const float r = inverse_rms(in, n, call.attributes[0]);
        const float r3n = r * r * r / static_cast<float>(n);
        const float a = dot3(pr, d, scale, n), b = dot(pr, in, n), c = dot3(q, d, in, n), s = dot3(d, scale, in, n);
        if (grad2_x.present()) {
          const float along = -r3n * (a + c) + 3 * r3n * r * r * s * b / static_cast<float>(n);
          float* out = grad2_x.floats() + row * n;
          for_vectors(n, [&](int64_t i, auto m) {
            const Vector dv = load(d + i, m);
            const Vector turned = dv * load(scale + i, m) * splat(b) + splat(s) * load(pr + i, m);
            store(out + i, splat(along) * load(in + i, m) - splat(r3n) * turned + splat(r) * load(q + i, m) * dv, m);
          });
        }
        if (grad2_d_y.present()) {
          float* out = grad2_d_y.floats() + row * n;
          for_vectors(n, [&](int64_t i, auto m) {
            const Vector xv = load(in + i, m);
            const Vector scaled = (splat(r) * load(pr + i, m) - splat(r3n * b) * xv) * load(scale + i, m);
            store(out + i, scaled + splat(r) * load(q + i, m) * xv, m);
          });
        }
        if (!grad2_scale.present()) continue;
        const bool first = row == block * rows_per_block;
        for_vectors(n, [&](int64_t i, auto m) {
          const Vector value = (splat(r) * load(pr + i, m) - splat(r3n * b) * load(in + i, m)) * load(d + i, m);
          store(partial + i, first ? value : load(partial + i, m) + value, m);
        });
      }
    }
  });
  if (grad2_scale.present()) sum_blocks(partials, blocks, n, grad2_scale.floats());
}

}  // namespace TTT_ISA
}  // namespace ttt
