// exp, log and what is made of them, on vectors: about 1 ulp, right for infinities and NaN.
#pragma once
#include "simd.h"

namespace ttt {
namespace TTT_ISA {

/** e^x = power · 2^whole for x from −87.33 to 89. */
struct Exponential {
  Vector power;
  Integers whole;
};

TTT_INLINE Exponential reduced_exp(Vector x) {
  // x = n ln 2 + r; adding 1.5 · 2^23 rounds to a whole number that stands in the low bits.
  const Vector shifter = splat(12582912.0f);
  const Vector shifted = x * splat(1.44269504f) + shifter;
  const Integers n = bits<Integers>(shifted) - bits<Integers>(shifter);
  const Vector whole = shifted - shifter;
  Vector r = x - whole * splat(0.693145752f);
  r = r - whole * splat(1.42860677e-6f);
  Vector p = splat(1.98756915e-4f);
  p = p * r + splat(1.39819995e-3f);
  p = p * r + splat(8.3334519073e-3f);
  p = p * r + splat(4.1665795894e-2f);
  p = p * r + splat(1.6666665459e-1f);
  p = p * r + splat(5.0000001201e-1f);
  p = p * (r * r) + r + splat(1.0f);
  return {p, n};
}

TTT_INLINE Vector exp_of(Vector x) {
  Vector clamped = x > splat(89.0f) ? splat(89.0f) : x;
  // Results below the normal range are 0: processors take a hundred times as long for denormals, and masked scores are
  // all of that kind.
  clamped = clamped < splat(-87.33f) ? splat(-87.33f) : clamped;
  const Exponential e = reduced_exp(clamped);
  // Two factors, so that results beyond 2^127 come out as well.
  const Integers half = e.whole >> 1;
  const Vector low = bits<Vector>((half + splat(int32_t{127})) << 23);
  const Vector high = bits<Vector>((e.whole - half + splat(int32_t{127})) << 23);
  return x < splat(-87.33f) ? splat(0.0f) : e.power * low * high;
}

/** As exp_of, faster, for x that are at most 0 but for rounding: one factor is enough. */
TTT_INLINE Vector exp_below_zero(Vector x) {
  const Integers vanishing = x < splat(-87.33f);
  const Exponential e = reduced_exp(vanishing ? splat(-87.33f) : x);
  return vanishing ? Vector{} : e.power * bits<Vector>((e.whole + splat(int32_t{127})) << 23);
}

TTT_INLINE Vector log_of(Vector x) {
  // Denormals are scaled into the normal range first.
  const Integers tiny = x < splat(1.17549435e-38f);
  const Vector scaled = tiny ? x * splat(8388608.0f) : x;
  const Integers raw = bits<Integers>(scaled) - splat(int32_t{0x3f3504f3});
  const Integers exponent = raw >> 23;
  const Vector m = bits<Vector>((raw & splat(int32_t{0x7fffff})) + splat(int32_t{0x3f3504f3})) - splat(1.0f);
  const Vector e = __builtin_convertvector(exponent, Vector) - (tiny ? splat(23.0f) : splat(0.0f));
  Vector p = splat(7.0376836292e-2f);
  p = p * m + splat(-1.1514610310e-1f);
  p = p * m + splat(1.1676998740e-1f);
  p = p * m + splat(-1.2420140846e-1f);
  p = p * m + splat(1.4249322787e-1f);
  p = p * m + splat(-1.6668057665e-1f);
  p = p * m + splat(2.0000714765e-1f);
  p = p * m + splat(-2.4999993993e-1f);
  p = p * m + splat(3.3333331174e-1f);
  const Vector square = m * m;
  Vector y = p * m * square;
  y = y + e * splat(-2.12194440e-4f);
  y = y - square * splat(0.5f);
  y = m + y;
  y = y + e * splat(0.693359375f);
  const float infinity = __builtin_inff();
  y = x == splat(infinity) ? x : y;
  y = x == splat(0.0f) ? splat(-infinity) : y;
  return ((x < splat(0.0f)) | (x != x)) ? splat(__builtin_nanf("")) : y;
}

TTT_INLINE Vector sqrt_of(Vector x) {
  float values[lanes];
  store(values, x);
  for (int i = 0; i < lanes; i++) values[i] = __builtin_sqrtf(values[i]);
  return load(values);
}

TTT_INLINE Vector absolute(Vector x) { return bits<Vector>(bits<Integers>(x) & splat(int32_t{0x7fffffff})); }

TTT_INLINE Vector sigmoid_of(Vector x) { return splat(1.0f) / (splat(1.0f) + exp_of(-x)); }

TTT_INLINE Vector tanh_of(Vector x) {
  const Vector size = absolute(x);
  const Vector e = exp_of(splat(-2.0f) * size);
  const Vector far = (splat(1.0f) - e) / (splat(1.0f) + e);
  // Near 0 the difference above loses digits.
  const Vector s = x * x;
  Vector p = splat(-5.70498872745e-3f);
  p = p * s + splat(2.06390887954e-2f);
  p = p * s + splat(-5.37397155531e-2f);
  p = p * s + splat(1.33314422036e-1f);
  p = p * s + splat(-3.33332819422e-1f);
  const Vector near = x * s * p + x;
  return size < splat(0.625f) ? near : (x < splat(0.0f) ? -far : far);
}

/** log(1 + x) for x in [0, 1]. */
TTT_INLINE Vector log_one_plus(Vector x) {
  const Vector u = splat(1.0f) + x;
  const Vector correction = (x - (u - splat(1.0f))) / u;
  return log_of(u) + correction;
}

TTT_INLINE Vector softplus_of(Vector x) {
  const Vector positive = x > splat(0.0f) ? x : splat(0.0f);
  const Vector y = positive + log_one_plus(exp_of(-absolute(x)));
  return x != x ? x : y;
}

TTT_INLINE float exp_of(float x) { return exp_of(splat(x))[0]; }
TTT_INLINE float log_of(float x) { return log_of(splat(x))[0]; }

}  // namespace TTT_ISA
}  // namespace ttt
