// Programs of recorded kernel calls.
#include "program.h"

#include <cstring>
#include <memory>
#include <vector>

#include "described-call.h"
#include "memory.h"

namespace ttt {
namespace {

constexpr int64_t unit = 64;
/** Added to the base of an output that is added to what stands there. */
constexpr int32_t accumulating = 8;

struct Place {
  Base base;
  int32_t index;
  int64_t offset;
};
struct RecordedCall {
  int32_t kernel, inputs, outputs, attributes;
  size_t first_tensor, first_attribute;
};

struct Program {
  Held held;
  int32_t inputs;
  int64_t workspace_bytes, held_bytes;
  std::vector<int32_t> constants;
  std::vector<int64_t> output_bytes;
  std::vector<RecordedCall> calls;
  std::vector<Place> places;
  std::vector<Tensor> tensors;
  /** Inputs that results are written over. */
  std::vector<int32_t> overwritten;
  /** The tensors' dimensions. */
  std::vector<int32_t> dims;
  std::vector<double> attributes;
};

std::vector<Program*> programs;
/** What the running program has allocated: its workspace, the held memory that it leaves, its outputs. */
std::vector<int32_t> allocated;

int32_t allocate(int64_t bytes) {
  const int32_t block = allocate_block(static_cast<uint64_t>(bytes));
  allocated.push_back(block);
  return block;
}

}  // namespace

int32_t create_program(const int32_t* word, int64_t count) {
  auto program = std::make_unique<Program>();
  const int32_t* end = word + count;
  program->held = static_cast<Held>(*word++);
  program->inputs = *word++;
  const int32_t outputs = *word++, constants = *word++;
  program->workspace_bytes = *word++ * unit;
  program->held_bytes = *word++ * unit;
  program->constants.assign(word, word + constants);
  word += constants;
  for (int32_t i = 0; i < outputs; i++) program->output_bytes.push_back(*word++ * unit);
  const int32_t calls = *word++;
  std::vector<size_t> first_dim;
  for (int32_t c = 0; c < calls && word < end; c++) {
    RecordedCall call{word[0], word[1], word[2], word[3], program->places.size(), program->attributes.size()};
    word += 4;
    for (int32_t t = 0; t < call.inputs + call.outputs; t++) {
      program->places.push_back({static_cast<Base>(word[0] % accumulating), word[1], word[2] * unit});
      program->tensors.push_back({nullptr, word[3], nullptr, word[0] >= accumulating});
      if (t >= call.inputs && program->places.back().base == Base::input) program->overwritten.push_back(word[1]);
      first_dim.push_back(program->dims.size());
      program->dims.insert(program->dims.end(), word + 4, word + 4 + word[3]);
      word += 4 + word[3];
    }
    for (int32_t a = 0; a < call.attributes; a++, word += 2) {
      double value;
      std::memcpy(&value, word, sizeof value);
      program->attributes.push_back(value);
    }
    program->calls.push_back(call);
  }
  for (size_t t = 0; t < program->tensors.size(); t++) program->tensors[t].dims = program->dims.data() + first_dim[t];
  for (size_t i = 0; i < programs.size(); i++)
    if (programs[i] == nullptr) {
      programs[i] = program.release();
      return static_cast<int32_t>(i);
    }
  programs.push_back(program.get());
  program.release();
  return static_cast<int32_t>(programs.size()) - 1;
}

void destroy_program(int32_t program) {
  delete programs[program];
  programs[program] = nullptr;
}

const char* run_program(const KernelTable& kernels) {
  Program& program = *programs[words[0]];
  const int32_t* given = words + 1;
  allocated.clear();
  char* workspace = static_cast<char*>(block_address(allocate(program.workspace_bytes)));
  int32_t held_block = -1;
  if (program.held == Held::taken) held_block = *given++;
  if (program.held == Held::left) held_block = allocate(program.held_bytes);
  char* held = held_block < 0 ? nullptr : static_cast<char*>(block_address(held_block));
  const size_t first_output = allocated.size();
  for (const int64_t bytes : program.output_bytes) allocate(bytes);

  for (const int32_t input : program.overwritten) release_copies(given[input]);
  for (size_t t = 0; t < program.tensors.size(); t++) {
    const Place& place = program.places[t];
    Tensor& tensor = program.tensors[t];
    char* base = nullptr;
    tensor.block = -1;
    switch (place.base) {
      case Base::absent: break;
      case Base::workspace: base = workspace; break;
      case Base::held: base = held; break;
      case Base::input: tensor.block = given[place.index]; break;
      case Base::constant: tensor.block = program.constants[place.index]; break;
      case Base::output: base = static_cast<char*>(block_address(allocated[first_output + place.index])); break;
    }
    if (tensor.block >= 0) base = static_cast<char*>(block_address(tensor.block));
    tensor.data = base == nullptr ? nullptr : base + place.offset;
  }

  const char* error = nullptr;
  for (const RecordedCall& call : program.calls) {
    const Tensor* tensors = program.tensors.data() + call.first_tensor;
    run_kernel(kernels, call.kernel,
               {tensors, tensors + call.inputs, program.attributes.data() + call.first_attribute, call.inputs,
                call.outputs, call.attributes, &error});
    if (error != nullptr) {
      release_unfinished();
      return error;
    }
  }

  for (size_t i = 1; i < allocated.size(); i++) words[i - 1] = allocated[i];
  release_block(allocated[0]);
  allocated.clear();
  return nullptr;
}

void release_unfinished() {
  for (const int32_t block : allocated) release_block(block);
  allocated.clear();
}

}  // namespace ttt
