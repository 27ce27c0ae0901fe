// Parts of a task's working memory.
#pragma once
#include "parallel.h"
#include "simd.h"

namespace ttt {
namespace TTT_ISA {

/** Whole cache lines, and some more: arrays at a distance of whole pages would collide in the caches. */
TTT_INLINE int64_t padded(int64_t floats) { return ceil_div(floats, 16) * 16 + (floats % 1024 == 0 ? 80 : 0); }

/** Takes parts one after the other; without memory it only counts what they need. */
struct Carver {
  float* memory = nullptr;
  int64_t taken = 0;

  float* take(int64_t floats) {
    float* part = memory == nullptr ? nullptr : memory + taken;
    taken += padded(floats);
    return part;
  }
};

/** `parallel` with working memory for each thread, a Memory made of the subject and a carver: f(begin, end, memory). */
template <class Memory, class Subject, class F>
void parallel_with(const Subject& subject, int64_t count, int64_t cost, F f) {
  Carver counter;
  Memory(subject, counter);
  const Scratch scratch(static_cast<size_t>(counter.taken * thread_count()));
  parallel(count, cost, [&](int64_t begin, int64_t end, int worker) {
    Carver carver{scratch.floats() + worker * counter.taken};
    Memory memory(subject, carver);
    f(begin, end, memory);
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
