// The instruction sets that the kernels were compiled for, and which of them this machine has.
#pragma once
#include "call.h"
#include "precision.h"

namespace ttt {

struct InstructionSet {
  const char* name;
  const char* label;
  KernelTable (*kernels)();
  /** What its products of bf16 are made with, and its name. */
  Bf16 bf16;
  const char* bf16_label;
  bool (*supported)();
};

/** The best one first; the last, portable, runs everywhere. */
extern const InstructionSet instruction_sets[];
extern const int instruction_set_count;

}  // namespace ttt
