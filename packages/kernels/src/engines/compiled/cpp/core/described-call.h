// How a call comes from JavaScript: described in two shared arrays.
//
// Words: kernel, number of inputs, of outputs, of attributes; then for each input and output its block (−1 where
// absent), rank and dimensions. A wanted output comes with its bytes per value in place of the block, which is filled in.
// Attributes stand in the array of doubles.
#pragma once
#include "call.h"

namespace ttt {

constexpr int word_count = 262144;
constexpr int attribute_count = 1024;
extern int32_t words[word_count];
extern double attributes[attribute_count];

/** Allocates the outputs and runs the kernel. Returns null, or an error's text, the outputs released. */
const char* run_described_call(const KernelTable& kernels);
/**
 * Whether the kernel of the described call can add one of its outputs, told by a word behind the others, to what stands in
 * its place. The call has shapes, but no blocks.
 */
bool described_call_accumulates(const KernelTable& kernels);
/** Runs one of the kernels, knowing its inputs by their blocks meanwhile. */
void run_kernel(const KernelTable& kernels, int32_t kernel, const Call& call);
/** The block of the running call's input whose values stand there; −1 where there is none. */
int32_t input_block(const void* data);
/** Releases the outputs of a call that came to no end. */
void release_outputs();

}  // namespace ttt
