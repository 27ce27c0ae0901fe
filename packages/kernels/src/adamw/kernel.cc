// AdamW on one parameter.
#include <cmath>

#include "math.h"
#include "parallel.h"

namespace ttt {
namespace TTT_ISA {

/** p, g, m, v, factor -> p, m, v; attributes learningRate, beta1, beta2, epsilon, weightDecay, step */
void Adamw(const Call& call) {
  const Tensor &p = call.inputs[0], &g = call.inputs[1], &m = call.inputs[2], &v = call.inputs[3];
  const double *a = call.attributes, beta1 = a[1], beta2 = a[2], step = a[5];
  const Vector factor = splat(*call.inputs[4].floats());
  const Vector keep1 = splat(static_cast<float>(beta1)), take1 = splat(static_cast<float>(1 - beta1));
  const Vector keep2 = splat(static_cast<float>(beta2)), take2 = splat(static_cast<float>(1 - beta2));
  const Vector correct1 = splat(static_cast<float>(1 - std::pow(beta1, step)));
  const Vector correct2 = splat(static_cast<float>(1 - std::pow(beta2, step)));
  const Vector rate = splat(static_cast<float>(a[0])), epsilon = splat(static_cast<float>(a[3]));
  const Vector decay = splat(static_cast<float>(a[4]));
  float *new_p = call.outputs[0].floats(), *new_m = call.outputs[1].floats(), *new_v = call.outputs[2].floats();
  const int64_t n = p.size();
  constexpr int64_t block = 16384;
  parallel(ceil_div(n, block), block, [&](int64_t begin, int64_t end, int) {
    const int64_t first = begin * block;
    for_vectors(smaller(end * block, n) - first, [&](int64_t j, auto part) {
      const int64_t i = first + j;
      const Vector gradient = load(g.floats() + i, part) * factor;
      const Vector mean = load(m.floats() + i, part) * keep1 + gradient * take1;
      const Vector square = load(v.floats() + i, part) * keep2 + gradient * gradient * take2;
      const Vector before = load(p.floats() + i, part);
      const Vector change = mean / correct1 / (sqrt_of(square / correct2) + epsilon) + before * decay;
      if (new_p) store(new_p + i, before - change * rate, part);
      if (new_m) store(new_m + i, mean, part);
      if (new_v) store(new_v + i, square, part);
    });
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
