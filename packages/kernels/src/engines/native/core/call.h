// What every kernel gets: tensors by position (absent ones have no data), and attributes as doubles.
#pragma once
#include <cstdint>

namespace ttt {

struct Tensor {
  void* data;
  int32_t rank;
  const int32_t* dims;

  bool present() const { return data != nullptr; }
  float* floats() const { return static_cast<float*>(data); }
  int32_t* ints() const { return static_cast<int32_t*>(data); }
  uint8_t* bytes() const { return static_cast<uint8_t*>(data); }
  int64_t size() const { return size_between(0, rank); }
  /** The product of the dimensions first … last − 1. */
  int64_t size_between(int first, int last) const {
    int64_t product = 1;
    for (int i = first; i < last; i++) product *= dims[i];
    return product;
  }
  int64_t last_dim() const { return rank == 0 ? 1 : dims[rank - 1]; }
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

using Kernel = void (*)(const Call&);

struct KernelEntry {
  const char* name;
  Kernel run;
};

struct KernelTable {
  const KernelEntry* entries;
  int count;
};

}  // namespace ttt
