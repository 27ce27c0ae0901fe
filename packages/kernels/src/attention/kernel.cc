// Causal attention, its gradient and the gradient of that, by blocks of queries and tiles of keys: scores never stand
// for more than a block of queries, and only keys that some query of the block sees are touched.
//
// Tiles are [keys, queries]: a vector holds neighbouring queries, so that sums over keys are sums of vectors, and
// products take tiles and rows of keys as they stand; only a block's queries are packed.
#include "carver.h"
#include "gemm.h"
#include "math.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Keys per tile: whole strips of every instruction set's matrix product. */
constexpr int64_t tile_keys = 96;
/** Keys per tile where only some of the queries see them: narrow tiles leave most of the others out. */
constexpr int64_t edge_keys = 32;
/** Tasks that the queries of few key heads are divided into, so that all threads have some. */
constexpr int64_t forward_tasks = 32, gradient_tasks = 8;
/** The most keys that a block meets for which blocks of the second order are wide: their tiles stand all at once. */
constexpr int64_t many_keys = 4096;

struct Shape {
  int64_t batch, queries, heads, width, keys, key_heads, window, offset, shared, block;
  float scale;

  explicit Shape(const Call& call, bool keeps_tiles = false)
      : batch(call.inputs[0].dims[0]),
        queries(call.inputs[0].dims[1]),
        heads(call.inputs[0].dims[2]),
        width(call.inputs[0].dims[3]),
        keys(call.inputs[1].dims[1]),
        key_heads(call.inputs[1].dims[2]),
        window(static_cast<int64_t>(call.attributes[0])),
        offset(static_cast<int64_t>(call.attributes[1])),
        shared(heads / larger<int64_t>(1, key_heads)),
        scale(static_cast<float>(1 / __builtin_sqrt(static_cast<double>(width)))) {
    // A block of queries meets block + window keys: small windows take small blocks, and so do few queries, so that
    // there are enough blocks for all threads.
    const bool few = batch * key_heads * ceil_div(queries, 64) < gradient_tasks / 2;
    const bool long_rows = keeps_tiles && keys > many_keys && (window == 0 || window > many_keys);
    const int64_t most = few || long_rows || (window > 0 && window < 48) ? 32 : 64;
    block = larger<int64_t>(1, ceil_div(queries, larger<int64_t>(1, ceil_div(queries, most))));
    block = ceil_div(block, lanes) * lanes;
  }
  int64_t first_key(int64_t query) const {
    return window == 0 ? 0 : smaller(keys, larger<int64_t>(0, offset + query - window + 1));
  }
  /** After the last one. */
  int64_t end_key(int64_t query) const { return larger<int64_t>(0, smaller(keys, offset + query + 1)); }
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
    low = s.first_key(first);
    high = larger(low, s.end_key(first + rows - 1));
    low_edge = s.first_key(first + rows - 1);
    high_edge = s.end_key(first);
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
    lowest = static_cast<int32_t>(larger(-limit, smaller(limit, first - s.offset - block.first)));
    const int64_t past = s.window == 0 ? limit : first - s.offset - block.first + s.window;
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

void clear(float* values, int64_t n) {
  for_vectors(n, [&](int64_t i, auto m) { store(values + i, Vector{}, m); });
}
/** Copies rows, times a factor, to or from rows one after the other. */
void copy_rows(const float* from, int64_t from_step, float* to, int64_t to_step, int64_t rows, int64_t width,
                          float factor = 1) {
  for (int64_t i = 0; i < rows; i++) scale_row(to + i * to_step, from + i * from_step, factor, width);
}

/** A block's rows of a tensor like q, times a factor. */
struct Queries {
  /** [rows, width], and [width, stride] with zeros past the last query. */
  float *rows, *packed;

  void take(const Shape& s, const Block& block, const float* tensor, float factor) const {
    copy_rows(tensor + block.at, s.query_step(), rows, s.width, block.rows, s.width, factor);
    for (int64_t i = 0; i < block.stride; i += lanes) {
      int64_t c = 0;
      if (i + lanes <= block.rows) {
        for (; c + lanes <= s.width; c += lanes) {
          Vector square[lanes];
          TTT_UNROLL
          for (int j = 0; j < lanes; j++) square[j] = load(rows + (i + j) * s.width + c);
          transpose_square(square);
          TTT_UNROLL
          for (int j = 0; j < lanes; j++) store(packed + (c + j) * block.stride + i, square[j]);
        }
      }
      for (; c < s.width; c++)
        for (int64_t j = i; j < i + lanes; j++)
          packed[c * block.stride + j] = j < block.rows ? rows[j * s.width + c] : 0.0f;
    }
  }
};

/**
 * The rows of one head of a tensor like k that a block meets, one after the other. Where other heads stand between them
 * they are copied: products read them many times, and rows at large distances collide in the caches. Blocks go on from
 * each other, so only the rows that are new to a block are copied.
 */
class KeyRows {
 public:
  KeyRows(const Shape& s, const float* tensor, int64_t b, int64_t key_head, float* copy)
      : s_(s), source_(tensor == nullptr ? nullptr : tensor + s.key_at(b, 0, key_head)), copy_(copy) {}
  void cover(const Block& block) {
    if (source_ == nullptr || s_.keys_in_place()) return;
    if (block.low < first_ || block.low > end_) first_ = end_ = block.low;
    if (block.high - first_ > s_.kept_keys()) {
      std::memmove(copy_, copy_ + (block.low - first_) * s_.width,
                   static_cast<size_t>((end_ - block.low) * s_.width) * sizeof(float));
      first_ = block.low;
    }
    if (end_ < block.high)
      copy_rows(source_ + end_ * s_.key_step(), s_.key_step(), copy_ + (end_ - first_) * s_.width, s_.width,
                block.high - end_, s_.width);
    end_ = larger(end_, block.high);
  }
  Matrix of(const Tile& tile) const {
    if (s_.keys_in_place()) return row_major(source_ + tile.first * s_.key_step(), s_.key_step());
    return row_major(copy_ + (tile.first - first_) * s_.width, s_.width);
  }

 private:
  const Shape& s_;
  const float* source_;
  float* copy_;
  int64_t first_ = 0, end_ = 0;
};

/** The products of one head's blocks and tiles. */
struct Products {
  const Shape& s;
  float* scratch;

  /** scores [keys, queries] (+)= keys · queriesᵀ */
  void scores(const Block& block, const Tile& tile, const KeyRows& keys, const Queries& queries, float* scores,
              bool accumulate = false) const {
    const Matrix rows = keys.of(tile);
    if (block.rows == 1) {
      for (int64_t j = 0; j < tile.count; j++) {
        const float score = dot(rows.data + j * rows.row_stride, queries.rows, s.width);
        if (!accumulate) store(scores + j * lanes, Vector{});
        scores[j * lanes] += score;
      }
      return;
    }
    multiply({1, tile.count, tile.end - tile.begin, s.width, rows, row_major(queries.packed + tile.begin, block.stride),
              scores + tile.begin, block.stride, 0, accumulate},
             scratch);
  }
  /** sums [queries, width] += scoresᵀ · keys */
  void to_queries(const Block& block, const Tile& tile, const float* scores, const KeyRows& keys, float* sums) const {
    multiply({1, tile.queries(), s.width, tile.count, transposed(row_major(scores + tile.begin, block.stride)),
              keys.of(tile), sums + tile.begin * s.width, s.width, 0, true},
             scratch);
  }
  /** sums [keys, width] += scores · queries */
  void to_keys(const Block& block, const Tile& tile, const float* scores, const Queries& queries, float* sums) const {
    multiply({1, tile.count, s.width, tile.queries(), row_major(scores + tile.begin, block.stride),
              row_major(queries.rows + tile.begin * s.width, s.width), sums, s.width, 0, true},
             scratch);
  }
};

/** Softmax over keys, tile by tile: the largest score so far, and the sum of what stands relative to it. */
struct RunningSoftmax {
  float *most, *total, *factor;

  void start(const Block& block) const {
    clear(total, block.stride);
    // Finite, so that hidden scores come out as 0 where a query has seen no key yet.
    for (int64_t i = 0; i < block.stride; i++) most[i] = -3e38f;
  }
  /** Turns scores into weights; `factor` is what all earlier ones are too large by. */
  template <bool masked>
  TTT_INLINE void add(const Block& block, const Tile& tile, float* scores) const {
    const Vector nothing = splat(-__builtin_inff());
    for_columns(tile, [&](int64_t i, auto n) {
      constexpr int count = decltype(n)::value;
      Vector top[count], sums[count] = {};
      for (int v = 0; v < count; v++) top[v] = load(most + i + v * lanes);
      for (int64_t j = 0; j < tile.count; j++) {
        float* row = scores + j * block.stride + i;
        for (int v = 0; v < count; v++) {
          Vector score = load(row + v * lanes);
          if (masked) {
            score = tile.mask(j, i + v * lanes) ? score : nothing;
            store(row + v * lanes, score);
          }
          top[v] = larger(score, top[v]);
        }
      }
      for (int64_t j = 0; j < tile.count; j++) {
        float* row = scores + j * block.stride + i;
        for (int v = 0; v < count; v++) {
          const Vector e = exp_below_zero(load(row + v * lanes) - top[v]);
          store(row + v * lanes, e);
          sums[v] += e;
        }
      }
      for (int v = 0; v < count; v++) {
        const int64_t at = i + v * lanes;
        const Vector rest = exp_below_zero(load(most + at) - top[v]);
        store(factor + at, rest);
        store(total + at, load(total + at) * rest + sums[v]);
        store(most + at, top[v]);
      }
    });
  }
};

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
  int64_t low(int64_t piece) const { return s.first_key(begin(piece) * s.block); }
  int64_t high(int64_t piece) const {
    return larger(low(piece), s.end_key(smaller(s.queries, begin(piece + 1) * s.block) - 1));
  }
  /** Keys of all pieces before. */
  int64_t before(int64_t piece) const {
    int64_t keys = 0;
    for (int64_t i = 0; i < piece; i++) keys += high(i) - low(i);
    return keys;
  }
  int64_t floats() const { return heads * before(count) * s.width; }

  /** Where a piece sums up a tensor like k [high − low, width]: zeros at first. */
  float* start_sums(float* partials, int64_t b, int64_t key_head, int64_t piece) const {
    if (partials == nullptr) return nullptr;
    float* sums = partials + ((b * s.key_heads + key_head) * before(count) + before(piece)) * s.width;
    clear(sums, (high(piece) - low(piece)) * s.width);
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
        float* rows = output + s.key_at(head / s.key_heads, 0, head % s.key_heads);
        for (int64_t key = first; key < last; key++) clear(rows + key * s.key_step(), s.width);
        const float* partial = partials + head * before(count) * s.width;
        for (int64_t piece = 0; piece < count; piece++) {
          const int64_t begin = low(piece), end = high(piece);
          for (int64_t key = larger(first, begin); key < smaller(last, end); key++)
            scale_row(rows + key * s.key_step(), partial + (key - begin) * s.width, 1, s.width, true);
          partial += (end - begin) * s.width;
        }
      }
    });
  }
};

/** ⟨d_y, y⟩ of each query of a block; zeros past the last. */
void inner_products(const Shape& s, const Block& block, const float* d_y, const float* y, float* out) {
  for (int64_t i = 0; i < block.stride; i++) {
    const int64_t at = block.at + i * s.query_step();
    out[i] = d_y != nullptr && i < block.rows ? dot(d_y + at, y + at, s.width) : 0.0f;
  }
}
/** A block's values of a tensor with one per query; zeros where there is none. */
void copy_values(const Block& block, const float* values, float* out) {
  for (int64_t i = 0; i < block.stride; i++)
    out[i] = values != nullptr && i < block.rows ? values[block.row + i] : 0.0f;
}

/** Scores and dP become P and P ⊙ (dP + shift). */
template <bool masked>
TTT_INLINE void weights_and_slopes(const Block& block, const Tile& tile, const float* log_sums, const float* shifts,
                                   float* weights, float* slopes) {
  for_columns(tile, [&](int64_t i, auto n) {
    constexpr int count = decltype(n)::value;
    for (int64_t j = 0; j < tile.count; j++) {
      for (int v = 0; v < count; v++) {
        const int64_t column = i + v * lanes, at = j * block.stride + column;
        Vector weight = exp_below_zero(load(weights + at) - load(log_sums + column));
        Vector slope = weight * (load(slopes + at) + load(shifts + column));
        if (masked) {
          const Integers seen = tile.mask(j, column);
          weight = seen ? weight : Vector{};
          slope = seen ? slope : Vector{};
        }
        store(weights + at, weight);
        store(slopes + at, slope);
      }
    }
  });
}

/** What a block's queries need for the gradient of the gradient, one value each. */
struct SecondOrderRows {
  /** Given: the log-sum-exp, ⟨d_y, y⟩, d_logSumExp − ⟨d_y, y⟩. Summed: Σ P ⊙ A and Σ P ⊙ X. */
  float *log_sum, *along_y, *shift, *mean, *bend;
};
/** Tiles of P, A, dP and C, see AttentionGradGrad. */
struct SecondOrderTiles {
  float *weights, *moves, *slopes, *bends;
};

/** S, A, dP, C become P, A, dP, X = A ⊙ (dP + shift) + C; sums up P ⊙ A and P ⊙ X. */
template <bool masked>
TTT_INLINE void sum_second_order(const Block& block, const Tile& tile, const SecondOrderRows& rows,
                                 const SecondOrderTiles& tiles) {
  for_columns(tile, [&](int64_t i, auto n) {
    constexpr int count = decltype(n)::value;
    Vector means[count] = {}, bends[count] = {};
    for (int64_t j = 0; j < tile.count; j++) {
      for (int v = 0; v < count; v++) {
        const int64_t column = i + v * lanes, at = j * block.stride + column;
        Vector weight = exp_below_zero(load(tiles.weights + at) - load(rows.log_sum + column));
        Vector move = load(tiles.moves + at), slope = load(tiles.slopes + at);
        Vector bend = move * (slope + load(rows.shift + column)) + load(tiles.bends + at);
        if (masked) {
          const Integers seen = tile.mask(j, column);
          weight = seen ? weight : Vector{};
          move = seen ? move : Vector{};
          slope = seen ? slope : Vector{};
          bend = seen ? bend : Vector{};
          store(tiles.moves + at, move);
          store(tiles.slopes + at, slope);
        }
        store(tiles.weights + at, weight);
        store(tiles.bends + at, bend);
        means[v] += weight * move;
        bends[v] += weight * bend;
      }
    }
    for (int v = 0; v < count; v++) {
      store(rows.mean + i + v * lanes, load(rows.mean + i + v * lanes) + means[v]);
      store(rows.bend + i + v * lanes, load(rows.bend + i + v * lanes) + bends[v]);
    }
  });
}

/** A, dP, X become E, dS and R; `bend` is f by now. */
TTT_INLINE void finish_second_order(const Block& block, const Tile& tile, const SecondOrderRows& rows,
                                    const SecondOrderTiles& tiles) {
  for_columns(tile, [&](int64_t i, auto n) {
    constexpr int count = decltype(n)::value;
    for (int64_t j = 0; j < tile.count; j++) {
      for (int v = 0; v < count; v++) {
        const int64_t column = i + v * lanes, at = j * block.stride + column;
        const Vector weight = load(tiles.weights + at), slope = load(tiles.slopes + at);
        const Vector mean = load(rows.mean + column);
        store(tiles.moves + at, weight * (load(tiles.moves + at) - mean));
        store(tiles.slopes + at, weight * (slope + load(rows.shift + column)));
        store(tiles.bends + at, weight * (load(tiles.bends + at) - mean * slope - load(rows.bend + column)));
      }
    }
  });
}

}  // namespace

/** q, k, v -> y, logSumExp [batch, heads, queries] */
void Attention(const Call& call) {
  const Shape s(call);
  const float *q = call.inputs[0].floats(), *k = call.inputs[1].floats(), *v = call.inputs[2].floats();
  float *y = call.outputs[0].floats(), *log_sums = call.outputs[1].floats();
  const Pieces pieces(s, forward_tasks);
  const int64_t per_worker = padded(s.tile_floats()) + 3 * padded(s.query_floats()) + 2 * padded(s.key_floats()) +
                             3 * padded(s.block) + padded(s.product_floats());
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  pieces.run([&](int64_t b, int64_t key_head, int64_t piece, int worker) {
    Carver carver{scratch.floats() + worker * per_worker};
    float *scores = carver.take(s.tile_floats()), *sums = carver.take(s.query_floats());
    const Queries of_q{carver.take(s.query_floats()), carver.take(s.query_floats())};
    KeyRows k_rows(s, k, b, key_head, carver.take(s.key_floats()));
    KeyRows v_rows(s, y ? v : nullptr, b, key_head, carver.take(s.key_floats()));
    const RunningSoftmax softmax{carver.take(s.block), carver.take(s.block), carver.take(s.block)};
    const Products products{s, carver.take(s.product_floats())};
    pieces.for_blocks(b, key_head, piece, [&](const Block& block) {
      k_rows.cover(block);
      v_rows.cover(block);
      of_q.take(s, block, q, s.scale);
      softmax.start(block);
      clear(sums, block.rows * s.width);
      for_tiles(s, block, [&](const Tile& tile) {
        products.scores(block, tile, k_rows, of_q, scores);
        tile.masked ? softmax.add<true>(block, tile, scores) : softmax.add<false>(block, tile, scores);
        if (y == nullptr) return;
        for (int64_t i = tile.begin; i < tile.begin + tile.queries(); i++)
          if (softmax.factor[i] != 1.0f) scale_row(sums + i * s.width, sums + i * s.width, softmax.factor[i], s.width);
        products.to_queries(block, tile, scores, v_rows, sums);
      });
      for (int64_t i = 0; i < block.rows; i++) {
        const float total = softmax.total[i];
        // Where a query sees no key at all, nothing is added up: the sum is 0, its logarithm −∞.
        if (y) scale_row(y + block.at + i * s.query_step(), sums + i * s.width, total == 0 ? 0 : 1 / total, s.width);
        if (log_sums) log_sums[block.row + i] = (total == 0 ? 0 : softmax.most[i]) + log_of(total);
      }
    });
  });
}

/**
 * q, k, v, d_y, d_logSumExp, y, logSumExp -> grad_q, grad_k, grad_v.
 * With P the weights: dP = d_y · Vᵀ, dS = P ⊙ (dP − ⟨d_y, y⟩ + d_logSumExp).
 */
void AttentionGrad(const Call& call) {
  const Shape s(call);
  const float *q = call.inputs[0].floats(), *k = call.inputs[1].floats(), *v = call.inputs[2].floats();
  const float *d_y = call.inputs[3].floats(), *d_log_sums = call.inputs[4].floats();
  const float *y = call.inputs[5].floats(), *log_sums = call.inputs[6].floats();
  float *grad_q = call.outputs[0].floats(), *grad_k = call.outputs[1].floats(), *grad_v = call.outputs[2].floats();
  const Pieces pieces(s, gradient_tasks);
  const int64_t per_worker = 2 * padded(s.tile_floats()) + 5 * padded(s.query_floats()) + 2 * padded(s.key_floats()) +
                             2 * padded(s.block) + padded(s.product_floats());
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  const Scratch of_k(grad_k ? static_cast<size_t>(pieces.floats()) : 0);
  const Scratch of_v(grad_v ? static_cast<size_t>(pieces.floats()) : 0);
  const bool needs_slopes = d_y && (grad_q || grad_k);
  pieces.run([&](int64_t b, int64_t key_head, int64_t piece, int worker) {
    Carver carver{scratch.floats() + worker * per_worker};
    float *weights = carver.take(s.tile_floats()), *slopes = carver.take(s.tile_floats());
    const Queries of_q{carver.take(s.query_floats()), carver.take(s.query_floats())};
    const Queries of_d_y{carver.take(s.query_floats()), carver.take(s.query_floats())};
    KeyRows k_rows(s, k, b, key_head, carver.take(s.key_floats()));
    KeyRows v_rows(s, needs_slopes ? v : nullptr, b, key_head, carver.take(s.key_floats()));
    float* sums_q = carver.take(s.query_floats());
    float *log_sum = carver.take(s.block), *shift = carver.take(s.block);
    const Products products{s, carver.take(s.product_floats())};
    float* sums_k = pieces.start_sums(of_k.floats(), b, key_head, piece);
    float* sums_v = pieces.start_sums(of_v.floats(), b, key_head, piece);
    pieces.for_blocks(b, key_head, piece, [&](const Block& block) {
      k_rows.cover(block);
      v_rows.cover(block);
      of_q.take(s, block, q, s.scale);
      if (d_y) of_d_y.take(s, block, d_y, 1);
      copy_values(block, log_sums, log_sum);
      inner_products(s, block, d_y, y, shift);
      for (int64_t i = 0; i < block.rows; i++) shift[i] = (d_log_sums ? d_log_sums[block.row + i] : 0.0f) - shift[i];
      if (grad_q) clear(sums_q, block.rows * s.width);
      for_tiles(s, block, [&](const Tile& tile) {
        products.scores(block, tile, k_rows, of_q, weights);
        if (needs_slopes)
          products.scores(block, tile, v_rows, of_d_y, slopes);
        else
          clear(slopes, tile.count * block.stride);
        tile.masked ? weights_and_slopes<true>(block, tile, log_sum, shift, weights, slopes)
                    : weights_and_slopes<false>(block, tile, log_sum, shift, weights, slopes);
        const int64_t at = (tile.first - pieces.low(piece)) * s.width;
        if (grad_q) products.to_queries(block, tile, slopes, k_rows, sums_q);
        if (grad_k) products.to_keys(block, tile, slopes, of_q, sums_k + at);
        if (grad_v && d_y) products.to_keys(block, tile, weights, of_d_y, sums_v + at);
      });
      if (grad_q) copy_rows(sums_q, s.width, grad_q + block.at, s.query_step(), block.rows, s.width, s.scale);
    });
  });
  pieces.add_up(of_k.floats(), grad_k);
  pieces.add_up(of_v.floats(), grad_v);
}

/**
 * …, d_y, d_logSumExp, y, logSumExp, u_q = d_grad_q, u_k = d_grad_k, u_v = d_grad_v
 *   -> grad2_q, grad2_k, grad2_v, grad2_d_y, grad2_d_logSumExp.
 *
 * With P the weights, s the scale, dP = d_y · Vᵀ, D = ⟨d_y, y⟩ and dS = P ⊙ (dP − D + d_logSumExp), what is being
 * differentiated is Σ dS ⊙ A + P ⊙ C, where A = s (u_q · Kᵀ + Q · u_kᵀ) is the change of the scores along u and
 * C = d_y · u_vᵀ. With the sums over keys a = Σ P A, X = A ⊙ (dP − D + d_logSumExp) + C and f = Σ P X − a D:
 *   by the scores       R = P ⊙ (X − a dP − f)
 *   by dP               E = P ⊙ (A − a)
 *   grad2_q   = s (R · K + dS · u_k)        grad2_k = s (Rᵀ · Q + dSᵀ · u_q)
 *   grad2_d_y = E · V + P · u_v             grad2_v = Eᵀ · d_y             grad2_d_logSumExp = a
 * The sums come first, so the tiles of one block of queries stand until they are known.
 */
void AttentionGradGrad(const Call& call) {
  const Shape s(call, true);
  const float *q = call.inputs[0].floats(), *k = call.inputs[1].floats(), *v = call.inputs[2].floats();
  const float *d_y = call.inputs[3].floats(), *d_log_sums = call.inputs[4].floats();
  const float *y = call.inputs[5].floats(), *log_sums = call.inputs[6].floats();
  const float *u_q = call.inputs[7].floats(), *u_k = call.inputs[8].floats(), *u_v = call.inputs[9].floats();
  float *grad2_q = call.outputs[0].floats(), *grad2_k = call.outputs[1].floats(), *grad2_v = call.outputs[2].floats();
  float *grad2_d_y = call.outputs[3].floats(), *grad2_d_log_sums = call.outputs[4].floats();
  const Pieces pieces(s, gradient_tasks);
  const bool moves = u_q || u_k, by_scores = grad2_q || grad2_k;
  const bool needs_slopes = d_y && by_scores, needs_bends = d_y && u_v && by_scores;
  const int64_t all_tiles = s.longest() * s.block;
  const int64_t per_worker = 4 * padded(all_tiles) + 8 * padded(s.query_floats()) + 4 * padded(s.key_floats()) +
                             5 * padded(s.block) + padded(s.product_floats());
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  const Scratch of_k(grad2_k ? static_cast<size_t>(pieces.floats()) : 0);
  const Scratch of_v(grad2_v ? static_cast<size_t>(pieces.floats()) : 0);
  pieces.run([&](int64_t b, int64_t key_head, int64_t piece, int worker) {
    Carver carver{scratch.floats() + worker * per_worker};
    const SecondOrderTiles all{carver.take(all_tiles), carver.take(all_tiles), carver.take(all_tiles),
                               carver.take(all_tiles)};
    const Queries of_q{carver.take(s.query_floats()), carver.take(s.query_floats())};
    const Queries of_u{carver.take(s.query_floats()), carver.take(s.query_floats())};
    const Queries of_d_y{carver.take(s.query_floats()), carver.take(s.query_floats())};
    float *sums_q = carver.take(s.query_floats()), *sums_d_y = carver.take(s.query_floats());
    KeyRows k_rows(s, k, b, key_head, carver.take(s.key_floats()));
    KeyRows v_rows(s, v, b, key_head, carver.take(s.key_floats()));
    KeyRows u_k_rows(s, u_k, b, key_head, carver.take(s.key_floats()));
    KeyRows u_v_rows(s, u_v, b, key_head, carver.take(s.key_floats()));
    const SecondOrderRows rows{carver.take(s.block), carver.take(s.block), carver.take(s.block), carver.take(s.block),
                               carver.take(s.block)};
    const Products products{s, carver.take(s.product_floats())};
    float* sums_k = pieces.start_sums(of_k.floats(), b, key_head, piece);
    float* sums_v = pieces.start_sums(of_v.floats(), b, key_head, piece);
    pieces.for_blocks(b, key_head, piece, [&](const Block& block) {
      const auto tiles_at = [&](const Tile& tile) {
        const int64_t at = (tile.first - block.low) * block.stride;
        return SecondOrderTiles{all.weights + at, all.moves + at, all.slopes + at, all.bends + at};
      };
      for (KeyRows* rows_of : {&k_rows, &v_rows, &u_k_rows, &u_v_rows}) rows_of->cover(block);
      of_q.take(s, block, q, s.scale);
      if (u_q) of_u.take(s, block, u_q, s.scale);
      if (d_y) of_d_y.take(s, block, d_y, 1);
      copy_values(block, log_sums, rows.log_sum);
      copy_values(block, d_log_sums, rows.shift);
      inner_products(s, block, d_y, y, rows.along_y);
      for (int64_t i = 0; i < block.stride; i++) rows.shift[i] -= rows.along_y[i];
      clear(rows.mean, block.stride);
      clear(rows.bend, block.stride);
      for_tiles(s, block, [&](const Tile& tile) {
        const SecondOrderTiles tiles = tiles_at(tile);
        const int64_t size = tile.count * block.stride;
        products.scores(block, tile, k_rows, of_q, tiles.weights);
        if (u_q) products.scores(block, tile, k_rows, of_u, tiles.moves);
        if (u_k) products.scores(block, tile, u_k_rows, of_q, tiles.moves, u_q != nullptr);
        if (!moves) clear(tiles.moves, size);
        if (needs_slopes) products.scores(block, tile, v_rows, of_d_y, tiles.slopes);
        if (!needs_slopes) clear(tiles.slopes, size);
        if (needs_bends) products.scores(block, tile, u_v_rows, of_d_y, tiles.bends);
        if (!needs_bends) clear(tiles.bends, size);
        tile.masked ? sum_second_order<true>(block, tile, rows, tiles) : sum_second_order<false>(block, tile, rows, tiles);
      });
      if (grad2_d_log_sums)
        for (int64_t i = 0; i < block.rows; i++) grad2_d_log_sums[block.row + i] = rows.mean[i];
      for (int64_t i = 0; i < block.stride; i++) rows.bend[i] -= rows.mean[i] * rows.along_y[i];
      if (grad2_q) clear(sums_q, block.rows * s.width);
      if (grad2_d_y) clear(sums_d_y, block.rows * s.width);
      for_tiles(s, block, [&](const Tile& tile) {
        const SecondOrderTiles tiles = tiles_at(tile);
        finish_second_order(block, tile, rows, tiles);
        if (grad2_q) products.to_queries(block, tile, tiles.bends, k_rows, sums_q);
        if (grad2_q && u_k) products.to_queries(block, tile, tiles.slopes, u_k_rows, sums_q);
        if (grad2_d_y && moves) products.to_queries(block, tile, tiles.moves, v_rows, sums_d_y);
        if (grad2_d_y && u_v)
          products.to_queries(block, tile, tiles.weights, u_v_rows, sums_d_y);
        const int64_t at = (tile.first - pieces.low(piece)) * s.width;
        if (grad2_k) products.to_keys(block, tile, tiles.bends, of_q, sums_k + at);
        if (grad2_k && u_q) products.to_keys(block, tile, tiles.slopes, of_u, sums_k + at);
        if (grad2_v && moves && d_y) products.to_keys(block, tile, tiles.moves, of_d_y, sums_v + at);
      });
      if (grad2_q) copy_rows(sums_q, s.width, grad2_q + block.at, s.query_step(), block.rows, s.width, s.scale);
      if (grad2_d_y) copy_rows(sums_d_y, s.width, grad2_d_y + block.at, s.query_step(), block.rows, s.width);
    });
  });
  pieces.add_up(of_k.floats(), grad2_k);
  pieces.add_up(of_v.floats(), grad2_v);
}

}  // namespace TTT_ISA
}  // namespace ttt
