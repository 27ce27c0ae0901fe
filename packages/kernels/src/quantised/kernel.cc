// What is done with quantised weights: products with all of them, and single rows.
#include "gemm.h"

namespace ttt {
namespace TTT_ISA {

/** x [..., I], weight [O / 16, …, words, 16] -> y [..., O] */
void QuantisedLinear(const Call& call) {
  const Tensor& x = call.inputs[0];
  const QuantisedBlocks blocks(call.inputs[1]);
  const int64_t depth = x.last_dim(), columns = call.inputs[1].dims[0] * block_columns;
  Product product{1, x.size_between(0, x.rank - 1), columns, depth, row_major(x.floats(), depth), {nullptr, 0, 0},
                  call.outputs[0].floats(), columns};
  product.blocks = &blocks;
  multiply(product);
}

/** weight [V / 16, …, words, 16], indices [...] -> rows [..., D] */
void QuantisedRows(const Call& call) {
  const Tensor &weight = call.inputs[0], &indices = call.inputs[1];
  const QuantisedBlocks blocks(weight);
  const int64_t rows = weight.dims[0] * block_columns, width = blocks.count * block_depth, count = indices.size();
  for (int64_t i = 0; i < count; i++)
    if (indices.ints()[i] < 0 || indices.ints()[i] >= rows) {
      *call.error = "QuantisedRows: an index lies outside of the rows";
      return;
    }
  parallel(count, width * lanes, [&](int64_t begin, int64_t end, int) {
    float values[block_depth * lanes];
    for (int64_t i = begin; i < end; i++) {
      const int64_t row = indices.ints()[i], neighbours = row / lanes * lanes;
      for (int64_t k = 0; k < width; k += block_depth) {
        unpack_panel(blocks, neighbours, k, block_depth, lanes, values);
        float* target = call.outputs[0].floats() + i * width + k;
        for (int64_t j = 0; j < block_depth; j++) target[j] = values[j * lanes + (row - neighbours)];
      }
    }
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
