// Rings of what belongs to the last tokens of each sequence. Writing and joining move rows, so that a gradient moves them
// back and the gradient's gradient moves them forth again.
#include <algorithm>

#include "parallel.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Places among the inputs of all orders. */
enum Input { cache_in, rows_in, position_in, d_out_in, d_grad_cache_in, d_grad_rows_in };

struct Ring {
  int64_t batch, capacity, length, width;
  const int32_t* positions;

  explicit Ring(const Call& call)
      : batch(call.inputs[cache_in].dims[0]),
        capacity(call.inputs[cache_in].dims[1]),
        length(call.inputs[rows_in].dims[1]),
        width(call.inputs[cache_in].size_between(2, 4)),
        positions(call.inputs[position_in].ints()) {}

  int64_t position(int64_t b) const { return larger<int64_t>(0, positions[b]); }
  int64_t slot_of(int64_t b, int64_t token) const { return (position(b) + token) % capacity; }
  /** The first of the new tokens that stays in the ring. */
  int64_t first_kept() const { return larger<int64_t>(0, length - capacity); }
  /** Tokens in a sequence's ring before these. */
  int64_t filled(int64_t b) const { return smaller(position(b), capacity); }
  int64_t joined() const { return capacity + length; }
};

/** Copies or clears rows of a tensor, unless they stand where they belong. */
void put(float* to, const float* from, int64_t floats) {
  if (to == from) return;
  if (from == nullptr) std::memset(to, 0, static_cast<size_t>(floats) * sizeof(float));
  else std::memcpy(to, from, static_cast<size_t>(floats) * sizeof(float));
}
const float* row(const float* rows, int64_t index, int64_t width) {
  return rows == nullptr ? nullptr : rows + index * width;
}
/** The same for whole tensors. */
void put_all(float* to, const float* from, int64_t floats) {
  if (to == nullptr || to == from) return;
  constexpr int64_t part = 4096;
  parallel(ceil_div(floats, part), part / 4, [&](int64_t begin, int64_t end, int) {
    const int64_t first = begin * part;
    put(to + first, row(from, first, 1), smaller(end * part, floats) - first);
  });
}

/** to = the cache with the rows in their slots; what is absent counts as zeros. The cache may stand in `to`. */
void write(const Ring& r, const float* cache, const float* rows, float* to) {
  put_all(to, cache, r.batch * r.capacity * r.width);
  parallel(r.batch * (r.length - r.first_kept()), r.width / 4 + 1, [&](int64_t begin, int64_t end, int) {
    const int64_t count = r.length - r.first_kept();
    for (int64_t i = begin; i < end; i++) {
      const int64_t b = i / count, token = r.first_kept() + i % count;
      put(to + (b * r.capacity + r.slot_of(b, token)) * r.width, row(rows, b * r.length + token, r.width), r.width);
    }
  });
}
/** What `write` moved, back from d. */
void write_back(const Ring& r, const float* d, float* d_cache, float* d_rows) {
  put_all(d_cache, d, r.batch * r.capacity * r.width);
  put_all(d_rows, nullptr, r.batch * r.length * r.width);
  for (int64_t b = 0; b < r.batch; b++)
    for (int64_t token = r.first_kept(); token < r.length; token++) {
      const int64_t at = (b * r.capacity + r.slot_of(b, token)) * r.width;
      if (d_cache) put(d_cache + at, nullptr, r.width);
      if (d_rows) put(d_rows + (b * r.length + token) * r.width, row(d, at, 1), r.width);
    }
}

/** Calls f(place among the joined, slot, −1) for what the ring keeps, f(place, −1, token) for the new, f(place, −1, −1) for zeros. */
template <class F>
void for_joined(const Ring& r, F f) {
  parallel(r.batch * r.joined(), r.width / 4 + 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t b = i / r.joined(), place = i % r.joined(), filled = r.filled(b);
      if (place < filled) f(i, b * r.capacity + (r.position(b) - filled + place) % r.capacity, int64_t{-1});
      else f(i, int64_t{-1}, place < filled + r.length ? b * r.length + place - filled : int64_t{-1});
    }
  });
}
void join(const Ring& r, const float* cache, const float* rows, float* to) {
  for_joined(r, [&](int64_t place, int64_t slot, int64_t token) {
    const float* from = slot >= 0 ? row(cache, slot, r.width) : token >= 0 ? row(rows, token, r.width) : nullptr;
    put(to + place * r.width, from, r.width);
  });
}
void join_back(const Ring& r, const float* d, float* d_cache, float* d_rows) {
  put_all(d_cache, nullptr, r.batch * r.capacity * r.width);
  for_joined(r, [&](int64_t place, int64_t slot, int64_t token) {
    if (slot >= 0 && d_cache) put(d_cache + slot * r.width, row(d, place, r.width), r.width);
    if (token >= 0 && d_rows) put(d_rows + token * r.width, row(d, place, r.width), r.width);
  });
}

/** The gradient's gradient: `move` takes the cotangents of the gradients where the op took its inputs. */
template <class Move>
void forth_again(const Call& call, Move move) {
  fill(call.outputs[0], 0);
  fill(call.outputs[1], 0);
  if (call.outputs[2].present())
    move(Ring(call), call.inputs[d_grad_cache_in].floats(), call.inputs[d_grad_rows_in].floats(),
         call.outputs[2].floats());
}

}  // namespace

/** cache, rows, position -> written */
void RingWrite(const Call& call) {
  write(Ring(call), call.inputs[cache_in].floats(), call.inputs[rows_in].floats(), call.outputs[0].floats());
}
/** …, d_written -> grad_cache, grad_rows */
void RingWriteGrad(const Call& call) {
  write_back(Ring(call), call.inputs[d_out_in].floats(), call.outputs[0].floats(), call.outputs[1].floats());
}
/** …, d_grad_cache, d_grad_rows -> grad2_cache, grad2_rows, grad2_d_written */
void RingWriteGradGrad(const Call& call) { forth_again(call, write); }

/** cache, rows, position -> joined */
void RingJoin(const Call& call) {
  join(Ring(call), call.inputs[cache_in].floats(), call.inputs[rows_in].floats(), call.outputs[0].floats());
}
/** …, d_joined -> grad_cache, grad_rows */
void RingJoinGrad(const Call& call) {
  join_back(Ring(call), call.inputs[d_out_in].floats(), call.outputs[0].floats(), call.outputs[1].floats());
}
/** …, d_grad_cache, d_grad_rows -> grad2_cache, grad2_rows, grad2_d_joined */
void RingJoinGradGrad(const Call& call) { forth_again(call, join); }

}  // namespace TTT_ISA
}  // namespace ttt
