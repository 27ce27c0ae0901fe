// AdamW over all parameters in one call, with a clip of the gradients' global norm.
#include <cmath>

#include "math.h"
#include "parallel.h"

namespace ttt {
namespace TTT_ISA {

/** p…, g…, m…, v… -> p…, m…, v…, norm; attributes learningRate, beta1, beta2, epsilon, weightDecay, maxNorm, step,
    undecayed */
void Adamw(const Call& call) {
  const int count = call.input_count / 4;
  const Tensor *p = call.inputs, *g = p + count, *m = g + count, *v = m + count;
  const double *a = call.attributes, beta1 = a[1], beta2 = a[2], max_norm = a[5], step = a[6];
  constexpr int64_t block = 16384;
  double squared = 0;
  for (int t = 0; t < count; t++) {
    const int64_t blocks = ceil_div(g[t].size(), block);
    const Scratch partial(static_cast<size_t>(blocks));
    parallel(blocks, block / 8, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; i++) {
        const float* x = g[t].floats() + i * block;
        partial.floats()[i] = dot(x, x, smaller(block, g[t].size() - i * block));
      }
    });
    for (int64_t i = 0; i < blocks; i++) squared += partial.floats()[i];
  }
  const double norm = std::sqrt(squared);
  const Tensor& norm_output = call.outputs[3 * count];
  if (norm_output.present()) *norm_output.floats() = static_cast<float>(norm);
  const Vector factor = splat(static_cast<float>(norm < max_norm ? 1.0 : max_norm / norm));
  const Vector keep1 = splat(static_cast<float>(beta1)), take1 = splat(static_cast<float>(1 - beta1));
  const Vector keep2 = splat(static_cast<float>(beta2)), take2 = splat(static_cast<float>(1 - beta2));
  const Vector correct1 = splat(static_cast<float>(1 - std::pow(beta1, step)));
  const Vector correct2 = splat(static_cast<float>(1 - std::pow(beta2, step)));
  const Vector rate = splat(static_cast<float>(a[0])), epsilon = splat(static_cast<float>(a[3]));
  for (int t = 0; t < count; t++) {
    const Vector decay = splat(t < count - a[7] ? static_cast<float>(a[4]) : 0.0f);
    float *new_p = call.outputs[t].floats(), *new_m = call.outputs[count + t].floats();
    float* new_v = call.outputs[2 * count + t].floats();
    const int64_t n = p[t].size();
    parallel(ceil_div(n, block), block, [&](int64_t begin, int64_t end, int) {
      const int64_t first = begin * block;
      for_vectors(smaller(end * block, n) - first, [&](int64_t j, auto part) {
        const int64_t i = first + j;
        const Vector gradient = load(g[t].floats() + i, part) * factor;
        const Vector mean = load(m[t].floats() + i, part) * keep1 + gradient * take1;
        const Vector square = load(v[t].floats() + i, part) * keep2 + gradient * gradient * take2;
        const Vector before = load(p[t].floats() + i, part);
        const Vector change = mean / correct1 / (sqrt_of(square / correct2) + epsilon) + before * decay;
        if (new_p) store(new_p + i, before - change * rate, part);
        if (new_m) store(new_m + i, mean, part);
        if (new_v) store(new_v + i, square, part);
      });
    });
  }
}

}  // namespace TTT_ISA
}  // namespace ttt
