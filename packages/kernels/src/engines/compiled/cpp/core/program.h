// Kernel calls that were recorded once, with a plan of where every tensor lies, to be run many times in one go.
//
// A program is described in words: whether it leaves or takes held memory, the number of inputs, outputs and constants,
// the size of the workspace and of the held memory in units of 64 bytes, the constants' blocks, the outputs' sizes in
// units, the number of calls; then for each call its kernel, its numbers of inputs, outputs and attributes, for each
// tensor its base (8 more for an output to accumulate), index, offset in units, rank and dimensions, and the attributes
// as doubles of two words each.
#pragma once
#include "call.h"

namespace ttt {

/** What a tensor's place is counted from. */
enum class Base : int32_t { absent, workspace, held, input, constant, output };
/** Memory that one program leaves for another: a forward pass for its gradient. */
enum class Held : int32_t { none, left, taken };

/** @param description words of which a copy is kept @returns the program's number */
int32_t create_program(const int32_t* description, int64_t count);
void destroy_program(int32_t program);

/**
 * Runs the program whose number is words[0] on the blocks in words[1 …]: the held memory where it takes some, then the
 * inputs. Writes into words[0 …] the held memory where it leaves some, then the outputs. Returns null, or an error's
 * text, everything released.
 */
const char* run_program(const KernelTable& kernels);
/** Releases what a program that came to no end had allocated. */
void release_unfinished();

}  // namespace ttt
