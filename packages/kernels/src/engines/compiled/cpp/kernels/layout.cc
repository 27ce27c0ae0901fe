// Kernels that only move 4-byte values: transpose, slice, pad, tile, concat, split, gather and what adds them back.
#include <type_traits>

#include "parallel.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** A copy through any strides. Dimension 0 is the innermost. */
struct StridedCopy {
  int rank = 0;
  // Two for each dimension that Tile repeats.
  int64_t dims[2 * max_rank], from[2 * max_rank], to[2 * max_rank];

  /** Adds the next outer dimension, merged with the one inside it where both sides step on evenly. */
  void add(int64_t dim, int64_t from_stride, int64_t to_stride) {
    if (dim == 1) return;
    if (rank > 0 && from_stride == from[rank - 1] * dims[rank - 1] && to_stride == to[rank - 1] * dims[rank - 1]) {
      dims[rank - 1] *= dim;
      return;
    }
    dims[rank] = dim;
    from[rank] = from_stride;
    to[rank++] = to_stride;
  }
};

TTT_INLINE void copy_row(const float* source, float* target, int64_t n) {
  for_vectors(n, [&](int64_t i, auto m) { store(target + i, load(source + i, m), m); });
}

/** target[j][i] = source[i][j] for i < rows, j < columns. */
void transpose_plane(const float* source, int64_t source_stride, float* target, int64_t target_stride, int64_t rows,
                     int64_t columns) {
  int64_t i = 0;
  for (; i + lanes <= rows; i += lanes) {
    int64_t j = 0;
    for (; j + lanes <= columns; j += lanes) {
      Vector square[lanes];
      TTT_UNROLL
      for (int l = 0; l < lanes; l++) square[l] = load(source + (i + l) * source_stride + j);
      transpose_square(square);
      TTT_UNROLL
      for (int l = 0; l < lanes; l++) store(target + (j + l) * target_stride + i, square[l]);
    }
    for (; j < columns; j++)
      for (int l = 0; l < lanes; l++) target[j * target_stride + i + l] = source[(i + l) * source_stride + j];
  }
  for (; i < rows; i++)
    for (int64_t j = 0; j < columns; j++) target[j * target_stride + i] = source[i * source_stride + j];
}

void run(const StridedCopy& given, const float* source, float* target) {
  StridedCopy copy = given;
  for (int d = 0; d < copy.rank; d++)
    if (copy.dims[d] == 0) return;
  if (copy.rank == 0) {
    *target = *source;
    return;
  }
  // The dimension along which the source is contiguous, where that isn't the innermost, makes a plane with it.
  int plane = 0;
  if (copy.from[0] != 1 && copy.to[0] == 1)
    for (int d = 1; d < copy.rank; d++)
      if (copy.from[d] == 1 && copy.dims[d] >= 4) plane = d;
  int64_t outer = 1;
  for (int d = 1; d < copy.rank; d++)
    if (d != plane) outer *= copy.dims[d];
  const int64_t each = copy.dims[0] * (plane > 0 ? copy.dims[plane] : 1);
  const auto copy_one = [&](int64_t index, int64_t first, int64_t last) {
    const float* from = source;
    float* to = target;
    for (int d = 1; d < copy.rank; d++) {
      if (d == plane) continue;
      const int64_t at = index % copy.dims[d];
      index /= copy.dims[d];
      from += at * copy.from[d];
      to += at * copy.to[d];
    }
    if (plane > 0) {
      transpose_plane(from + first, copy.from[0], to + first * copy.to[plane], copy.to[plane], copy.dims[0],
                      last - first);
    } else if (copy.to[0] != 1) {
      for (int64_t i = 0; i < copy.dims[0]; i++) to[i * copy.to[0]] = from[i * copy.from[0]];
    } else if (copy.from[0] == 1) {
      copy_row(from, to, copy.dims[0]);
    } else if (copy.from[0] == 0) {
      for_vectors(copy.dims[0], [&](int64_t i, auto m) { store(to + i, splat(*from), m); });
    } else {
      for (int64_t i = 0; i < copy.dims[0]; i++) to[i] = from[i * copy.from[0]];
    }
  };
  const int64_t columns = plane > 0 ? copy.dims[plane] : 0;
  if (plane > 0 && outer == 1) {
    constexpr int64_t block = 64;
    parallel(ceil_div(columns, block), copy.dims[0] * block / 2, [&](int64_t begin, int64_t end, int) {
      copy_one(0, begin * block, smaller(end * block, columns));
    });
    return;
  }
  if (outer == 1 && copy.to[0] == 1 && copy.from[0] == 1) {
    constexpr int64_t block = 4096;
    parallel(ceil_div(each, block), block / 4, [&](int64_t begin, int64_t end, int) {
      copy_row(source + begin * block, target + begin * block, smaller(end * block, each) - begin * block);
    });
    return;
  }
  parallel(outer, each / 4 + 4, [&](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; i++) copy_one(i, 0, columns);
  });
}

void strides_of(const Tensor& t, int64_t* strides) {
  int64_t stride = 1;
  for (int d = t.rank - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= t.dims[d];
  }
}

/** Copies whole slices of `size` values between a tensor [outer, whole, …] and its part [outer, part, …]. */
void copy_part(const float* source, int64_t source_step, float* target, int64_t target_step, int64_t outer, int64_t size) {
  StridedCopy copy;
  copy.add(size, 1, 1);
  copy.add(outer, source_step, target_step);
  run(copy, source, target);
}

}  // namespace

/** Attributes: the permutation. */
void Transpose(const Call& call) {
  const Tensor &x = call.inputs[0], &y = call.outputs[0];
  int64_t strides[max_rank];
  strides_of(x, strides);
  StridedCopy copy;
  int64_t to = 1;
  for (int d = y.rank - 1; d >= 0; d--) {
    copy.add(y.dims[d], strides[static_cast<int>(call.attributes[d])], to);
    to *= y.dims[d];
  }
  run(copy, x.floats(), y.floats());
}

/** Attributes: where the slice begins in each dimension. */
void Slice(const Call& call) {
  const Tensor &x = call.inputs[0], &y = call.outputs[0];
  int64_t strides[max_rank], start = 0, to = 1;
  strides_of(x, strides);
  StridedCopy copy;
  for (int d = y.rank - 1; d >= 0; d--) {
    start += static_cast<int64_t>(call.attributes[d]) * strides[d];
    copy.add(y.dims[d], strides[d], to);
    to *= y.dims[d];
  }
  run(copy, x.floats() + start, y.floats());
}

/** Attributes: the constant, then how much is put before each dimension. */
void PadV2(const Call& call) {
  const Tensor &x = call.inputs[0], &y = call.outputs[0];
  fill(y, static_cast<float>(call.attributes[0]));
  int64_t strides[max_rank], start = 0, from = 1;
  strides_of(y, strides);
  StridedCopy copy;
  for (int d = x.rank - 1; d >= 0; d--) {
    start += static_cast<int64_t>(call.attributes[d + 1]) * strides[d];
    copy.add(x.dims[d], from, strides[d]);
    from *= x.dims[d];
  }
  run(copy, x.floats(), y.floats() + start);
}

void Tile(const Call& call) {
  const Tensor &x = call.inputs[0], &y = call.outputs[0];
  if (y.size() == 0) return;
  int64_t strides[max_rank], to = 1;
  strides_of(x, strides);
  StridedCopy copy;
  for (int d = y.rank - 1; d >= 0; d--) {
    copy.add(x.dims[d], strides[d], to);
    copy.add(y.dims[d] / x.dims[d], 0, to * x.dims[d]);
    to *= y.dims[d];
  }
  run(copy, x.floats(), y.floats());
}

/** Attribute: the axis. */
void Concat(const Call& call) {
  const Tensor& y = call.outputs[0];
  const int axis = static_cast<int>(call.attributes[0]);
  const int64_t outer = y.size_between(0, axis), step = y.size_between(axis, y.rank);
  int64_t at = 0;
  for (int i = 0; i < call.input_count; i++) {
    const Tensor& x = call.inputs[i];
    const int64_t size = x.size_between(axis, x.rank);
    copy_part(x.floats(), size, y.floats() + at, step, outer, size);
    at += size;
  }
}

/** Attribute: the axis. */
void SplitV(const Call& call) {
  const Tensor& x = call.inputs[0];
  const int axis = static_cast<int>(call.attributes[0]);
  const int64_t outer = x.size_between(0, axis), step = x.size_between(axis, x.rank);
  int64_t at = 0;
  for (int i = 0; i < call.output_count; i++) {
    const Tensor& y = call.outputs[i];
    const int64_t size = y.size_between(axis, y.rank);
    copy_part(x.floats() + at, step, y.floats(), size, outer, size);
    at += size;
  }
}

/** Inputs x, indices; attribute: the axis. The output is x's shape with the axis replaced by the indices' shape. */
void GatherV2(const Call& call) {
  const Tensor &x = call.inputs[0], &indices = call.inputs[1], &y = call.outputs[0];
  const int axis = static_cast<int>(call.attributes[0]);
  const int64_t outer = x.size_between(0, axis), length = x.dims[axis], inner = x.size_between(axis + 1, x.rank);
  const int64_t count = indices.size();
  for (int64_t i = 0; i < count; i++)
    if (indices.ints()[i] < 0 || indices.ints()[i] >= length) {
      *call.error = "GatherV2: an index lies outside of the gathered axis";
      return;
    }
  parallel(outer * count, inner / 4 + 4, [&](int64_t begin, int64_t end, int) {
    for (int64_t u = begin; u < end; u++) {
      const int64_t from = u / count * length + indices.ints()[u % count];
      copy_row(x.floats() + from * inner, y.floats() + u * inner, inner);
    }
  });
}

/** Inputs x [N, ...], segment ids [N]; adds rows up in their order, those with ids outside of the output left out. */
void UnsortedSegmentSum(const Call& call) {
  const Tensor &x = call.inputs[0], &ids = call.inputs[1], &y = call.outputs[0];
  const int64_t rows = ids.size(), segments = y.dims[0], inner = y.size_between(1, y.rank);
  fill(y, 0);
  constexpr int64_t block = 4 * lanes;
  parallel(ceil_div(inner, block), rows * smaller(inner, block) / 4, [&](int64_t begin, int64_t end, int) {
    const int64_t first = begin * block, width = smaller(end * block, inner) - first;
    for (int64_t r = 0; r < rows; r++) {
      const int64_t id = ids.ints()[r];
      if (id < 0 || id >= segments) continue;
      float* target = y.floats() + id * inner + first;
      const float* source = x.floats() + r * inner + first;
      for_vectors(width, [&](int64_t i, auto m) { store(target + i, load(target + i, m) + load(source + i, m), m); });
    }
  });
}

/** Input indices; attributes onValue, offValue, and whether the output is int32. */
void OneHot(const Call& call) {
  const Tensor &indices = call.inputs[0], &y = call.outputs[0];
  const int64_t depth = y.last_dim(), n = indices.size();
  const auto place = [&](auto* values) {
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < depth; j++)
        *values++ = static_cast<std::remove_reference_t<decltype(*values)>>(
            call.attributes[indices.ints()[i] == j ? 0 : 1]);
  };
  if (call.attributes[2] != 0) {
    place(y.ints());
  } else {
    place(y.floats());
  }
}

/** Attributes: the value, and whether the output is int32. */
void Fill(const Call& call) {
  const Tensor& y = call.outputs[0];
  if (call.attributes[1] == 0) return fill(y, static_cast<float>(call.attributes[0]));
  const int32_t value = static_cast<int32_t>(call.attributes[0]);
  for (int64_t i = 0, n = y.size(); i < n; i++) y.ints()[i] = value;
}

}  // namespace TTT_ISA
}  // namespace ttt
