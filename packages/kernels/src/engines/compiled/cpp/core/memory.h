// Pooled memory: blocks by size class, carved from slabs that live as long as the process, so that a JavaScript view
// on a slab never dangles. Only the main thread allocates.
#pragma once
#include <cstddef>
#include <cstdint>

#include "call.h"

namespace ttt {

/** Returns a block's number. Its contents are whatever was there before (NaN where poisoning is on). */
int32_t allocate_block(uint64_t bytes);
/** The same for what stays, like weights: without the room by which classes round up. */
int32_t allocate_lasting(uint64_t bytes);
void release_block(int32_t block);
void* block_address(int32_t block);

struct BlockPlace {
  int32_t slab;
  size_t offset;
  size_t bytes;
};
BlockPlace block_place(int32_t block);
void* slab_address(int32_t slab);
size_t slab_bytes(int32_t slab);

/** A copy of a block's values in another form; its own block is released with theirs. */
struct KeptCopy {
  /** Whatever tells one form from another. */
  int64_t form[4];
  /** −1 until someone makes it. */
  int32_t block;
  /** How often it was asked for. */
  int32_t uses;
  int32_t next;
};
/** The place of a copy, made where there is none; valid until the next is asked for or a block released. */
KeptCopy& kept_copy(int32_t block, const int64_t (&form)[4]);
/** To be called before a block's values change while it lives. */
void release_copies(int32_t block);

/** Gives what is idle back to the system, where it is much; for when a phase ends whose memory the next has no use for. */
void give_back_idle();

size_t live_bytes();
size_t reserved_bytes();
void poison_fresh_blocks(bool on);

/** Working memory of a kernel. */
class Scratch {
 public:
  TTT_SHARED_INLINE explicit Scratch(size_t floats)
      : block_(floats == 0 ? -1 : allocate_block(uint64_t{floats} * sizeof(float))) {}
  TTT_SHARED_INLINE ~Scratch() {
    if (block_ >= 0) release_block(block_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  TTT_SHARED_INLINE float* floats() const { return block_ < 0 ? nullptr : static_cast<float*>(block_address(block_)); }

 private:
  int32_t block_;
};

}  // namespace ttt
