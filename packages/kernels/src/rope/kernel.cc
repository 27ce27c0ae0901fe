// Rope is a rotation of pairs, times a number: its gradient turns back, its gradient's gradient turns forth again.
#include <cmath>
#include <cstdlib>

#include "carver.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Places among the inputs of all orders. */
enum Input { x_in, position_in, d_y_in, d_grad_x_in };

/** Places among the attributes. */
enum Attribute { theta_at, period_at, factor_at, by_pair_at, low_at, high_at, magnitude_at };

/** What the frequencies are made of; see scaling.ts. */
struct Frequencies {
  double theta = 0, factor = 1, by_pair = 0, low = 0, high = 1, magnitude = 1;

  bool operator==(const Frequencies& o) const {
    return theta == o.theta && factor == o.factor && by_pair == o.by_pair && low == o.low && high == o.high &&
           magnitude == o.magnitude;
  }
  double of(int64_t pair, int64_t width) const {
    const double frequency = std::pow(theta, -static_cast<double>(2 * pair) / static_cast<double>(width));
    if (factor == 1) return frequency;
    const double along = by_pair == 1 ? static_cast<double>(pair) : frequency;
    const double kept = std::fmin(1, std::fmax(0, (along - low) / (high - low)));
    return frequency * (kept + (1 - kept) / factor);
  }
};

/**
 * The turns of the first places, of which a model meets most again and again: cos and ±sin of their angles
 * [places, width] each, laid out beside the pairs that they turn. Angles are in float64.
 */
struct Table {
  Frequencies made_of;
  int64_t places = 0, width = 0;
  float *cosines = nullptr, *sines = nullptr;
  /** By how much a place turns each pair more than the one before [width / 2]. */
  double* frequencies = nullptr;

  void write(int64_t place, float* cos_row, float* sin_row) const {
    for (int64_t i = 0; i < width; i += 2) {
      const double angle = static_cast<double>(place) * frequencies[i / 2];
      cos_row[i] = cos_row[i + 1] = static_cast<float>(made_of.magnitude * std::cos(angle));
      sin_row[i + 1] = static_cast<float>(made_of.magnitude * std::sin(angle));
      sin_row[i] = -sin_row[i + 1];
    }
  }
};
Table tables[16];
int next_table = 0;
/** The turns of places beyond so many values are computed for each token. */
constexpr int64_t most_values = int64_t{1} << 24;

/** The table with room for so many places where there is memory for them; null where there is none at all. */
const Table* table_for(const Frequencies& made_of, int64_t width, int64_t wanted) {
  Table* t = nullptr;
  for (Table& each : tables)
    if (each.frequencies != nullptr && each.made_of == made_of && each.width == width) t = &each;
  if (t == nullptr) {
    t = &tables[next_table];
    std::free(t->cosines);
    std::free(t->frequencies);
    *t = {};
    double* frequencies = static_cast<double*>(std::malloc(static_cast<size_t>(width / 2 + 1) * sizeof(double)));
    if (frequencies == nullptr) return nullptr;
    next_table = (next_table + 1) % 16;
    *t = {made_of, 0, width, nullptr, nullptr, frequencies};
    for (int64_t pair = 0; 2 * pair < width; pair++) frequencies[pair] = made_of.of(pair, width);
  }
  if (wanted <= t->places || wanted > most_values / larger<int64_t>(width, 1)) return t;
  int64_t places = larger<int64_t>(64, t->places);
  while (places < wanted) places *= 2;
  const size_t size = static_cast<size_t>(places * width);
  float* memory = static_cast<float*>(std::malloc(2 * size * sizeof(float)));
  if (memory == nullptr) return t;
  if (t->places > 0) {
    const size_t known = static_cast<size_t>(t->places * width) * sizeof(float);
    std::memcpy(memory, t->cosines, known);
    std::memcpy(memory + size, t->sines, known);
  }
  for (int64_t place = t->places; place < places; place++)
    t->write(place, memory + place * width, memory + size + static_cast<size_t>(place * width));
  std::free(t->cosines);
  t->places = places;
  t->cosines = memory;
  t->sines = memory + size;
  return t;
}

/** y = x turned by `direction` (1 or −1) times the angles, and multiplied by the magnitude; x [batch, length, heads, width]. */
void turn(const Call& call, const Tensor& x, const Tensor& y, float direction) {
  const int64_t batch = x.dims[0], length = x.dims[1], heads = x.dims[2], width = x.dims[3];
  const int64_t period = static_cast<int64_t>(call.attributes[period_at]);
  const int32_t* positions = call.inputs[position_in].ints();
  const auto place_of = [&](int64_t token) {
    const int64_t place = larger<int64_t>(0, positions[token / length]) + token % length;
    return period == 0 ? place : place % period;
  };
  if (batch * length == 0) return;
  int64_t wanted = period;
  if (period == 0)
    for (int64_t b = 0; b < batch; b++) wanted = larger(wanted, place_of(b * length) + length);
  const Frequencies made_of = {call.attributes[theta_at], call.attributes[factor_at], call.attributes[by_pair_at],
                               call.attributes[low_at],   call.attributes[high_at],   call.attributes[magnitude_at]};
  const Table* found = table_for(made_of, width, wanted);
  if (found == nullptr) {
    *call.error = "Rope: there is no memory for its frequencies";
    return;
  }
  const Table& table = *found;
  const int64_t per_worker = 2 * padded(width);
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  parallel(batch * length, heads * width / 4 + 8, [&](int64_t begin, int64_t end, int worker) {
    Carver carver{scratch.floats() + worker * per_worker};
    float *own_cosines = carver.take(width), *own_sines = carver.take(width);
    for (int64_t token = begin; token < end; token++) {
      const int64_t place = place_of(token);
      const float *cosines = own_cosines, *sines = own_sines;
      if (place < table.places) {
        cosines = table.cosines + place * width;
        sines = table.sines + place * width;
      } else {
        table.write(place, own_cosines, own_sines);
      }
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

/** x, position -> y */
void Rope(const Call& call) { turn(call, call.inputs[x_in], call.outputs[0], 1); }

/** x, position, d_y -> grad_x */
void RopeGrad(const Call& call) {
  if (!call.inputs[d_y_in].present()) return fill(call.outputs[0], 0);
  turn(call, call.inputs[d_y_in], call.outputs[0], -1);
}

/** x, position, d_y, d_grad_x -> grad2_x, grad2_d_y */
void RopeGradGrad(const Call& call) {
  fill(call.outputs[0], 0);
  if (!call.outputs[1].present()) return;
  if (!call.inputs[d_grad_x_in].present()) return fill(call.outputs[1], 0);
  turn(call, call.inputs[d_grad_x_in], call.outputs[1], 1);
}

}  // namespace TTT_ISA
}  // namespace ttt
