// Runs calls that JavaScript has described.
#include "described-call.h"

#include "memory.h"

namespace ttt {

alignas(64) int32_t words[word_count];
alignas(64) double attributes[attribute_count];

namespace {

constexpr int max_tensors = 16384;
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

uint64_t bytes_of(const Tensor& t, int32_t bytes_per_value) {
  return static_cast<uint64_t>(t.size()) * static_cast<uint64_t>(bytes_per_value);
}

}  // namespace

const char* run_described_call(const KernelTable& kernels) {
  int32_t* word = words;
  const int32_t kernel = *word++, inputs = *word++, outputs = *word++, attribute_total = *word++;
  for (int32_t i = 0; i < inputs; i++) {
    const int32_t block = word[0];
    tensors[i] = {block < 0 ? nullptr : block_address(block), word[1], word + 2, false, block};
    word += 2 + word[1];
  }
  first_output = word;
  allocated = 0;
  for (; allocated < outputs; allocated++) {
    Tensor& tensor = tensors[inputs + allocated];
    tensor = {nullptr, word[1], word + 2};
    if (word[0] >= 0) {
      word[0] = allocate_block(bytes_of(tensor, word[0]));
      tensor.data = block_address(word[0]);
    }
    word += 2 + word[1];
  }
  const char* error = nullptr;
  run_kernel(kernels, kernel, {tensors, tensors + inputs, attributes, inputs, outputs, attribute_total, &error});
  if (error != nullptr) release_outputs();
  return error;
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
