// tfjs's reductions over any axes, and softmax over the last.
#include "math.h"
#include "parallel.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Long rows are summed in blocks of this many values. */
constexpr int64_t long_row = 32768;

struct SumOf {
  static constexpr float start = 0;
  static TTT_INLINE Vector join(Vector a, Vector b) { return a + b; }
  static TTT_INLINE float row(const float* x, int64_t n) { return sum_row(x, n); }
};
struct MaxOf {
  static constexpr float start = -__builtin_inff();
  static TTT_INLINE Vector join(Vector a, Vector b) { return larger(a, b); }
  static TTT_INLINE float row(const float* x, int64_t n) { return max_row(x, n); }
};
struct MinOf {
  static constexpr float start = __builtin_inff();
  static TTT_INLINE Vector join(Vector a, Vector b) { return smaller(a, b); }
  static TTT_INLINE float row(const float* x, int64_t n) {
    Vector least = splat(start);
    for_vectors(n, [&](int64_t i, auto m) { least = smaller(least, fill_rest(load(x + i, m), start, m)); });
    return -max_lanes(-least);
  }
};

/** x [outer, reduced, inner] -> y [outer, inner]. */
template <class Of>
void reduce_middle(const float* x, int64_t outer, int64_t reduced, int64_t inner, float* y) {
  if (reduced == 0) {
    for (int64_t i = 0; i < outer * inner; i++) y[i] = Of::start;
    return;
  }
  if (inner == 1 && reduced > 2 * long_row) {
    const int64_t blocks = ceil_div(reduced, long_row);
    const Scratch partial(static_cast<size_t>(outer * blocks));
    float* sums = partial.floats();
    parallel(outer * blocks, long_row / 8, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; i++) {
        const int64_t first = i % blocks * long_row;
        sums[i] = Of::row(x + i / blocks * reduced + first, smaller(long_row, reduced - first));
      }
    });
    for (int64_t i = 0; i < outer; i++) y[i] = Of::row(sums + i * blocks, blocks);
    return;
  }
  if (inner == 1) {
    parallel(outer, reduced / 8 + 8, [&](int64_t begin, int64_t end, int) {
      for (int64_t i = begin; i < end; i++) y[i] = Of::row(x + i * reduced, reduced);
    });
    return;
  }
  constexpr int64_t block = 8 * lanes;
  const int64_t blocks = ceil_div(inner, block);
  parallel(outer * blocks, reduced * smaller(inner, block) / 8, [&](int64_t begin, int64_t end, int) {
    for (int64_t u = begin; u < end; u++) {
      const int64_t at = u / blocks, first = u % blocks * block;
      const float* source = x + at * reduced * inner + first;
      float* target = y + at * inner + first;
      for_vectors(smaller(block, inner - first), [&](int64_t i, auto m) {
        Vector total = load(source + i, m);
        for (int64_t r = 1; r < reduced; r++) total = Of::join(total, load(source + r * inner + i, m));
        store(target + i, total, m);
      });
    }
  });
}

/** Input x; attributes: for each dimension 1 where it is reduced, 0 where it is kept. */
template <class Of>
void reduce(const Call& call) {
  const Tensor &x = call.inputs[0], &y = call.outputs[0];
  int64_t dims[max_rank];
  bool reduced[max_rank];
  int rank = 0;
  for (int d = 0; d < x.rank; d++) {
    const bool is_reduced = call.attributes[d] != 0;
    if (rank > 0 && reduced[rank - 1] == is_reduced) {
      dims[rank - 1] *= x.dims[d];
    } else {
      dims[rank] = x.dims[d];
      reduced[rank++] = is_reduced;
    }
  }
  int groups = 0;
  for (int d = 0; d < rank; d++) groups += reduced[d];
  if (groups == 0) {
    std::memcpy(y.data, x.data, static_cast<size_t>(x.size()) * 4);
    return;
  }
  // One group of neighbouring axes at a time, the last first; in between the values stand in scratch.
  const Scratch scratch(groups > 1 ? static_cast<size_t>(2 * x.size()) : 0);
  const float* source = x.floats();
  int64_t inner = 1;
  for (int d = rank - 1, pass = 0; d >= 0; d--) {
    if (!reduced[d]) {
      inner *= dims[d];
      continue;
    }
    int64_t outer = 1;
    for (int e = 0; e < d; e++) outer *= dims[e];
    float* target = pass + 1 == groups ? y.floats() : scratch.floats() + (pass % 2) * x.size();
    reduce_middle<Of>(source, outer, dims[d], inner, target);
    source = target;
    pass++;
  }
}

}  // namespace

void Sum(const Call& call) { reduce<SumOf>(call); }
void Max(const Call& call) { reduce<MaxOf>(call); }
void Min(const Call& call) { reduce<MinOf>(call); }
void Mean(const Call& call) {
  reduce<SumOf>(call);
  const Tensor& y = call.outputs[0];
  const int64_t n = y.size();
  if (n == 0) return;
  const float divisor = static_cast<float>(call.inputs[0].size() / n);
  for_vectors(n, [&](int64_t i, auto m) { store(y.floats() + i, load(y.floats() + i, m) / splat(divisor), m); });
}

void Softmax(const Call& call) {
  const int64_t n = call.inputs[0].last_dim();
  if (n == 0) return;
  const float* x = call.inputs[0].floats();
  float* y = call.outputs[0].floats();
  parallel(call.inputs[0].size() / n, n, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; r++) {
      const float *in = x + r * n;
      float* out = y + r * n;
      const Vector most = splat(max_row(in, n));
      Vector sums = {};
      for_vectors(n, [&](int64_t i, auto m) {
        const Vector e = exp_of(load(in + i, m) - most);
        store(out + i, e, m);
        sums += fill_rest(e, 0.0f, m);
      });
      const Vector total = splat(sum_lanes(sums));
      for_vectors(n, [&](int64_t i, auto m) { store(out + i, load(out + i, m) / total, m); });
    }
  });
}

void LogSoftmax(const Call& call) {
  const int64_t n = call.inputs[0].last_dim();
  if (n == 0) return;
  const float* x = call.inputs[0].floats();
  float* y = call.outputs[0].floats();
  parallel(call.inputs[0].size() / n, n, [&](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; r++) {
      const float *in = x + r * n;
      float* out = y + r * n;
      const Vector most = splat(max_row(in, n));
      Vector sums = {};
      for_vectors(n, [&](int64_t i, auto m) { sums += fill_rest(exp_of(load(in + i, m) - most), 0.0f, m); });
      const Vector log_total = splat(log_of(sum_lanes(sums)));
      for_vectors(n, [&](int64_t i, auto m) { store(out + i, load(in + i, m) - most - log_total, m); });
    }
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
