// Vectors of the instruction set that this file is being compiled for, written with the compilers' vector extension.
#pragma once
#include <cstdint>
#include <cstring>
#include <utility>

#include "call.h"

#ifndef TTT_ISA
#define TTT_ISA portable
#define TTT_LANES 4
#endif

#if defined(__clang__)
#define TTT_UNROLL _Pragma("unroll")
#else
#define TTT_UNROLL _Pragma("GCC unroll 16")
#endif
#define TTT_INLINE inline __attribute__((always_inline))

namespace ttt {
namespace TTT_ISA {

constexpr int lanes = TTT_LANES;
typedef float Vector __attribute__((vector_size(TTT_LANES * 4)));
typedef int32_t Integers __attribute__((vector_size(TTT_LANES * 4)));

template <int... I>
TTT_INLINE Integers lane_numbers(std::integer_sequence<int, I...>) {
  return Integers{I...};
}
/** 0, 1, 2, … */
TTT_INLINE Integers lane_numbers() { return lane_numbers(std::make_integer_sequence<int, lanes>{}); }

/** A whole vector of values, or the last few of a row. */
struct Whole {
  static constexpr int count = lanes;
};
struct Part {
  int count;
};

TTT_INLINE Vector splat(float x) { return x - Vector{}; }
TTT_INLINE Integers splat(int32_t x) { return x - Integers{}; }

TTT_INLINE Vector load(const float* p) {
  Vector v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
TTT_INLINE void store(float* p, Vector v) { std::memcpy(p, &v, sizeof v); }
TTT_INLINE Vector load(const float* p, Whole) { return load(p); }
TTT_INLINE void store(float* p, Vector v, Whole) { store(p, v); }
/** Lanes past the end are zero. Not inlined: the ends of rows are everywhere, and would double every loop's code. */
__attribute__((noinline)) inline Vector load(const float* p, Part part) {
  float values[lanes] = {};
  for (int i = 0; i < part.count; i++) values[i] = p[i];
  return load(values);
}
__attribute__((noinline)) inline void store(float* p, Vector v, Part part) {
  float values[lanes];
  store(values, v);
  for (int i = 0; i < part.count; i++) p[i] = values[i];
}
/** `v` with the lanes past the end replaced. */
TTT_INLINE Vector fill_rest(Vector v, float, Whole) { return v; }
TTT_INLINE Vector fill_rest(Vector v, float rest, Part part) {
  return lane_numbers() < splat(int32_t{part.count}) ? v : splat(rest);
}

/** Calls f(i, Whole) for each whole vector of 0 … n − 1 and f(i, Part) for what is left. */
template <class F>
TTT_INLINE void for_vectors(int64_t n, F f) {
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) f(i, Whole{});
  if (i < n) f(i, Part{static_cast<int>(n - i)});
}

template <class To, class From>
TTT_INLINE To bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "same size");
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

template <class T>
TTT_INLINE T smaller(T a, T b) {
  return a < b ? a : b;
}
template <class T>
TTT_INLINE T larger(T a, T b) {
  return a < b ? b : a;
}
/** NaN where either is NaN. */
TTT_INLINE Vector larger(Vector a, Vector b) { return ((a > b) | (a != a)) ? a : b; }
TTT_INLINE Vector smaller(Vector a, Vector b) { return ((a < b) | (a != a)) ? a : b; }
TTT_INLINE int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

template <int... I>
TTT_INLINE Vector shuffle(Vector a, Vector b, std::integer_sequence<int, I...>) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, I...);
#else
  return __builtin_shuffle(a, b, Integers{I...});
#endif
}
template <int... I>
TTT_INLINE Vector interleave_low(Vector a, Vector b, std::integer_sequence<int, I...>) {
  return shuffle(a, b, std::integer_sequence<int, (I % 2 ? lanes + I / 2 : I / 2)...>{});
}
template <int... I>
TTT_INLINE Vector interleave_high(Vector a, Vector b, std::integer_sequence<int, I...>) {
  return shuffle(a, b, std::integer_sequence<int, (lanes / 2 + (I % 2 ? lanes + I / 2 : I / 2))...>{});
}
template <int... I>
TTT_INLINE Vector swap_pairs(Vector a, std::integer_sequence<int, I...>) {
  return shuffle(a, a, std::integer_sequence<int, (I ^ 1)...>{});
}
using AllLanes = std::make_integer_sequence<int, lanes>;
TTT_INLINE Vector swap_pairs(Vector a) { return swap_pairs(a, AllLanes{}); }

/** Transposes a square of vectors by perfect shuffles, one per power of two. */
TTT_INLINE void transpose_square(Vector (&rows)[lanes]) {
  TTT_UNROLL
  for (int step = 1; step < lanes; step *= 2) {
    Vector next[lanes];
    TTT_UNROLL
    for (int i = 0; i < lanes / 2; i++) {
      next[2 * i] = interleave_low(rows[i], rows[i + lanes / 2], AllLanes{});
      next[2 * i + 1] = interleave_high(rows[i], rows[i + lanes / 2], AllLanes{});
    }
    TTT_UNROLL
    for (int i = 0; i < lanes; i++) rows[i] = next[i];
  }
}

template <int by, int... I>
TTT_INLINE Vector rotate(Vector a, std::integer_sequence<int, I...>) {
  return shuffle(a, a, std::integer_sequence<int, (I + by) % lanes...>{});
}
/** The sum of the lanes, as a tree: each half on the other. */
template <int half = lanes / 2>
TTT_INLINE float sum_lanes(Vector v) {
  v += rotate<half>(v, AllLanes{});
  if constexpr (half > 1)
    return sum_lanes<half / 2>(v);
  else
    return v[0];
}
TTT_INLINE float max_lanes(Vector v) {
  float most = v[0];
  for (int i = 1; i < lanes; i++) most = v[i] > most || v[i] != v[i] ? v[i] : most;
  return most;
}

}  // namespace TTT_ISA
}  // namespace ttt
