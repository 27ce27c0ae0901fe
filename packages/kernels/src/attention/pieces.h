// Tasks that sum up gradients of keys, in an order that the number of threads doesn't change.
#pragma once
#include "rows.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/**
 * Tasks over key heads, whose gradients sum over their queries. The blocks of few heads are divided into pieces, as many
 * as the shape says; each piece sums into its own rows, and pieces are then added up in order, so that no element
 * depends on the number of threads.
 */
struct Pieces {
  const Shape& s;
  int64_t heads, count;

  Pieces(const Shape& s, int64_t tasks) : s(s), heads(s.batch * s.key_heads) {
    count = larger<int64_t>(1, smaller(s.blocks(), ceil_div(tasks, larger<int64_t>(1, heads))));
  }
  int64_t begin(int64_t piece) const { return s.blocks() * piece / count; }
  /** The keys [low, high) that a piece of a sequence's queries meets. */
  int64_t low(int64_t b, int64_t piece) const { return s.first_key(b, begin(piece) * s.block); }
  int64_t high(int64_t b, int64_t piece) const {
    return larger(low(b, piece), s.end_key(b, smaller(s.queries, begin(piece + 1) * s.block) - 1));
  }
  /** Keys of all pieces before. */
  int64_t before(int64_t b, int64_t piece) const {
    int64_t keys = 0;
    for (int64_t i = 0; i < piece; i++) keys += high(b, i) - low(b, i);
    return keys;
  }
  /** Where the sums of a key head's pieces begin; with b = batch, where all end. */
  int64_t start(int64_t b, int64_t key_head) const {
    int64_t keys = 0;
    for (int64_t i = 0; i < b; i++) keys += s.key_heads * before(i, count);
    return (keys + (key_head == 0 ? 0 : key_head * before(b, count))) * s.width;
  }
  int64_t floats() const { return start(s.batch, 0); }

  /** Where a piece sums up a tensor like k [high − low, width]: zeros at first. */
  float* start_sums(float* partials, int64_t b, int64_t key_head, int64_t piece) const {
    if (partials == nullptr) return nullptr;
    float* sums = partials + start(b, key_head) + before(b, piece) * s.width;
    clear(sums, (high(b, piece) - low(b, piece)) * s.width);
    return sums;
  }
  /** Calls f(b, key_head, piece, worker). The last pieces of causal attention meet the most keys, so they start first. */
  template <class F>
  void run(F f) const {
    const int64_t met = smaller(s.longest(), s.keys) * s.queries / count;
    parallel(heads * count, met * s.shared * s.width / 2, [&](int64_t from, int64_t to, int worker) {
      for (int64_t u = from; u < to; u++)
        f(u % heads / s.key_heads, u % heads % s.key_heads, count - 1 - u / heads, worker);
    });
  }
  template <class F>
  void for_blocks(int64_t b, int64_t key_head, int64_t piece, F f) const {
    for (int64_t head = key_head * s.shared; head < (key_head + 1) * s.shared; head++)
      for (int64_t index = begin(piece); index < begin(piece + 1); index++) f(Block(s, b, head, index));
  }
  void add_up(const float* partials, float* output) const {
    if (output == nullptr) return;
    const int64_t chunks = ceil_div(s.keys, rows_per_block);
    parallel(heads * chunks, rows_per_block * s.width, [&](int64_t from, int64_t to, int) {
      for (int64_t u = from; u < to; u++) {
        const int64_t head = u / chunks, first = u % chunks * rows_per_block, last = smaller(s.keys, first + rows_per_block);
        const int64_t b = head / s.key_heads, key_head = head % s.key_heads;
        float* rows = output + s.key_at(b, 0, key_head);
        for (int64_t key = first; key < last; key++) clear(rows + key * s.key_step(), s.width);
        const float* partial = partials + start(b, key_head);
        for (int64_t piece = 0; piece < count; piece++) {
          const int64_t begin = low(b, piece), end = high(b, piece);
          for (int64_t key = larger(first, begin); key < smaller(last, end); key++)
            scale_row(rows + key * s.key_step(), partial + (key - begin) * s.width, 1, s.width, true);
          partial += (end - begin) * s.width;
        }
      }
    });
  }
};

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
