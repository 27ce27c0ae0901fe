// The shape of causal attention, its blocks of queries and the tiles of keys that they meet.
#pragma once
#include "carver.h"
#include "gemm.h"
#include "math.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Places among the inputs; those from d_y on are the gradients'. */
enum Input { q_in, k_in, v_in, offset_in, d_y_in, d_log_sums_in, y_in, log_sums_in, u_q_in, u_k_in, u_v_in };

/** Keys per tile: whole strips of every instruction set's matrix product. */
constexpr int64_t tile_keys = 96;
/** Keys per tile where only some of the queries see them: narrow tiles leave most of the others out. */
constexpr int64_t edge_keys = 32;
/** Tasks that the queries of few key heads are divided into, so that all threads have some. */
constexpr int64_t forward_tasks = 32, gradient_tasks = 8;
/** The most keys that a block meets for which blocks of the second order are wide: their tiles stand all at once. */
constexpr int64_t many_keys = 4096;

struct Shape {
  int64_t batch, queries, heads, width, keys, key_heads, window, shared, block;
  /** The place of each sequence's first query among its keys. */
  const int32_t* offsets;
  float scale;

  explicit Shape(const Call& call, bool keeps_tiles = false)
      : batch(call.inputs[q_in].dims[0]),
        queries(call.inputs[q_in].dims[1]),
        heads(call.inputs[q_in].dims[2]),
        width(call.inputs[q_in].dims[3]),
        keys(call.inputs[k_in].dims[1]),
        key_heads(call.inputs[k_in].dims[2]),
        window(static_cast<int64_t>(call.attributes[0])),
        shared(heads / larger<int64_t>(1, key_heads)),
        offsets(call.inputs[offset_in].ints()),
        scale(static_cast<float>(1 / __builtin_sqrt(static_cast<double>(width)))) {
    // A block of queries meets block + window keys: small windows take small blocks, and so do few queries, so that
    // there are enough blocks for all threads.
    const bool few = batch * key_heads * ceil_div(queries, 64) < gradient_tasks / 2;
    const bool long_rows = keeps_tiles && keys > many_keys && (window == 0 || window > many_keys);
    const int64_t most = few || long_rows || (window > 0 && window < 48) ? 32 : 64;
    block = larger<int64_t>(1, ceil_div(queries, larger<int64_t>(1, ceil_div(queries, most))));
    block = ceil_div(block, lanes) * lanes;
  }
  int64_t place_of(int64_t b, int64_t query) const { return offsets[b] + query; }
  int64_t first_key(int64_t b, int64_t query) const {
    return window == 0 ? 0 : smaller(keys, larger<int64_t>(0, place_of(b, query) - window + 1));
  }
  /** After the last one. */
  int64_t end_key(int64_t b, int64_t query) const {
    return larger<int64_t>(0, smaller(keys, place_of(b, query) + 1));
  }
  int64_t blocks() const { return ceil_div(queries, block); }
  /** The most keys that a block meets. */
  int64_t longest() const { return window == 0 ? keys : smaller(keys, block + window); }
  int64_t query_step() const { return heads * width; }
  int64_t key_step() const { return key_heads * width; }
  int64_t query_at(int64_t b, int64_t query, int64_t head) const { return ((b * queries + query) * heads + head) * width; }
  int64_t key_at(int64_t b, int64_t key, int64_t head) const { return ((b * keys + key) * key_heads + head) * width; }
  int64_t row_at(int64_t b, int64_t query, int64_t head) const { return (b * heads + head) * queries + query; }
  int64_t tile_floats() const { return tile_keys * block; }
  int64_t query_floats() const { return block * width; }
  /** Whether products read the rows of keys where they stand: next to each other, or for a few queries only. */
  bool keys_in_place() const { return key_heads == 1 || queries * shared <= 16; }
  /** The copy of keys that blocks move along. */
  int64_t key_floats() const { return keys_in_place() ? 0 : kept_keys() * width; }
  int64_t kept_keys() const { return smaller(keys, 2 * longest()); }
  int64_t product_floats() const { return larger(product_scratch(width, tile_keys), product_scratch(width, block)); }
};

/** Queries [first, first + rows) of one head and the keys [low, high) that they meet, [low_edge, high_edge) all of them. */
struct Block {
  int64_t b, head, key_head, first, rows, low, high, low_edge, high_edge;
  /** From one key's scores to the next: whole vectors of queries. */
  int64_t stride;
  /** The first query's place in tensors like q, and in tensors with a value per query. */
  int64_t at, row;
  Block(const Shape& s, int64_t b, int64_t head, int64_t index)
      : b(b), head(head), key_head(head / s.shared), first(index * s.block), rows(smaller(s.block, s.queries - first)) {
    low = s.first_key(b, first);
    high = larger(low, s.end_key(b, first + rows - 1));
    low_edge = s.first_key(b, first + rows - 1);
    high_edge = s.end_key(b, first);
    stride = ceil_div(rows, lanes) * lanes;
    at = s.query_at(b, first, head);
    row = s.row_at(b, first, head);
  }
  int64_t tile_at(int64_t key) const {
    if (key >= low_edge && key < high_edge) return smaller(tile_keys, high_edge - key);
    return smaller(edge_keys, high - key);
  }
};

/** Keys [first, first + count) of a block, and the block's queries [begin, end) that see some of them. */
struct Tile {
  int64_t first, count, begin, end;
  /** Whether some of these queries don't see some of these keys. */
  bool masked;
  int32_t rows, lowest, highest;

  Tile(const Shape& s, const Block& block, int64_t first) : first(first), count(block.tile_at(first)) {
    rows = static_cast<int32_t>(block.rows);
    // Query i of the block sees the tile's key j where lowest + j ≤ i < highest + j.
    const int64_t limit = int64_t{1} << 30;
    lowest = static_cast<int32_t>(larger(-limit, smaller(limit, first - s.place_of(block.b, block.first))));
    const int64_t past = s.window == 0 ? limit : first - s.place_of(block.b, block.first) + s.window;
    highest = static_cast<int32_t>(larger(-limit, smaller(limit, past)));
    begin = smaller<int64_t>(larger<int32_t>(0, lowest) / lanes * lanes, block.stride);
    const int64_t last = smaller<int64_t>(rows, highest + count - 1);
    end = larger(begin, ceil_div(larger<int64_t>(0, last), lanes) * lanes);
    masked = lowest + count - 1 > begin || smaller<int64_t>(rows, highest) < end;
  }
  /** Of the queries that see some of the keys, those that exist. */
  int64_t queries() const { return smaller<int64_t>(end, rows) - begin; }
  TTT_INLINE Integers mask(int64_t key, int64_t query) const {
    const Integers number = lane_numbers() + splat(static_cast<int32_t>(query));
    const int32_t from = lowest + static_cast<int32_t>(key), to = smaller(rows, highest + static_cast<int32_t>(key));
    return (number >= splat(from)) & (number < splat(to));
  }
};

template <class F>
TTT_INLINE void for_tiles(const Shape& s, const Block& block, F f) {
  for (int64_t first = block.low, count; first < block.high; first += count) {
    const Tile tile(s, block, first);
    count = tile.count;
    if (tile.begin < tile.end) f(tile);
  }
}
/** Calls f(i, n) for the tile's queries, n vectors at a time. */
template <class F>
TTT_INLINE void for_columns(const Tile& tile, F f) {
  int64_t i = tile.begin;
  for (; i + 2 * lanes <= tile.end; i += 2 * lanes) f(i, std::integral_constant<int, 2>{});
  if (i < tile.end) f(i, std::integral_constant<int, 1>{});
}

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
