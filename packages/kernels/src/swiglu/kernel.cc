// Swiglu and its gradients, with s = sigmoid(gate), a = gate · s, a′ = s (1 + gate (1 − s)),
// a″ = s (1 − s) (2 + gate (1 − 2 s)).
#include "math.h"
#include "parallel.h"

namespace ttt {
namespace TTT_ISA {
namespace {

template <class F>
void for_all(int64_t n, int64_t cost, F f) {
  constexpr int64_t block = 512;
  parallel(ceil_div(n, block), block * cost, [&](int64_t begin, int64_t end, int) {
    const int64_t first = begin * block;
    for_vectors(smaller(end * block, n) - first, [&](int64_t i, auto m) { f(first + i, m); });
  });
}

template <class M>
TTT_INLINE Vector load_or_zero(const float* p, int64_t i, M m) {
  return p == nullptr ? Vector{} : load(p + i, m);
}

TTT_INLINE Vector slope(Vector gate, Vector s) {
  const Vector one = splat(1.0f);
  return s * (one + gate * (one - s));
}

}  // namespace

/** gate, up -> y */
void Swiglu(const Call& call) {
  const float *gate = call.inputs[0].floats(), *up = call.inputs[1].floats();
  float* y = call.outputs[0].floats();
  for_all(call.outputs[0].size(), 2, [&](int64_t i, auto m) {
    const Vector g = load(gate + i, m);
    store(y + i, g * sigmoid_of(g) * load(up + i, m), m);
  });
}

/** gate, up, d_y -> grad_gate, grad_up */
void SwigluGrad(const Call& call) {
  const float *gate = call.inputs[0].floats(), *up = call.inputs[1].floats(), *d_y = call.inputs[2].floats();
  float *grad_gate = call.outputs[0].floats(), *grad_up = call.outputs[1].floats();
  for_all(call.inputs[0].size(), 3, [&](int64_t i, auto m) {
    const Vector g = load(gate + i, m), s = sigmoid_of(g), d = load_or_zero(d_y, i, m);
    if (grad_gate) store(grad_gate + i, d * load(up + i, m) * slope(g, s), m);
    if (grad_up) store(grad_up + i, d * g * s, m);
  });
}

/** gate, up, d_y, d_grad_gate, d_grad_up -> grad2_gate, grad2_up, grad2_d_y */
void SwigluGradGrad(const Call& call) {
  const float *gate = call.inputs[0].floats(), *up = call.inputs[1].floats(), *d_y = call.inputs[2].floats();
  const float *d_grad_gate = call.inputs[3].floats(), *d_grad_up = call.inputs[4].floats();
  float *grad2_gate = call.outputs[0].floats(), *grad2_up = call.outputs[1].floats();
  float* grad2_d_y = call.outputs[2].floats();
  for_all(call.inputs[0].size(), 4, [&](int64_t i, auto m) {
    const Vector g = load(gate + i, m), s = sigmoid_of(g), u = load(up + i, m), d = load_or_zero(d_y, i, m);
    const Vector p = load_or_zero(d_grad_gate, i, m), q = load_or_zero(d_grad_up, i, m);
    const Vector first = slope(g, s), one = splat(1.0f), two = splat(2.0f);
    if (grad2_gate) {
      const Vector second = s * (one - s) * (two + g * (one - two * s));
      store(grad2_gate + i, d * (p * u * second + q * first), m);
    }
    if (grad2_up) store(grad2_up + i, p * d * first, m);
    if (grad2_d_y) store(grad2_d_y + i, p * u * first + q * g * s, m);
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
