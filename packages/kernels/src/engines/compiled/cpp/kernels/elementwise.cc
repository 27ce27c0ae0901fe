// tfjs's elementwise kernels with general broadcasting.
#include "math.h"
#include "parallel.h"

namespace ttt {
namespace TTT_ISA {
namespace {

template <class F>
void map(const Call& call, int64_t cost, F f) {
  const float* x = call.inputs[0].floats();
  float* y = call.outputs[0].floats();
  const int64_t n = call.outputs[0].size();
  constexpr int64_t block = 1024;
  parallel(ceil_div(n, block), block * cost / 4, [&](int64_t begin, int64_t end, int) {
    const int64_t first = begin * block, last = smaller(end * block, n);
    for_vectors(last - first, [&](int64_t i, auto m) { store(y + first + i, f(load(x + first + i, m)), m); });
  });
}

/** The dimensions of a broadcast, neighbours merged where all operands step through them alike. */
template <int operands>
struct Broadcast {
  int rank = 0;
  int64_t dims[max_rank];
  int64_t strides[operands][max_rank];

  Broadcast(const Tensor& output, const Tensor* const (&inputs)[operands]) {
    int64_t size[operands];
    for (int o = 0; o < operands; o++) size[o] = 1;
    // From the last dimension to the first; dims[0] is the innermost.
    for (int d = 0; d < output.rank; d++) {
      const int64_t dim = output.dims[output.rank - 1 - d];
      int64_t stride[operands];
      for (int o = 0; o < operands; o++) {
        const int at = inputs[o]->rank - 1 - d;
        const int64_t own = at < 0 ? 1 : inputs[o]->dims[at];
        stride[o] = own == 1 ? 0 : size[o];
        size[o] *= own;
      }
      if (dim == 1) continue;
      bool merge = rank > 0;
      for (int o = 0; o < operands && merge; o++) merge = stride[o] == strides[o][rank - 1] * dims[rank - 1];
      if (merge) {
        dims[rank - 1] *= dim;
      } else {
        dims[rank] = dim;
        for (int o = 0; o < operands; o++) strides[o][rank] = stride[o];
        rank++;
      }
    }
    if (rank == 0) {
      dims[0] = 1;
      for (int o = 0; o < operands; o++) strides[o][0] = 0;
      rank = 1;
    }
  }

  int64_t rows() const {
    int64_t product = 1;
    for (int d = 1; d < rank; d++) product *= dims[d];
    return product;
  }
  int64_t offset(int operand, int64_t row) const {
    int64_t at = 0;
    for (int d = 1; d < rank; d++) {
      at += row % dims[d] * strides[operand][d];
      row /= dims[d];
    }
    return at;
  }
};

TTT_INLINE const float* repeat(float value, float* values) {
  store(values, splat(value));
  return values;
}

/** Calls write(position in the output, values, m) for f of the two inputs. */
template <class F, class Write>
void combine(const Call& call, F f, Write write) {
  const Tensor &a = call.inputs[0], &b = call.inputs[1], &c = call.outputs[0];
  if (c.size() == 0) return;
  const Broadcast<2> over(c, {&a, &b});
  const int64_t n = over.dims[0], rows = over.rows(), a_step = over.strides[0][0], b_step = over.strides[1][0];
  constexpr int64_t block = 4096;
  const int64_t blocks = ceil_div(n, block);
  parallel(rows * blocks, smaller(n, block) / 4, [&](int64_t begin, int64_t end, int) {
    for (int64_t u = begin; u < end; u++) {
      const int64_t row = u / blocks, first = u % blocks * block, count = smaller(block, n - first);
      const float* x = a.floats() + over.offset(0, row) + first * a_step;
      const float* y = b.floats() + over.offset(1, row) + first * b_step;
      const int64_t at = row * n + first;
      // What repeats is read from a vector full of it, again and again: one loop for every kind of broadcast.
      float a_repeated[lanes], b_repeated[lanes];
      if (a_step == 0) x = repeat(*x, a_repeated);
      if (b_step == 0) y = repeat(*y, b_repeated);
      for_vectors(count, [&](int64_t i, auto m) { write(at + i, f(load(x + (i & -a_step), m), load(y + (i & -b_step), m)), m); });
    }
  });
}

template <class F>
void binary(const Call& call, F f) {
  float* out = call.outputs[0].floats();
  combine(call, f, [&](int64_t at, Vector value, auto m) { store(out + at, value, m); });
}

template <class F>
void compare(const Call& call, F f) {
  uint8_t* out = call.outputs[0].bytes();
  combine(call, f, [&](int64_t at, Integers truth, auto m) {
    for (int i = 0; i < m.count; i++) out[at + i] = truth[i] != 0;
  });
}

}  // namespace

void Add(const Call& call) {
  binary(call, [](Vector a, Vector b) { return a + b; });
}
void Sub(const Call& call) {
  binary(call, [](Vector a, Vector b) { return a - b; });
}
void Multiply(const Call& call) {
  binary(call, [](Vector a, Vector b) { return a * b; });
}
void RealDiv(const Call& call) {
  binary(call, [](Vector a, Vector b) { return a / b; });
}
void Maximum(const Call& call) {
  binary(call, [](Vector a, Vector b) { return larger(a, b); });
}
void Minimum(const Call& call) {
  binary(call, [](Vector a, Vector b) { return smaller(a, b); });
}
void SquaredDifference(const Call& call) {
  binary(call, [](Vector a, Vector b) { return (a - b) * (a - b); });
}
void Greater(const Call& call) {
  compare(call, [](Vector a, Vector b) { return a > b; });
}
void GreaterEqual(const Call& call) {
  compare(call, [](Vector a, Vector b) { return a >= b; });
}
void Less(const Call& call) {
  compare(call, [](Vector a, Vector b) { return a < b; });
}
void LessEqual(const Call& call) {
  compare(call, [](Vector a, Vector b) { return a <= b; });
}
void Equal(const Call& call) {
  compare(call, [](Vector a, Vector b) { return a == b; });
}
void NotEqual(const Call& call) {
  compare(call, [](Vector a, Vector b) { return a != b; });
}

void AddN(const Call& call) {
  const int64_t n = call.outputs[0].size();
  float* y = call.outputs[0].floats();
  constexpr int64_t block = 1024;
  parallel(ceil_div(n, block), block * call.input_count / 4, [&](int64_t begin, int64_t end, int) {
    const int64_t first = begin * block, last = smaller(end * block, n);
    for_vectors(last - first, [&](int64_t i, auto m) {
      Vector sum = load(call.inputs[0].floats() + first + i, m);
      for (int t = 1; t < call.input_count; t++) sum += load(call.inputs[t].floats() + first + i, m);
      store(y + first + i, sum, m);
    });
  });
}

void Neg(const Call& call) {
  map(call, 1, [](Vector x) { return -x; });
}
void Square(const Call& call) {
  map(call, 1, [](Vector x) { return x * x; });
}
void Sqrt(const Call& call) {
  map(call, 4, [](Vector x) { return sqrt_of(x); });
}
void Rsqrt(const Call& call) {
  map(call, 5, [](Vector x) { return splat(1.0f) / sqrt_of(x); });
}
void Exp(const Call& call) {
  map(call, 6, [](Vector x) { return exp_of(x); });
}
void Log(const Call& call) {
  map(call, 8, [](Vector x) { return log_of(x); });
}
void Sigmoid(const Call& call) {
  map(call, 8, [](Vector x) { return sigmoid_of(x); });
}
void Tanh(const Call& call) {
  map(call, 10, [](Vector x) { return tanh_of(x); });
}
void Softplus(const Call& call) {
  map(call, 14, [](Vector x) { return softplus_of(x); });
}
void Relu(const Call& call) {
  map(call, 1, [](Vector x) { return larger(x, splat(0.0f)); });
}
void Abs(const Call& call) {
  map(call, 1, [](Vector x) { return absolute(x); });
}
void Reciprocal(const Call& call) {
  map(call, 3, [](Vector x) { return splat(1.0f) / x; });
}
/** 1 above 0, `alpha` at and below it, NaN for NaN: the slope of Relu. */
void Step(const Call& call) {
  const Vector alpha = splat(static_cast<float>(call.attributes[0]));
  map(call, 1, [=](Vector x) { return x != x ? x : (x > splat(0.0f) ? splat(1.0f) : alpha); });
}

/** Inputs condition (bytes), then, else: one shape, or a condition per row of them. */
void Select(const Call& call) {
  const Tensor &condition = call.inputs[0], &y = call.outputs[0];
  const int64_t n = y.size();
  if (n == 0) return;
  const int64_t each = n / condition.size();
  const uint8_t* truth = condition.bytes();
  const uint32_t* yes = static_cast<const uint32_t*>(call.inputs[1].data);
  const uint32_t* no = static_cast<const uint32_t*>(call.inputs[2].data);
  uint32_t* out = static_cast<uint32_t*>(y.data);
  parallel(condition.size(), each, [&](int64_t begin, int64_t end, int) {
    if (each == 1) {
      for (int64_t i = begin; i < end; i++) out[i] = truth[i] ? yes[i] : no[i];
    } else {
      for (int64_t i = begin; i < end; i++)
        std::memcpy(out + i * each, (truth[i] ? yes : no) + i * each, static_cast<size_t>(each) * 4);
    }
  });
}

void FloatToInt(const Call& call) {
  const float* x = call.inputs[0].floats();
  int32_t* y = call.outputs[0].ints();
  for (int64_t i = 0, n = call.outputs[0].size(); i < n; i++) {
    // What JavaScript's conversion to int32 gives, for values that have one.
    y[i] = x[i] >= -2147483648.0f && x[i] < 2147483648.0f ? static_cast<int32_t>(x[i]) : 0;
  }
}
void IntToFloat(const Call& call) {
  const int32_t* x = call.inputs[0].ints();
  float* y = call.outputs[0].floats();
  for (int64_t i = 0, n = call.outputs[0].size(); i < n; i++) y[i] = static_cast<float>(x[i]);
}
void BoolToFloat(const Call& call) {
  const uint8_t* x = call.inputs[0].bytes();
  float* y = call.outputs[0].floats();
  for (int64_t i = 0, n = call.outputs[0].size(); i < n; i++) y[i] = x[i] != 0;
}
void BoolToInt(const Call& call) {
  const uint8_t* x = call.inputs[0].bytes();
  int32_t* y = call.outputs[0].ints();
  for (int64_t i = 0, n = call.outputs[0].size(); i < n; i++) y[i] = x[i] != 0;
}

}  // namespace TTT_ISA
}  // namespace ttt
