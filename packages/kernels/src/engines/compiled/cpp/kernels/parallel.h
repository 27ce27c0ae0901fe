// Parallel loops and sums whose result doesn't depend on the number of threads.
#pragma once
#include "memory.h"
#include "simd.h"
#include "threads.h"

namespace ttt {
namespace TTT_ISA {

/** Below this many elementary operations a loop isn't worth handing over to another thread. */
constexpr int64_t worth_a_thread = 15000;

/** Calls f(begin, end, worker) over ranges of 0 … count − 1. `cost` is about the operations of one item. */
template <class F>
void parallel(int64_t count, int64_t cost, F f) {
  if (count <= 0) return;
  const int64_t threads = thread_count();
  const int64_t total = count * larger<int64_t>(cost, 1);
  if (threads == 1 || count == 1 || total < worth_a_thread || inside_task()) {
    f(int64_t{0}, count, 0);
    return;
  }
  struct Context {
    F* f;
    int64_t count, chunks;
  } context{&f, count, smaller(smaller(count, threads * 4), larger<int64_t>(2, total / (worth_a_thread / 3)))};
  run_tasks(
      context.chunks,
      [](void* pointer, int64_t index, int worker) {
        auto& c = *static_cast<Context*>(pointer);
        (*c.f)(c.count * index / c.chunks, c.count * (index + 1) / c.chunks, worker);
      },
      &context);
}

TTT_INLINE float dot(const float* x, const float* y, int64_t n) {
  Vector sums[4] = {};
  int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes)
    for (int j = 0; j < 4; j++) sums[j] += load(x + i + j * lanes) * load(y + i + j * lanes);
  for_vectors(n - i, [&](int64_t j, auto m) { sums[0] += load(x + i + j, m) * load(y + i + j, m); });
  return sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
}
TTT_INLINE float sum_row(const float* x, int64_t n) {
  Vector sums[4] = {};
  int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes)
    for (int j = 0; j < 4; j++) sums[j] += load(x + i + j * lanes);
  for_vectors(n - i, [&](int64_t j, auto m) { sums[0] += load(x + i + j, m); });
  return sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
}
TTT_INLINE float max_row(const float* x, int64_t n) {
  const float lowest = -__builtin_inff();
  Vector most = splat(lowest);
  for_vectors(n, [&](int64_t i, auto m) { most = larger(most, fill_rest(load(x + i, m), lowest, m)); });
  return max_lanes(most);
}

/** y = a · x (+ y) over n values. */
TTT_INLINE void scale_row(float* y, const float* x, float a, int64_t n, bool accumulate = false) {
  for_vectors(n, [&](int64_t i, auto m) {
    const Vector value = splat(a) * load(x + i, m);
    store(y + i, accumulate ? load(y + i, m) + value : value, m);
  });
}

inline void fill(const Tensor& output, float value) {
  if (!output.present()) return;
  float* y = output.floats();
  parallel(ceil_div(output.size(), 4096), 1024, [&](int64_t begin, int64_t end, int) {
    const int64_t first = begin * 4096, last = smaller(end * 4096, output.size());
    for_vectors(last - first, [&](int64_t i, auto m) { store(y + first + i, splat(value), m); });
  });
}

/** Rows per partial sum in sums over rows: fixed, so that the order of additions is. */
constexpr int64_t rows_per_block = 64;

/** Adds up [blocks, n] partial sums in the order of the blocks; zeros where there are none. */
inline void sum_blocks(const float* partial, int64_t blocks, int64_t n, float* sum) {
  for_vectors(n, [&](int64_t i, auto m) {
    Vector total = blocks == 0 ? Vector{} : load(partial + i, m);
    for (int64_t b = 1; b < blocks; b++) total += load(partial + b * n + i, m);
    store(sum + i, total, m);
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
