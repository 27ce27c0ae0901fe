// Linear and its gradients: products of matrices, with one weight for all rows or one for each sequence.
#include "gemm.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** x [batch, rows, inner], weight [batch or shared, inner, outer]. */
struct LinearShape {
  int64_t batch = 1, rows, inner, outer;

  LinearShape(const Tensor& x, const Tensor& weight) : inner(x.last_dim()), outer(weight.last_dim()) {
    if (weight.rank == 3) batch = weight.dims[0];
    rows = x.size_between(0, x.rank - 1) / larger<int64_t>(batch, 1);
  }
  /** out [rows, outer] = x · weight */
  void forward(const float* x, const float* weight, float* out, bool accumulate) const {
    multiply({batch, rows, outer, inner, row_major(x, inner, rows * inner), row_major(weight, outer, inner * outer), out,
              outer, rows * outer, accumulate});
  }
  /** out [rows, inner] = y · weightᵀ */
  void to_input(const float* y, const float* weight, float* out, bool accumulate) const {
    multiply({batch, rows, inner, outer, row_major(y, outer, rows * outer),
              transposed(row_major(weight, outer, inner * outer)), out, inner, rows * inner, accumulate});
  }
  /** out [inner, outer] = xᵀ · y */
  void to_weight(const float* x, const float* y, float* out, bool accumulate) const {
    multiply({batch, inner, outer, rows, transposed(row_major(x, inner, rows * inner)),
              row_major(y, outer, rows * outer), out, outer, inner * outer, accumulate});
  }
};

/** Weights' gradients are products over the rows. */
bool in_one_step(const Call& call) { return LinearShape(call.inputs[0], call.inputs[1]).rows <= depth_step; }

}  // namespace

/** x, weight -> y */
void Linear(const Call& call) {
  const LinearShape shape(call.inputs[0], call.inputs[1]);
  shape.forward(call.inputs[0].floats(), call.inputs[1].floats(), call.outputs[0].floats(), false);
}

/** x, weight, d_y -> grad_x, grad_weight */
void LinearGrad(const Call& call) {
  const Tensor &x = call.inputs[0], &weight = call.inputs[1], &d_y = call.inputs[2];
  const Tensor &grad_x = call.outputs[0], &grad_weight = call.outputs[1];
  const LinearShape shape(x, weight);
  if (!d_y.present()) {
    fill(grad_x, 0);
    if (!grad_weight.accumulate) fill(grad_weight, 0);
    return;
  }
  if (grad_x.present()) shape.to_input(d_y.floats(), weight.floats(), grad_x.floats(), false);
  if (grad_weight.present()) shape.to_weight(x.floats(), d_y.floats(), grad_weight.floats(), grad_weight.accumulate);
}

bool LinearGradAccumulates(const Call& call, int output) { return output == 1 && in_one_step(call); }

/** x, weight, d_y, d_grad_x, d_grad_weight -> grad2_x, grad2_weight, grad2_d_y */
void LinearGradGrad(const Call& call) {
  const Tensor &x = call.inputs[0], &weight = call.inputs[1], &d_y = call.inputs[2];
  const Tensor &d_grad_x = call.inputs[3], &d_grad_weight = call.inputs[4];
  const Tensor &grad2_x = call.outputs[0], &grad2_weight = call.outputs[1], &grad2_d_y = call.outputs[2];
  const LinearShape shape(x, weight);
  if (grad2_x.present()) {
    if (d_grad_weight.present() && d_y.present())
      shape.to_input(d_y.floats(), d_grad_weight.floats(), grad2_x.floats(), false);
    else
      fill(grad2_x, 0);
  }
  if (grad2_weight.present()) {
    if (d_grad_x.present() && d_y.present())
      shape.to_weight(d_grad_x.floats(), d_y.floats(), grad2_weight.floats(), grad2_weight.accumulate);
    else if (!grad2_weight.accumulate)
      fill(grad2_weight, 0);
  }
  if (grad2_d_y.present()) {
    const bool first = d_grad_x.present(), second = d_grad_weight.present();
    if (first) shape.forward(d_grad_x.floats(), weight.floats(), grad2_d_y.floats(), false);
    if (second) shape.forward(x.floats(), d_grad_weight.floats(), grad2_d_y.floats(), first);
    if (!first && !second) fill(grad2_d_y, 0);
  }
}

bool LinearGradGradAccumulates(const Call& call, int output) { return output == 1 && in_one_step(call); }

}  // namespace TTT_ISA
}  // namespace ttt
