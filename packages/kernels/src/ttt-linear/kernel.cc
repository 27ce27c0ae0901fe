// TTT-Linear: the inner model is z W1 + b1.
#include "../ttt-layer/forward.h"
#include "../ttt-layer/gradient.h"

namespace ttt {
namespace TTT_ISA {

/**
 * q, k, v, rates, factors, normScale, normShift, w1, b1, w1Sum, b1Sum, position ->
 * y, then weights and sums after these tokens
 */
void TttLinear(const Call& call) { read_tokens<1>(call); }

/** …, d_y, d_w1Next, … -> grad_q, … */
void TttLinearGrad(const Call& call) { read_tokens_gradient<1>(call); }

}  // namespace TTT_ISA
}  // namespace ttt
