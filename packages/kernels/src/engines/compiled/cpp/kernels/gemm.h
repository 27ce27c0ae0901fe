// Matrix products, the heart of the engine, in the process's precision (precision.h): f32, or of inputs rounded to bf16.
//
// Determinism: every element of a product is a chain of multiply-adds over k in steps of depth_step, each step's sum added to
// the element, whatever the number of rows, columns, matrices and threads: a row's result depends on nothing but the
// row.
#pragma once
#include <utility>

#include "described-call.h"
#include "parallel.h"
#include "quantised.h"

namespace ttt {
namespace TTT_ISA {

/** See above: a product over no more of k than this gives the same bits added to c as added afterwards. */
constexpr int64_t depth_step = 256;

struct Matrix {
  const float* data;
  int64_t row_stride;
  int64_t column_stride;
  /** From one matrix of a batch to the next; 0 where all share one. */
  int64_t batch_stride = 0;
};
inline Matrix row_major(const float* data, int64_t columns, int64_t batch_stride = 0) {
  return {data, columns, 1, batch_stride};
}
inline Matrix transposed(Matrix m) { return {m.data, m.column_stride, m.row_stride, m.batch_stride}; }

struct Product {
  int64_t batch, rows, columns, depth;
  Matrix a, b;
  float* c;
  int64_t c_row_stride;
  int64_t c_batch_stride = 0;
  /** Whether to add to c instead of overwriting it. */
  bool accumulate = false;
  /** Stands for b where that is quantised; the rows of a are then contiguous and the batch is 1. Always in f32. */
  const QuantisedBlocks* blocks = nullptr;
};

/** A product as two, of half the matrices or of half the rows, in multiples of `row_unit`. */
inline std::pair<Product, Product> halves(const Product& p, int64_t row_unit) {
  Product first = p, rest = p;
  if (p.batch > 1) {
    first.batch = p.batch / 2;
    rest.batch -= first.batch;
    rest.a.data += first.batch * rest.a.batch_stride;
    rest.b.data += first.batch * rest.b.batch_stride;
    rest.c += first.batch * rest.c_batch_stride;
  } else {
    first.rows = ceil_div(p.rows / 2, row_unit) * row_unit;
    rest.rows -= first.rows;
    rest.a.data += first.rows * rest.a.row_stride;
    rest.c += first.rows * rest.c_row_stride;
  }
  return {first, rest};
}

/** B stays packed once so many products have asked for it: a weight, not what passes by. */
constexpr int32_t uses_worth_keeping = 3;
/** How a kept copy of B is packed. */
enum class Packing { f32, rounded, bf16, pieces };

/**
 * All of B, packed, where it is an input of the call that many products meet: tensors never change. Null where it is none,
 * or hasn't been asked for often enough.
 *
 * @param pack fills the copy of so many bytes
 */
template <class F>
const void* kept_columns(const Product& p, Packing packing, int64_t bytes, F pack) {
  const bool by_row = p.b.column_stride == 1 && p.b.row_stride == p.columns;
  const bool by_column = p.b.row_stride == 1 && p.b.column_stride == p.depth;
  const bool one_by_one = p.b.batch_stride == 0 || p.b.batch_stride == p.columns * p.depth;
  if (!(by_row || by_column) || !one_by_one) return nullptr;
  const int32_t source = input_block(p.b.data);
  if (source < 0) return nullptr;
  const int64_t matrices = p.b.batch_stride == 0 ? 1 : p.batch;
  KeptCopy& copy = kept_copy(source, {matrices, p.columns, p.depth, 2 * static_cast<int64_t>(packing) + (by_row ? 0 : 1)});
  if (copy.block < 0) {
    if (++copy.uses < uses_worth_keeping) return nullptr;
    copy.block = allocate_block(static_cast<uint64_t>(bytes));
    pack(block_address(copy.block));
  }
  return block_address(copy.block);
}

/** A product of few rows with a quantised matrix. */
void multiply_few_rows_by_blocks(const Product& product);

/** Runs on all threads, or inside a task in place; there it needs scratch of product_scratch() floats. */
void multiply(const Product& product, float* scratch = nullptr);
int64_t product_scratch(int64_t columns, int64_t depth);

}  // namespace TTT_ISA
}  // namespace ttt
