// Matrix products, the heart of the engine, in the process's precision (precision.h): f32, or of inputs rounded to bf16.
//
// Determinism: every element of a product is a chain of multiply-adds over k in steps of 256, each step's sum added to
// the element, whatever the number of rows, columns, matrices and threads: a row's result depends on nothing but the
// row.
#pragma once
#include "parallel.h"

namespace ttt {
namespace TTT_ISA {

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
};

/** Runs on all threads, or inside a task in place; there it needs scratch of product_scratch() floats. */
void multiply(const Product& product, float* scratch = nullptr);
int64_t product_scratch(int64_t columns, int64_t depth);

}  // namespace TTT_ISA
}  // namespace ttt
