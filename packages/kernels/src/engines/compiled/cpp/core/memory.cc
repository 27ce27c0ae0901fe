// The block pool.
#include "memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>
#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#elif defined(_WIN32)
#include <malloc.h>
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace ttt {
namespace {

constexpr size_t slab_size = size_t{32} << 20;
/** Blocks from here on get a slab of their own. */
constexpr size_t large_block = size_t{4} << 20;
/** Below this a block that lasts is one of a class, as all others are, and an idle one keeps its pages. */
constexpr size_t least_page_block = size_t{64} << 10;
/** Idle bytes of those that stay, because new pages cost time: a share of the most that were in use, and no more than this. */
[[maybe_unused]] constexpr size_t idle_share = 16, most_idle = size_t{128} << 20, least_idle = size_t{4} << 20;
#if defined(__wasm__)
/** The unit in which memory grows; all slabs are larger. */
constexpr size_t huge_page = size_t{64} << 10;
#else
constexpr size_t huge_page = size_t{2} << 20;
#endif
#if defined(__SANITIZE_ADDRESS__)
/** Stands between the blocks of a slab. */
constexpr size_t gap = 64;
/** Tells the address sanitizer which bytes of a block may be touched: the first ones. */
void allow(char* address, size_t bytes, size_t allowed) {
  ASAN_UNPOISON_MEMORY_REGION(address, allowed);
  ASAN_POISON_MEMORY_REGION(address + allowed, bytes - allowed);
}
#else
constexpr size_t gap = 0;
inline void allow(char*, size_t, size_t) {}
#endif
/** The last size class whose bytes a size_t can tell. */
constexpr uint64_t largest_block = SIZE_MAX / 4 * 3;

struct Slab {
  char* address;
  size_t bytes;
  size_t used;
};
struct Block {
  char* address;
  size_t bytes;
  int32_t slab;
  int32_t size_class;
  /** The first of its copies, −1 for none. */
  int32_t copies = -1;
  /** Of a large block: the bytes that it was asked for, and the first ones that the system may have given pages to. */
  size_t used = 0, resident = 0;
  /** How many blocks were released before it was, the last time. */
  uint64_t released = 0;
  /** Of an idle block below those: whether its pages were given back. */
  bool given_back = false;
};
/** Bytes of large blocks: those in use, the most that were in use at once, those that are resident. */
struct LargeBytes {
  size_t live, most_live, resident;
};

std::vector<Slab> slabs;
std::vector<Block> blocks;
std::vector<std::vector<int32_t>> free_blocks;
std::vector<KeptCopy> copies;
int32_t free_copy = -1;
int32_t open_slab = -1;
size_t live = 0;
size_t reserved = 0;
uint64_t releases = 0;
LargeBytes large = {};
bool poison = false;

/** Four classes per power of two: at most a quarter of a block is unused. */
int32_t class_of(size_t bytes) {
  if (bytes <= 256) return bytes == 0 ? 0 : static_cast<int32_t>((bytes - 1) / 64);
  const int log2 = 63 - __builtin_clzll(bytes - 1);
  return 4 * (log2 - 7) + static_cast<int32_t>(((bytes - 1) >> (log2 - 2)) & 3);
}
size_t class_bytes(int32_t size_class) {
  if (size_class < 4) return static_cast<size_t>(size_class + 1) * 64;
  return static_cast<size_t>(4 + size_class % 4 + 1) << (size_class / 4 + 5);
}

[[noreturn]] void out_of_memory() {
#if defined(__wasm__)
  __builtin_trap();
#else
  throw std::bad_alloc();
#endif
}

/** Memory for a slab. Its addresses are kept for good. */
void* slab_memory(size_t alignment, size_t bytes) {
#if defined(__wasm__)
  // Straight from the host: malloc may round what is this large up to a power of two.
  const size_t first_page = __builtin_wasm_memory_grow(0, bytes / alignment);
  if (first_page == SIZE_MAX) out_of_memory();
  return reinterpret_cast<void*>(first_page * alignment);
#elif defined(_WIN32)
  void* address = _aligned_malloc(bytes, alignment);
  if (address == nullptr) out_of_memory();
  return address;
#else
  void* address = nullptr;
  if (posix_memalign(&address, alignment, bytes) != 0) out_of_memory();
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  madvise(address, bytes, MADV_HUGEPAGE);
#endif
  return address;
#endif
}

int32_t add_slab(size_t bytes) {
  const size_t alignment = bytes >= huge_page ? huge_page : 4096;
  bytes = (bytes + alignment - 1) / alignment * alignment;
  void* address = slab_memory(alignment, bytes);
  slabs.push_back({static_cast<char*>(address), bytes, 0});
  reserved += bytes;
  return static_cast<int32_t>(slabs.size()) - 1;
}

/** @param size_class the list that it goes to when it is idle: none of larger blocks */
int32_t add_block(size_t bytes, int32_t size_class) {
  const size_t taken = bytes >= large_block ? bytes : bytes + gap;
  int32_t slab;
  if (bytes >= large_block) {
    slab = add_slab(taken);
  } else {
    if (open_slab < 0 || slabs[open_slab].used + taken > slabs[open_slab].bytes) open_slab = add_slab(slab_size);
    slab = open_slab;
  }
  char* address = slabs[slab].address + slabs[slab].used;
  blocks.push_back({address, bytes, slab, size_class});
  allow(address, taken, 0);
  slabs[slab].used += taken;
  return static_cast<int32_t>(blocks.size()) - 1;
}

/**
 * Gives the pages of idle large blocks back to the system, those first that have been idle for longest, until hardly more
 * are resident than were once in use at the same time: what one phase of a program leaves doesn't stand beside what the
 * next one needs.
 */
void give_back() {
#if defined(__linux__)
  const size_t share = large.most_live / idle_share;
  while (large.resident > large.most_live + (share < most_idle ? share : most_idle)) {
    Block* oldest = nullptr;
    for (size_t list = class_of(large_block); list < free_blocks.size(); list++)
      for (const int32_t index : free_blocks[list]) {
        Block& block = blocks[index];
        if (block.resident > 0 && (oldest == nullptr || block.released < oldest->released)) oldest = &block;
      }
    if (oldest == nullptr) return;
    // All of the slab: of a huge page nothing is free before all of it is.
    const Slab& slab = slabs[oldest->slab];
    if (madvise(slab.address, slab.bytes, MADV_DONTNEED) != 0) return;
    large.resident -= oldest->resident;
    oldest->resident = 0;
  }
#endif
}

/** @param bytes that are asked for: what a class has beyond them is never touched */
void begin_use(Block& block, size_t bytes) {
  live += block.bytes;
  block.given_back = false;
  if (block.bytes < large_block) return;
  block.used = bytes;
  large.live += bytes;
  if (large.live > large.most_live) large.most_live = large.live;
  if (block.resident >= bytes) return;
  large.resident += bytes - block.resident;
  block.resident = bytes;
  give_back();
}

void end_use(Block& block) {
  block.released = releases++;
  live -= block.bytes;
  if (block.bytes >= large_block) large.live -= block.used;
}

std::vector<int32_t>& idle_blocks(int32_t size_class) {
  if (static_cast<size_t>(size_class) >= free_blocks.size()) free_blocks.resize(size_class + 1);
  return free_blocks[size_class];
}

int32_t used_from_now(int32_t block, size_t bytes) {
  begin_use(blocks[block], bytes);
  allow(blocks[block].address, blocks[block].bytes, blocks[block].bytes);
  if (poison) std::memset(blocks[block].address, 0xff, blocks[block].bytes);
  allow(blocks[block].address, blocks[block].bytes, bytes);
  return block;
}

}  // namespace

int32_t allocate_block(uint64_t bytes) {
  if (bytes > largest_block) out_of_memory();
  const int32_t size_class = class_of(bytes);
  auto& list = idle_blocks(size_class);
  int32_t block;
  if (list.empty()) {
    block = add_block(class_bytes(size_class), size_class);
  } else {
    block = list.back();
    list.pop_back();
  }
  return used_from_now(block, static_cast<size_t>(bytes));
}

int32_t allocate_lasting(uint64_t bytes) {
  if (bytes < least_page_block || bytes > largest_block) return allocate_block(bytes);
  const size_t wanted = (static_cast<size_t>(bytes) + 63) / 64 * 64;
  const int32_t rounded = class_of(wanted), size_class = class_bytes(rounded) > wanted ? rounded - 1 : rounded;
  // One of the same size, let go of before: of each size there are few.
  auto& list = idle_blocks(size_class);
  const auto same = std::find_if(list.begin(), list.end(), [&](int32_t block) { return blocks[block].bytes == wanted; });
  int32_t block;
  if (same == list.end()) {
    block = add_block(wanted, size_class);
  } else {
    block = *same;
    list.erase(same);
  }
  return used_from_now(block, static_cast<size_t>(bytes));
}

void give_back_idle() {
#if defined(__linux__)
  std::vector<int32_t> idle;
  size_t bytes = 0;
  for (size_t list = class_of(least_page_block); list < free_blocks.size(); list++)
    for (const int32_t index : free_blocks[list]) {
      const Block& block = blocks[index];
      if (block.bytes < large_block ? block.given_back : block.resident == 0) continue;
      idle.push_back(index);
      bytes += block.bytes < large_block ? block.bytes : block.resident;
    }
  if (bytes < least_idle || bytes < live / idle_share) return;
  std::sort(idle.begin(), idle.end(), [](int32_t a, int32_t b) { return blocks[a].address < blocks[b].address; });
  static const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (size_t i = 0; i < idle.size();) {
    // Neighbours together: a page may be a part of both.
    char* begin = blocks[idle[i]].address;
    char* end = begin;
    const int32_t slab = blocks[idle[i]].slab;
    for (; i < idle.size() && blocks[idle[i]].slab == slab && blocks[idle[i]].address == end; i++) {
      Block& block = blocks[idle[i]];
      end += block.bytes;
      large.resident -= block.resident;
      block.resident = 0;
      block.given_back = true;
    }
    const auto first = (reinterpret_cast<uintptr_t>(begin) + page - 1) / page * page;
    const auto last = reinterpret_cast<uintptr_t>(end) / page * page;
    if (last > first) madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
  }
#if defined(__GLIBC__)
  // What loading, recording programs and compiling JavaScript left in malloc's heaps, too.
  malloc_trim(0);
#endif
#endif
}

void release_copies(int32_t block) {
  while (blocks[block].copies >= 0) {
    const int32_t index = blocks[block].copies, copy = copies[index].block;
    blocks[block].copies = copies[index].next;
    copies[index].next = free_copy;
    free_copy = index;
    if (copy >= 0) release_block(copy);
  }
}

void release_block(int32_t block) {
  release_copies(block);
  end_use(blocks[block]);
  allow(blocks[block].address, blocks[block].bytes, 0);
  free_blocks[blocks[block].size_class].push_back(block);
}

KeptCopy& kept_copy(int32_t block, const int64_t (&form)[4]) {
  for (int32_t i = blocks[block].copies; i >= 0; i = copies[i].next)
    if (std::memcmp(copies[i].form, form, sizeof form) == 0) return copies[i];
  const int32_t index = free_copy >= 0 ? free_copy : static_cast<int32_t>(copies.size());
  if (free_copy >= 0) free_copy = copies[index].next;
  else copies.emplace_back();
  KeptCopy& copy = copies[index];
  std::memcpy(copy.form, form, sizeof form);
  copy.block = -1;
  copy.uses = 0;
  copy.next = blocks[block].copies;
  blocks[block].copies = index;
  return copy;
}

void* block_address(int32_t block) { return blocks[block].address; }

BlockPlace block_place(int32_t block) {
  const Block& b = blocks[block];
  return {b.slab, static_cast<size_t>(b.address - slabs[b.slab].address), b.bytes};
}
void* slab_address(int32_t slab) { return slabs[slab].address; }
size_t slab_bytes(int32_t slab) { return slabs[slab].bytes; }
size_t live_bytes() { return live; }
size_t reserved_bytes() { return reserved; }
void poison_fresh_blocks(bool on) { poison = on; }

}  // namespace ttt
