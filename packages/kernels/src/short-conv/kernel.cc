// Causal depthwise convolution and its gradient, vectors of neighbouring channels. With z the state's inputs followed by
// x, p[t] = bias + Σ w_j z[t + j] and y = p, or silu(p).
#include "math.h"
#include "parallel.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** x [batch, length, channels], weight [channels, taps], state [batch, channels, taps − 1] and perhaps a bias. */
struct Convolution {
  int64_t batch, length, channels, taps, kept, blocks;
  bool silu;
  const float *x, *bias;
  /** Weights [taps, channels] and states [batch, taps − 1, channels], channels side by side. */
  float *weight, *state;

  /** The floats that weights and states take laid out that way. */
  static int64_t scratch_floats(const Call& call) { return call.inputs[1].size() + call.inputs[2].size(); }

  Convolution(const Call& call, const float* bias, float* scratch)
      : batch(call.inputs[0].dims[0]),
        length(call.inputs[0].dims[1]),
        channels(call.inputs[0].dims[2]),
        taps(call.inputs[1].dims[1]),
        kept(taps - 1),
        blocks(ceil_div(length, rows_per_block)),
        silu(call.attributes[0] != 0),
        x(call.inputs[0].floats()),
        bias(bias),
        weight(scratch),
        state(scratch + call.inputs[1].size()) {
    transpose(call.inputs[1].floats(), channels, taps, weight);
    for (int64_t b = 0; b < batch; b++)
      transpose(call.inputs[2].floats() + b * channels * kept, channels, kept, state + b * kept * channels);
  }

  static void transpose(const float* from, int64_t rows, int64_t columns, float* to) {
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < columns; j++) to[j * rows + i] = from[i * columns + j];
  }

  const float* input(int64_t b, int64_t row) const {
    return row < kept ? state + (b * kept + row) * channels : x + (b * length + row - kept) * channels;
  }
  template <class M>
  TTT_INLINE Vector before_silu(int64_t b, int64_t token, int64_t i, M m) const {
    Vector sum = bias == nullptr ? Vector{} : load(bias + i, m);
    for (int64_t j = 0; j < taps; j++) sum += load(weight + j * channels + i, m) * load(input(b, token + j) + i, m);
    return sum;
  }
  /** Calls f(b, first, end, block) for blocks of tokens, `block` counted over the whole batch. */
  template <class F>
  void for_blocks(int64_t cost, F f) const {
    parallel(batch * blocks, rows_per_block * channels * cost, [&](int64_t begin, int64_t end, int) {
      for (int64_t block = begin; block < end; block++) {
        const int64_t first = block % blocks * rows_per_block;
        f(block / blocks, first, smaller(length, first + rows_per_block), block);
      }
    });
  }
};

}  // namespace

/** x, weight, state, (bias) -> y, lastState */
void ShortConv(const Call& call) {
  const Scratch scratch(static_cast<size_t>(Convolution::scratch_floats(call)));
  const Convolution c(call, call.input_count > 3 ? call.inputs[3].floats() : nullptr, scratch.floats());
  float *y = call.outputs[0].floats(), *last = call.outputs[1].floats();
  if (y)
    c.for_blocks(2, [&](int64_t b, int64_t first, int64_t end, int64_t) {
      for (int64_t token = first; token < end; token++) {
        float* out = y + (b * c.length + token) * c.channels;
        for_vectors(c.channels, [&](int64_t i, auto m) {
          const Vector p = c.before_silu(b, token, i, m);
          store(out + i, c.silu ? p * sigmoid_of(p) : p, m);
        });
      }
    });
  if (last)
    for (int64_t b = 0; b < c.batch; b++)
      for (int64_t j = 0; j < c.kept; j++) {
        const float* row = c.input(b, c.length + j);
        for (int64_t i = 0; i < c.channels; i++) last[(b * c.channels + i) * c.kept + j] = row[i];
      }
}

/**
 * x, weight, state, (bias), d_y, d_lastState -> grad_x, grad_weight, grad_state, (grad_bias).
 * With d_p = d_y ⊙ ∂y/∂p: grad_w_j = Σ_t d_p[t] z[t + j], and z[s] gets Σ_j w_j d_p[s − j], the last ones d_lastState
 * as well.
 */
void ShortConvGrad(const Call& call) {
  const bool biased = call.input_count > 5;
  const Scratch scratch(static_cast<size_t>(Convolution::scratch_floats(call)));
  const Convolution c(call, biased ? call.inputs[3].floats() : nullptr, scratch.floats());
  const float *d_y = call.inputs[biased ? 4 : 3].floats(), *d_last = call.inputs[biased ? 5 : 4].floats();
  float *grad_x = call.outputs[0].floats(), *grad_weight = call.outputs[1].floats();
  float* grad_state = call.outputs[2].floats();
  float* grad_bias = biased ? call.outputs[3].floats() : nullptr;

  const int64_t n = c.channels, sums = (c.taps + 1) * n;
  const bool sums_wanted = grad_weight || grad_bias;
  const Scratch slopes(c.silu && d_y ? static_cast<size_t>(c.batch * c.length * n) : 0);
  const Scratch partials(sums_wanted && d_y ? static_cast<size_t>((c.batch * c.blocks + 1) * sums) : 0);
  const float* d_p = c.silu ? slopes.floats() : d_y;
  if (d_y && (c.silu || sums_wanted))
    c.for_blocks(4, [&](int64_t b, int64_t first, int64_t end, int64_t block) {
      float* partial = sums_wanted ? partials.floats() + block * sums : nullptr;
      for (int64_t token = first; token < end; token++) {
        const int64_t at = (b * c.length + token) * n;
        for_vectors(n, [&](int64_t i, auto m) {
          Vector d = load(d_y + at + i, m);
          if (c.silu) {
            const Vector p = c.before_silu(b, token, i, m), s = sigmoid_of(p), one = splat(1.0f);
            d = d * s * (one + p * (one - s));
            store(slopes.floats() + at + i, d, m);
          }
          if (!sums_wanted) return;
          for (int64_t j = 0; j <= c.taps; j++) {
            const Vector value = j < c.taps ? d * load(c.input(b, token + j) + i, m) : d;
            float* sum = partial + j * n + i;
            store(sum, token == first ? value : load(sum, m) + value, m);
          }
        });
      }
    });
  if (sums_wanted) {
    if (d_y == nullptr) {
      if (grad_weight) fill(call.outputs[1], 0);
      if (grad_bias) fill(call.outputs[3], 0);
    } else {
      float* total = partials.floats() + c.batch * c.blocks * sums;
      sum_blocks(partials.floats(), c.batch * c.blocks, sums, total);
      if (grad_weight) Convolution::transpose(total, c.taps, n, grad_weight);
      if (grad_bias) std::memcpy(grad_bias, total + c.taps * n, static_cast<size_t>(n) * sizeof(float));
    }
  }

  // The gradient of z[row], channels [i, …).
  const auto grad_input = [&](int64_t b, int64_t row, int64_t i, auto m) {
    Vector sum = {};
    for (int64_t j = 0; d_p && j < c.taps; j++) {
      const int64_t token = row - j;
      if (token >= 0 && token < c.length)
        sum += load(c.weight + j * n + i, m) * load(d_p + (b * c.length + token) * n + i, m);
    }
    return sum;
  };
  if (grad_x)
    c.for_blocks(2, [&](int64_t b, int64_t first, int64_t end, int64_t) {
      for (int64_t token = first; token < end; token++) {
        float* out = grad_x + (b * c.length + token) * n;
        for_vectors(n, [&](int64_t i, auto m) { store(out + i, grad_input(b, token + c.kept, i, m), m); });
        const int64_t place = token + c.kept - c.length;
        if (d_last && place >= 0)
          for (int64_t i = 0; i < n; i++) out[i] += d_last[(b * n + i) * c.kept + place];
      }
    });
  if (grad_state)
    for (int64_t b = 0; b < c.batch; b++)
      for (int64_t row = 0; row < c.kept; row++)
        for_vectors(n, [&](int64_t i, auto m) {
          float values[lanes];
          store(values, grad_input(b, row, i, m));
          for (int64_t k = 0; k < m.count; k++) {
            const float from_last = d_last && row >= c.length ? d_last[(b * n + i + k) * c.kept + row - c.length] : 0.0f;
            grad_state[(b * n + i + k) * c.kept + row] = values[k] + from_last;
          }
        });
}

}  // namespace TTT_ISA
}  // namespace ttt
