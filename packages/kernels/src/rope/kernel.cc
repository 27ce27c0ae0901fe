// Rope is a rotation of pairs: its gradient turns back, its gradient's gradient turns forth again.
#include <cmath>
#include <cstdlib>

#include "parallel.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** cos and ±sin of every token's angles, [length, width] each, laid out beside the pairs that they turn. */
struct Table {
  double theta = 0, offset = 0;
  int64_t length = 0, width = 0;
  float *cosines = nullptr, *sines = nullptr;
};
/** A model meets few lengths and offsets, again and again. */
Table tables[16];
int next_table = 0;

/** Null where there is no memory for it. */
const Table* table_for(double theta, double offset, int64_t length, int64_t width) {
  for (const Table& t : tables)
    if (t.theta == theta && t.offset == offset && t.length == length && t.width == width) return &t;
  constexpr int64_t most_values = int64_t{1} << 28;
  if (length > most_values / larger<int64_t>(width, 1)) return nullptr;
  Table& t = tables[next_table];
  next_table = (next_table + 1) % 16;
  std::free(t.cosines);
  const size_t size = static_cast<size_t>(length * width);
  t = {};
  float* memory = static_cast<float*>(std::malloc(2 * size * sizeof(float) + 1));
  if (memory == nullptr) return nullptr;
  t = {theta, offset, length, width, memory, nullptr};
  t.sines = t.cosines + size;
  for (int64_t i = 0; i < width; i += 2) {
    const double frequency = std::pow(theta, -static_cast<double>(i) / static_cast<double>(width));
    for (int64_t token = 0; token < length; token++) {
      const double angle = (offset + static_cast<double>(token)) * frequency;
      float *c = t.cosines + token * width + i, *s = t.sines + token * width + i;
      c[0] = c[1] = static_cast<float>(std::cos(angle));
      s[1] = static_cast<float>(std::sin(angle));
      s[0] = -s[1];
    }
  }
  return &t;
}

/** y = x turned by `direction` (1 or −1) times the angles; x [batch, length, heads, width]. */
void turn(const Call& call, const Tensor& x, const Tensor& y, float direction) {
  const int64_t length = x.dims[1], heads = x.dims[2], width = x.dims[3];
  const int64_t offset = static_cast<int64_t>(call.attributes[1]), period = static_cast<int64_t>(call.attributes[2]);
  // With a period one table serves every offset.
  const Table* found = period == 0 ? table_for(call.attributes[0], call.attributes[1], length, width)
                                   : table_for(call.attributes[0], 0, period, width);
  if (found == nullptr) {
    *call.error = "Rope: there is no memory for the angles of so many positions";
    return;
  }
  const Table& table = *found;
  parallel(x.dims[0] * length, heads * width / 4 + 8, [&](int64_t begin, int64_t end, int) {
    for (int64_t token = begin; token < end; token++) {
      const int64_t row = period == 0 ? token % length : (offset + token % length) % period;
      const float *cosines = table.cosines + row * width, *sines = table.sines + row * width;
      for (int64_t head = 0; head < heads; head++) {
        const float* in = x.floats() + (token * heads + head) * width;
        float* out = y.floats() + (token * heads + head) * width;
        for_vectors(width, [&](int64_t i, auto m) {
          const Vector v = load(in + i, m);
          const Vector across = swap_pairs(v) * (splat(direction) * load(sines + i, m));
          store(out + i, v * load(cosines + i, m) + across, m);
        });
      }
    }
  });
}

}  // namespace

/** x -> y */
void Rope(const Call& call) { turn(call, call.inputs[0], call.outputs[0], 1); }

/** x, d_y -> grad_x */
void RopeGrad(const Call& call) {
  if (!call.inputs[1].present()) return fill(call.outputs[0], 0);
  turn(call, call.inputs[1], call.outputs[0], -1);
}

/** x, d_y, d_grad_x -> grad2_x, grad2_d_y */
void RopeGradGrad(const Call& call) {
  fill(call.outputs[0], 0);
  if (!call.outputs[1].present()) return;
  if (!call.inputs[2].present()) return fill(call.outputs[1], 0);
  turn(call, call.inputs[2], call.outputs[1], 1);
}

}  // namespace TTT_ISA
}  // namespace ttt
