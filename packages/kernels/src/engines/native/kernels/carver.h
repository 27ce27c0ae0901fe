// Parts of a task's working memory.
#pragma once
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

}  // namespace TTT_ISA
}  // namespace ttt
