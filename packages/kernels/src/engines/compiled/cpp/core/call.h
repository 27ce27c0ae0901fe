// What every kernel gets: tensors by position (absent ones have no data), and attributes as doubles.
#pragma once
#include <cstdint>

/**
 * Inline functions that the kernels of all instruction sets share must never be emitted on their own: the linker would
 * keep one of them, perhaps with instructions that this machine lacks.
 */
#define TTT_SHARED_INLINE inline __attribute__((always_inline))

namespace ttt {

/** The most dimensions that a tensor has. */
constexpr int max_rank = 8;

struct Tensor {
  void* data;
  int32_t rank;
  const int32_t* dims;
  /** Of an output: its values are to be added to what stands there. Only asked of kernels that say they can. */
  bool accumulate = false;
  /** The block whose values these are, from its start; −1 where they stand within one. */
  int32_t block = -1;

  TTT_SHARED_INLINE bool present() const { return data != nullptr; }
  TTT_SHARED_INLINE float* floats() const { return static_cast<float*>(data); }
  TTT_SHARED_INLINE int32_t* ints() const { return static_cast<int32_t*>(data); }
  TTT_SHARED_INLINE uint8_t* bytes() const { return static_cast<uint8_t*>(data); }
  TTT_SHARED_INLINE int64_t size() const { return size_between(0, rank); }
  /** The product of the dimensions first … last − 1. */
  TTT_SHARED_INLINE int64_t size_between(int first, int last) const {
    int64_t product = 1;
    for (int i = first; i < last; i++) product *= dims[i];
    return product;
  }
  TTT_SHARED_INLINE int64_t last_dim() const { return rank == 0 ? 1 : dims[rank - 1]; }
};

struct Call {
  const Tensor* inputs;
  const Tensor* outputs;
  const double* attributes;
  int32_t input_count;
  int32_t output_count;
  int32_t attribute_count;
  /** Set by a kernel that can't go on, to a text that lives forever; becomes a JavaScript error. */
  const char** error;
};

/**
 * A kernel is a function of this form in the namespace of its instruction set, `void Name(const Call& call)`; the engine
 * asks for it by that name. The build finds it by its capital and lists it in the table (kernel-table.ts).
 */
using Kernel = void (*)(const Call&);
/**
 * Whether a kernel can add this output to what stands in its place, with the bits of an addition afterwards; of the call's
 * tensors only the shapes are known. `bool NameAccumulates(const Call& call, int output)` beside the kernel; where there
 * is none, it can't.
 */
using Accumulates = bool (*)(const Call&, int output);

struct KernelEntry {
  const char* name;
  Kernel run;
  /** May be null. */
  Accumulates accumulates;
};

struct KernelTable {
  const KernelEntry* entries;
  int count;
};

}  // namespace ttt
