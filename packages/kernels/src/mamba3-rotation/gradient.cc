// The gradient of Mamba 3's rotation. With e the slope of a turned pair turned back and (u, w) the pair before, the angle's
// slope is e_w u − e_u w; an angle counts for its own token and all that follow.
#include "angles.h"

namespace ttt {
namespace TTT_ISA {
namespace {

struct Memory {
  Turn turn;
  float *back, *row, *sum;
  Memory(const Shape& s, Carver& carver)
      : turn(s, carver), back(carver.take(s.width)), row(carver.take(s.width)), sum(carver.take(s.pairs)) {}
};

/** The angles of every token [batch · heads, length, pairs]. */
void write_angles(const Shape& s, const float* dt, const float* start, const float* rates, float* angles) {
  parallel(s.batch * s.heads, s.length * s.pairs, [&](int64_t begin, int64_t end, int) {
    for (int64_t u = begin; u < end; u++) {
      const float* before = start + u * s.pairs;
      for (int64_t t = 0; t < s.length; t++) {
        const int64_t token = u / s.heads * s.length + t;
        float* angle = angles + (u * s.length + t) * s.pairs;
        for (int64_t i = 0; i < s.pairs; i++) angle[i] = before[i];
        advance(s, dt[token * s.heads + u % s.heads], rates + token * s.pairs, angle);
        before = angle;
      }
    }
  });
}

/** Adds e_w u − e_u w to the slope of each pair's angle. */
void add_angle_slopes(const Shape& s, const float* back, const float* row, float* slopes) {
  for (int64_t i = 0; i < s.pairs; i++) {
    const int64_t u = s.halves ? i : 2 * i, w = s.halves ? i + s.width / 2 : 2 * i + 1;
    slopes[i] += back[w] * row[u] - back[u] * row[w];
  }
}

}  // namespace

/** …, d_q, d_k, d_lastAngle -> grad_B, grad_C, grad_dt, grad_theta, grad_bBias, grad_cBias, grad_angle */
void MambaThreeRotationGrad(const Call& call) {
  const Shape s(call);
  const float* dt = call.inputs[dt_in].floats();
  const float *d_q = call.inputs[d_q_in].floats(), *d_k = call.inputs[d_k_in].floats();
  const float* d_last = call.inputs[d_last_in].floats();
  float *grad_dt = call.outputs[2].floats(), *grad_theta = call.outputs[3].floats();
  float* grad_angle = call.outputs[6].floats();
  const int64_t tokens = s.batch * s.length, all_angles = tokens * s.heads * s.pairs;
  const Scratch rates(static_cast<size_t>(tokens * s.pairs));
  const Scratch angles(static_cast<size_t>(all_angles)), slopes(static_cast<size_t>(all_angles));
  turning_rates(s, call.inputs[theta_in].floats(), rates.floats());
  write_angles(s, dt, call.inputs[angle_in].floats(), rates.floats(), angles.floats());
  for_vectors(all_angles, [&](int64_t i, auto m) { store(slopes.floats() + i, Vector{}, m); });

  // Tokens stand alone here; sums over them are made of blocks of fixed size.
  const int64_t blocks = ceil_div(tokens, rows_per_block), biases = s.heads * s.ranks * s.width;
  const int64_t cost = rows_per_block * s.heads * (s.pairs * 4 + s.ranks * s.width * 2);
  const auto turn_back = [&](const float* slope, int input, int bias_input, int output, int bias_output) {
    float *grad = call.outputs[output].floats(), *grad_bias = call.outputs[bias_output].floats();
    if (slope == nullptr) {
      fill(call.outputs[output], 0);
      fill(call.outputs[bias_output], 0);
      return;
    }
    const float *in = call.inputs[input].floats(), *bias = call.inputs[bias_input].floats();
    const Scratch partials(grad_bias ? static_cast<size_t>(blocks * biases) : 0);
    parallel_with<Memory>(s, blocks, cost, [&](int64_t begin, int64_t end, Memory& memory) {
      for (int64_t block = begin; block < end; block++) {
        float* sums = grad_bias ? partials.floats() + block * biases : nullptr;
        for (int64_t i = 0; sums && i < biases; i++) sums[i] = 0;
        for (int64_t token = block * rows_per_block; token < smaller(tokens, (block + 1) * rows_per_block); token++)
          for (int64_t head = 0; head < s.heads; head++) {
            const int64_t u = token / s.length * s.heads + head, at = (u * s.length + token % s.length) * s.pairs;
            memory.turn.set(s, angles.floats() + at, -1);
            for (int64_t rank = 0; rank < s.ranks; rank++) {
              const int64_t from = s.group_at(token, rank, head), of_bias = s.bias_at(head, rank);
              memory.turn.apply(s, slope + s.head_at(token, rank, head), memory.back);
              for_vectors(s.width, [&](int64_t i, auto m) {
                store(memory.row + i, load(in + from + i, m) + load(bias + of_bias + i, m), m);
              });
              add_angle_slopes(s, memory.back, memory.row, slopes.floats() + at);
              if (grad) scale_row(grad + from, memory.back, 1, s.width, head % s.shared != 0);
              if (sums) scale_row(sums + of_bias, memory.back, 1, s.width, true);
            }
          }
      }
    });
    if (grad_bias) sum_blocks(partials.floats(), blocks, biases, grad_bias);
  };
  turn_back(d_k, b_in, b_bias_in, 0, 4);
  turn_back(d_q, c_in, c_bias_in, 1, 5);

  // From the last token on; what is left in `slopes` is the slope of dt · rates times dt.
  parallel_with<Memory>(s, s.batch * s.heads, s.length * s.pairs, [&](int64_t begin, int64_t end, Memory& memory) {
    for (int64_t u = begin; u < end; u++) {
      for (int64_t i = 0; i < s.pairs; i++) memory.sum[i] = d_last ? d_last[u * s.pairs + i] : 0.0f;
      for (int64_t t = s.length - 1; t >= 0; t--) {
        const int64_t token = u / s.heads * s.length + t, place = token * s.heads + u % s.heads;
        float* slope = slopes.floats() + (u * s.length + t) * s.pairs;
        for_vectors(s.pairs, [&](int64_t i, auto m) {
          const Vector sum = load(memory.sum + i, m) + load(slope + i, m);
          store(memory.sum + i, sum, m);
          store(slope + i, splat(dt[place]) * sum, m);
        });
        if (grad_dt) grad_dt[place] = dot(memory.sum, rates.floats() + token * s.pairs, s.pairs);
      }
      for (int64_t i = 0; grad_angle && i < s.pairs; i++) grad_angle[u * s.pairs + i] = memory.sum[i];
    }
  });
  if (grad_theta == nullptr) return;
  parallel(tokens, s.heads * s.pairs, [&](int64_t begin, int64_t end, int) {
    for (int64_t token = begin; token < end; token++)
      for_vectors(s.pairs, [&](int64_t i, auto m) {
        Vector sum = {};
        for (int64_t head = 0; head < s.heads; head++) {
          const int64_t u = token / s.length * s.heads + head;
          sum += load(slopes.floats() + (u * s.length + token % s.length) * s.pairs + i, m);
        }
        const Vector tanh = load(rates.floats() + token * s.pairs + i, m) / splat(pi);
        store(grad_theta + token * s.pairs + i, splat(pi) * sum * (splat(1.0f) - tanh * tanh), m);
      });
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
