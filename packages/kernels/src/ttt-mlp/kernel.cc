// TTT-MLP: the inner model is gelu(z W1 + b1) W2 + b2.
#include "../ttt-layer/forward.h"
#include "../ttt-layer/gradient.h"

namespace ttt {
namespace TTT_ISA {

/**
 * q, k, v, rates, factors, normScale, normShift, w1, b1, w2, b2, w1Sum, b1Sum, w2Sum, b2Sum, position ->
 * y, then weights and sums after these tokens
 */
void TttMlp(const Call& call) { read_tokens<2>(call); }

/** …, d_y, d_w1Next, … -> grad_q, … */
void TttMlpGrad(const Call& call) { read_tokens_gradient<2>(call); }

}  // namespace TTT_ISA
}  // namespace ttt
