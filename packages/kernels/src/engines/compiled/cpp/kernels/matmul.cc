// tfjs's BatchMatMul: both transposes, batches that broadcast.
#include "gemm.h"

namespace ttt {
namespace TTT_ISA {

/** Inputs a, b; attributes transposeA, transposeB; the output [..., M, N] has the broadcast batch dimensions. */
void BatchMatMul(const Call& call) {
  const Tensor &a = call.inputs[0], &b = call.inputs[1], &c = call.outputs[0];
  const bool transpose_a = call.attributes[0] != 0, transpose_b = call.attributes[1] != 0;
  const int rank = c.rank, outer = rank - 2;
  const int64_t rows = c.dims[rank - 2], columns = c.dims[rank - 1];
  const int64_t depth = a.dims[a.rank - (transpose_a ? 2 : 1)];
  const int64_t a_size = rows * depth, b_size = depth * columns;
  const int64_t batch = c.size_between(0, outer);
  const int64_t a_batch = a.size_between(0, a.rank - 2), b_batch = b.size_between(0, b.rank - 2);
  Matrix ma = row_major(a.floats(), a.last_dim(), a_batch == 1 ? 0 : a_size);
  Matrix mb = row_major(b.floats(), b.last_dim(), b_batch == 1 ? 0 : b_size);
  if (transpose_a) ma = transposed(ma);
  if (transpose_b) mb = transposed(mb);
  Product product{batch, rows, columns, depth, ma, mb, c.floats(), columns, rows * columns};
  if ((a_batch == batch || a_batch == 1) && (b_batch == batch || b_batch == 1)) return multiply(product);
  product.batch = 1;
  for (int64_t i = 0; i < batch; i++) {
    int64_t rest = i, a_index = 0, b_index = 0, a_step = 1, b_step = 1;
    for (int d = outer - 1; d >= 0; d--) {
      const int64_t position = rest % c.dims[d];
      rest /= c.dims[d];
      const int in_a = d - (rank - a.rank), in_b = d - (rank - b.rank);
      if (in_a >= 0) {
        if (a.dims[in_a] != 1) a_index += position * a_step;
        a_step *= a.dims[in_a];
      }
      if (in_b >= 0) {
        if (b.dims[in_b] != 1) b_index += position * b_step;
        b_step *= b.dims[in_b];
      }
    }
    product.a.data = a.floats() + a_index * a_size;
    product.b.data = b.floats() + b_index * b_size;
    product.c = c.floats() + i * rows * columns;
    multiply(product);
  }
}

}  // namespace TTT_ISA
}  // namespace ttt
