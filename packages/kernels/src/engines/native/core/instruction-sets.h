// The instruction sets that the kernels were compiled for, and which of them this machine has.
#pragma once
#include "call.h"
#include "precision.h"

namespace ttt {

struct InstructionSet {
  const char* name;
  const char* label;
  KernelTable (*kernels)();
  /** How its products take their factors in f32 and in bf16, and with what, empty for the instruction set itself. */
  Factors f32, bf16;
  const char *f32_label, *bf16_label;
  bool (*supported)();
};

/** The best one first; the last, portable, runs everywhere. */
extern const InstructionSet instruction_sets[];
extern const int instruction_set_count;

}  // namespace ttt
