// Runs calls that JavaScript has described.
#include "described-call.h"

#include "memory.h"

namespace ttt {

alignas(64) int32_t words[word_count];
alignas(64) double attributes[attribute_count];

namespace {

constexpr int max_tensors = 16384;
constexpr const char* too_many_dimensions = "a compiled kernel takes tensors of at most 8 dimensions";
static_assert(max_rank == 8, "as the error says");
Tensor tensors[max_tensors];
/** The outputs of the running call that were allocated so far. */
int32_t* first_output = words;
int32_t allocated = 0;
/** The call that runs now, null between calls. */
const Call* running_call = nullptr;
struct Running {
  explicit Running(const Call& call) { running_call = &call; }
  ~Running() { running_call = nullptr; }
};

/** More than there can be where dimensions are negative or their product is beyond an integer. */
uint64_t bytes_of(const Tensor& t, int32_t bytes_per_value) {
  double bytes = bytes_per_value;
  for (int32_t d = 0; d < t.rank; d++) bytes *= t.dims[d] < 0 ? __builtin_nan("") : t.dims[d];
  return bytes < 0x1p62 ? static_cast<uint64_t>(bytes) : UINT64_MAX;
}

}  // namespace

const char* run_described_call(const KernelTable& kernels) {
  int32_t* word = words;
  const int32_t kernel = *word++, inputs = *word++, outputs = *word++, attribute_total = *word++;
  for (int32_t i = 0; i < inputs; i++) {
    const int32_t block = word[0];
    if (word[1] > max_rank) return too_many_dimensions;
    tensors[i] = {block < 0 ? nullptr : block_address(block), word[1], word + 2, false, block};
    word += 2 + word[1];
  }
  first_output = word;
  allocated = 0;
  const char* error = nullptr;
  for (; allocated < outputs; allocated++) {
    if (word[1] > max_rank) {
      release_outputs();
      return too_many_dimensions;
    }
    Tensor& tensor = tensors[inputs + allocated];
    tensor = {nullptr, word[1], word + 2};
    if (word[0] >= 0) {
      word[0] = allocate_block(bytes_of(tensor, word[0]));
      tensor.data = block_address(word[0]);
    }
    word += 2 + word[1];
  }
  run_kernel(kernels, kernel, {tensors, tensors + inputs, attributes, inputs, outputs, attribute_total, &error});
  if (error != nullptr) release_outputs();
  return error;
}

bool described_call_accumulates(const KernelTable& kernels) {
  const int32_t* word = words;
  const int32_t kernel = *word++, inputs = *word++, outputs = *word++, attribute_total = *word++;
  const Accumulates accumulates = kernels.entries[kernel].accumulates;
  if (accumulates == nullptr) return false;
  for (int32_t i = 0; i < inputs + outputs; i++) {
    tensors[i] = {nullptr, word[1], word + 2};
    word += 2 + word[1];
  }
  return accumulates({tensors, tensors + inputs, attributes, inputs, outputs, attribute_total, nullptr}, *word);
}

void run_kernel(const KernelTable& kernels, int32_t kernel, const Call& call) {
  const Running running(call);
  kernels.entries[kernel].run(call);
}

int32_t input_block(const void* data) {
  for (int32_t i = 0; running_call != nullptr && i < running_call->input_count; i++)
    if (running_call->inputs[i].data == data) return running_call->inputs[i].block;
  return -1;
}

void release_outputs() {
  const int32_t* word = first_output;
  for (; allocated > 0; allocated--) {
    if (word[0] >= 0) release_block(word[0]);
    word += 2 + word[1];
  }
}

}  // namespace ttt
