// The norm of all gradients together, and what clips them to it.
#include <cmath>

#include "math.h"
#include "parallel.h"

namespace ttt {
namespace TTT_ISA {

/** g… -> norm, factor; attributes maxNorm */
void GradientClip(const Call& call) {
  const double max_norm = call.attributes[0];
  constexpr int64_t block = 16384;
  double squared = 0;
  for (int t = 0; t < call.input_count; t++) {
    const Tensor& g = call.inputs[t];
    const int64_t blocks = ceil_div(g.size(), block);
    const Scratch partial(static_cast<size_t>(blocks));
    parallel(blocks, block / 8, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; i++) {
        const float* x = g.floats() + i * block;
        partial.floats()[i] = dot(x, x, smaller(block, g.size() - i * block));
      }
    });
    for (int64_t i = 0; i < blocks; i++) squared += partial.floats()[i];
  }
  const double norm = std::sqrt(squared);
  const Tensor &norm_output = call.outputs[0], &factor = call.outputs[1];
  if (norm_output.present()) *norm_output.floats() = static_cast<float>(norm);
  if (factor.present()) *factor.floats() = static_cast<float>(norm < max_norm ? 1.0 : max_norm / norm);
}

}  // namespace TTT_ISA
}  // namespace ttt
