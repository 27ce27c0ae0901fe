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
/** Of the running call. */
int32_t described_inputs = 0;
struct Running {
  explicit Running(int32_t inputs) { described_inputs = inputs; }
  ~Running() { described_inputs = 0; }
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
    tensors[i] = {block < 0 ? nullptr : block_address(block), word[1], word + 2};
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
  const Running running(inputs);
  kernels.entries[kernel].run({tensors, tensors + inputs, attributes, inputs, outputs, attribute_total, &error});
  if (error != nullptr) release_outputs();
  return error;
}

int32_t input_block(const void* data) {
  const int32_t* word = words + 4;
  for (int32_t i = 0; i < described_inputs; i++) {
    if (tensors[i].data == data) return word[0];
    word += 2 + word[1];
  }
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
