// The angles of Mamba 3's rotation, and keys turned by them and back.
#pragma once
#include <cmath>

#include "carver.h"
#include "math.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Places among the inputs of all orders. */
enum Input { b_in, c_in, dt_in, theta_in, b_bias_in, c_bias_in, angle_in, d_q_in, d_k_in, d_last_in };

struct Shape {
  int64_t batch, length, ranks, groups, width, heads, pairs, shared;
  bool halves;

  explicit Shape(const Call& call)
      : batch(call.inputs[b_in].dims[0]),
        length(call.inputs[b_in].dims[1]),
        ranks(call.inputs[b_in].dims[2]),
        groups(call.inputs[b_in].dims[3]),
        width(call.inputs[b_in].dims[4]),
        heads(call.inputs[dt_in].dims[2]),
        pairs(call.inputs[theta_in].dims[2]),
        shared(heads / larger<int64_t>(1, groups)),
        halves(call.attributes[0] != 0) {}
  /** By token counted over the batch. */
  int64_t group_at(int64_t token, int64_t rank, int64_t head) const {
    return ((token * ranks + rank) * groups + head / shared) * width;
  }
  int64_t head_at(int64_t token, int64_t rank, int64_t head) const { return ((token * ranks + rank) * heads + head) * width; }
  int64_t bias_at(int64_t head, int64_t rank) const { return (head * ranks + rank) * width; }
};

constexpr float pi = 3.14159265358979f;
/** Angles beyond this are taken modulo 2π in float64. */
constexpr float far_angle = 2e5f;

/** Within ±π, for angles up to far_angle; 2π is taken away in two parts, the first of which is exact. */
TTT_INLINE Vector wrapped(Vector angle) {
  const Vector shifter = splat(12582912.0f);
  const Vector turns = (angle * splat(0.159154943f) + shifter) - shifter;
  return (angle - turns * splat(6.28125f)) - turns * splat(1.93530718e-3f);
}

/** The sine and the cosine of angles within ±π, to about 1 ulp. */
TTT_INLINE void sine_and_cosine(Vector angle, Vector& sine, Vector& cosine) {
  // angle = quarter π/2 + r
  const Vector shifter = splat(12582912.0f);
  const Vector shifted = angle * splat(0.636619772f) + shifter;
  const Integers quarter = bits<Integers>(shifted) - bits<Integers>(shifter);
  const Vector turns = shifted - shifter;
  Vector r = angle - turns * splat(1.5703125f);
  r = r - turns * splat(4.83751297e-4f);
  r = r - turns * splat(7.54978995e-8f);
  const Vector square = r * r;
  Vector s = splat(-1.9515295891e-4f);
  s = s * square + splat(8.3321608736e-3f);
  s = s * square + splat(-1.6666654611e-1f);
  s = s * square * r + r;
  Vector c = splat(2.443315711809948e-5f);
  c = c * square + splat(-1.388731625493765e-3f);
  c = c * square + splat(4.166664568298827e-2f);
  c = c * square * square - splat(0.5f) * square + splat(1.0f);
  const Integers odd = (quarter & splat(int32_t{1})) != splat(int32_t{0});
  const Vector sine_size = odd ? c : s, cosine_size = odd ? s : c;
  sine = (quarter & splat(int32_t{2})) != splat(int32_t{0}) ? -sine_size : sine_size;
  cosine = ((quarter + splat(int32_t{1})) & splat(int32_t{2})) != splat(int32_t{0}) ? -cosine_size : cosine_size;
}

/** π tanh θ [tokens, pairs]: how fast pairs turn. */
inline void turning_rates(const Shape& s, const float* theta, float* rates) {
  parallel(s.batch * s.length, s.pairs * 4, [&](int64_t begin, int64_t end, int) {
    const int64_t first = begin * s.pairs;
    for_vectors((end - begin) * s.pairs, [&](int64_t i, auto m) {
      store(rates + first + i, splat(pi) * tanh_of(load(theta + first + i, m)), m);
    });
  });
}

/** angle ← angle + dt · rates, within ±π. */
inline void advance(const Shape& s, float dt, const float* rates, float* angle) {
  if (!(absolute(splat(dt))[0] < far_angle / pi)) {
    for (int64_t i = 0; i < s.pairs; i++) {
      const double turned = std::remainder(static_cast<double>(dt) * static_cast<double>(rates[i]), 6.283185307179586);
      angle[i] = wrapped(splat(angle[i] + static_cast<float>(turned)))[0];
    }
    return;
  }
  for_vectors(s.pairs, [&](int64_t i, auto m) {
    const Vector turned = wrapped(splat(dt) * load(rates + i, m));
    store(angle + i, wrapped(load(angle + i, m) + turned), m);
  });
}

/** The cosine and ±sine that stand beside each channel [width]; 1 and 0 beside those that don't turn. */
struct Turn {
  float *cosines, *sines, *cosine, *sine;

  Turn(const Shape& s, Carver& carver)
      : cosines(carver.take(s.width)),
        sines(carver.take(s.width)),
        cosine(carver.take(s.pairs)),
        sine(carver.take(s.pairs)) {
    if (cosines == nullptr) return;
    for (int64_t i = 0; i < s.width; i++) {
      cosines[i] = 1;
      sines[i] = 0;
    }
  }
  /** `direction` is 1, or −1 to turn back. */
  void set(const Shape& s, const float* angle, float direction) const {
    for_vectors(s.pairs, [&](int64_t i, auto m) {
      Vector sines_of, cosines_of;
      sine_and_cosine(load(angle + i, m), sines_of, cosines_of);
      store(cosine + i, cosines_of, m);
      store(sine + i, splat(direction) * sines_of, m);
    });
    for (int64_t i = 0; i < s.pairs; i++) {
      const int64_t u = s.halves ? i : 2 * i, w = s.halves ? i + s.width / 2 : 2 * i + 1;
      cosines[u] = cosines[w] = cosine[i];
      sines[u] = -sine[i];
      sines[w] = sine[i];
    }
  }
  void apply(const Shape& s, const float* in, float* out) const {
    if (!s.halves) {
      for_vectors(s.width, [&](int64_t i, auto m) {
        const Vector v = load(in + i, m);
        store(out + i, v * load(cosines + i, m) + swap_pairs(v) * load(sines + i, m), m);
      });
      return;
    }
    const int64_t half = s.width / 2;
    for_vectors(half, [&](int64_t i, auto m) {
      const Vector u = load(in + i, m), w = load(in + half + i, m);
      store(out + i, u * load(cosines + i, m) + w * load(sines + i, m), m);
      store(out + half + i, w * load(cosines + half + i, m) + u * load(sines + half + i, m), m);
    });
  }
};

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
