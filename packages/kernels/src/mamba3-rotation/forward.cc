// Keys and queries of Mamba 3: B and C plus a bias for each head, pairs of channels turned by angles that add up.
#include "angles.h"

namespace ttt {
namespace TTT_ISA {

/** B, C, dt, theta, bBias, cBias, angle -> q, k, lastAngle */
void MambaThreeRotation(const Call& call) {
  const Shape s(call);
  const float *b = call.inputs[b_in].floats(), *c = call.inputs[c_in].floats(), *dt = call.inputs[dt_in].floats();
  const float *b_bias = call.inputs[b_bias_in].floats(), *c_bias = call.inputs[c_bias_in].floats();
  const float* start = call.inputs[angle_in].floats();
  float *q = call.outputs[0].floats(), *k = call.outputs[1].floats(), *last = call.outputs[2].floats();
  const Scratch rates(static_cast<size_t>(s.batch * s.length * s.pairs));
  turning_rates(s, call.inputs[theta_in].floats(), rates.floats());

  struct Memory {
    Turn turn;
    float *angle, *row;
    Memory(const Shape& s, Carver& carver) : turn(s, carver), angle(carver.take(s.pairs)), row(carver.take(s.width)) {}
  };
  const int64_t cost = s.length * (s.pairs * 4 + s.ranks * s.width);
  parallel_with<Memory>(s, s.batch * s.heads, cost, [&](int64_t begin, int64_t end, Memory& memory) {
    for (int64_t u = begin; u < end; u++) {
      const int64_t head = u % s.heads;
      float* angle = memory.angle;
      for (int64_t i = 0; i < s.pairs; i++) angle[i] = start[u * s.pairs + i];
      for (int64_t t = 0; t < s.length; t++) {
        const int64_t token = u / s.heads * s.length + t;
        advance(s, dt[token * s.heads + head], rates.floats() + token * s.pairs, angle);
        if (q == nullptr && k == nullptr) continue;
        memory.turn.set(s, angle, 1);
        for (int64_t rank = 0; rank < s.ranks; rank++) {
          const int64_t from = s.group_at(token, rank, head), to = s.head_at(token, rank, head);
          const int64_t bias = s.bias_at(head, rank);
          const auto turned = [&](const float* in, const float* biases, float* out) {
            if (out == nullptr) return;
            for_vectors(s.width, [&](int64_t i, auto m) {
              store(memory.row + i, load(in + from + i, m) + load(biases + bias + i, m), m);
            });
            memory.turn.apply(s, memory.row, out + to);
          };
          turned(c, c_bias, q);
          turned(b, b_bias, k);
        }
      }
      if (last)
        for (int64_t i = 0; i < s.pairs; i++) last[u * s.pairs + i] = angle[i];
    }
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
