// What kernels of networks that learn while they read have in common. Such a network has three weights; so has what
// belongs to them: momenta, gradients.
#pragma once
#include "gemm.h"

namespace ttt {
namespace TTT_ISA {

/** Tokens whose hidden values stand at once. */
constexpr int64_t tokens_at_once = 64;

/** The three, of one sequence. */
struct Three {
  float* at[3];
  float* operator[](int i) const { return at[i]; }
};
struct ConstThree {
  const float* at[3];
  const float* operator[](int i) const { return at[i]; }
  ConstThree(const float* a, const float* b, const float* c) : at{a, b, c} {}
  ConstThree(const Three& three) : at{three[0], three[1], three[2]} {}
};

inline void copy_values(float* to, const float* from, int64_t n) {
  if (to != from) std::memcpy(to, from, static_cast<size_t>(n) * sizeof(float));
}
inline void clear_values(float* to, int64_t n) {
  for_vectors(n, [&](int64_t i, auto m) { store(to + i, Vector{}, m); });
}

/** How many floats the three have each. */
struct Sizes {
  int64_t of[3];
  int64_t operator[](int i) const { return of[i]; }
  int64_t total() const { return of[0] + of[1] + of[2]; }

  /** A sequence's part of three tensors; null where they are absent. */
  Three part(const Tensor* tensors, int64_t sequence) const {
    Three three;
    for (int i = 0; i < 3; i++) three.at[i] = tensors[i].present() ? tensors[i].floats() + sequence * of[i] : nullptr;
    return three;
  }
  /** Three from the working memory at `free`, which moves on. */
  Three take(float*& free) const {
    const Three three{{free, free + of[0], free + of[0] + of[1]}};
    free += total();
    return three;
  }
  /** What is absent counts as zeros. */
  void copy(const Three& to, const Three& from) const {
    for (int i = 0; i < 3; i++) from[i] ? copy_values(to[i], from[i], of[i]) : clear_values(to[i], of[i]);
  }
  void clear(const Three& three) const {
    for (int i = 0; i < 3; i++) clear_values(three[i], of[i]);
  }
  void copy_to(const Tensor* tensors, int64_t sequence, const Three& from) const {
    for (int i = 0; i < 3; i++)
      if (tensors[i].present()) copy_values(tensors[i].floats() + sequence * of[i], from[i], of[i]);
  }
};

/** The rows of a tensor [sequences, length, width] from a token on; null where it is absent. */
inline float* rows_from(const Tensor& tensor, int64_t sequence, int64_t token) {
  return tensor.present() ? tensor.floats() + (sequence * tensor.dims[1] + token) * tensor.dims[2] : nullptr;
}

/** Calls f(token, count) for blocks of the tokens [first, end). */
template <class F>
void for_tokens(int64_t first, int64_t end, F f) {
  for (; first < end; first += tokens_at_once) f(first, smaller(tokens_at_once, end - first));
}

/** Products of matrices whose rows stand one after the other. */
struct Products {
  float* scratch;

  /** out [count, to] (+)= x [count, from] · w [from, to] */
  void forward(const float* x, int64_t count, const float* w, int64_t from, int64_t to, float* out,
               bool accumulate = false) const {
    multiply({1, count, to, from, row_major(x, from), row_major(w, to), out, to, 0, accumulate}, scratch);
  }
  /** out [count, to] (+)= x [count, from] · wᵀ, w [to, from] */
  void back(const float* x, int64_t count, const float* w, int64_t from, int64_t to, float* out,
            bool accumulate = false) const {
    if (count == 1) {
      for (int64_t j = 0; j < to; j++) out[j] = dot(w + j * from, x, from) + (accumulate ? out[j] : 0.0f);
      return;
    }
    multiply({1, count, to, from, row_major(x, from), transposed(row_major(w, from)), out, to, 0, accumulate}, scratch);
  }
  /** sum [rows, columns] += xᵀ · y, x [count, rows], y [count, columns] */
  void add_outer(const float* x, const float* y, int64_t count, int64_t rows, int64_t columns, float* sum) const {
    multiply({1, rows, columns, count, transposed(row_major(x, rows)), row_major(y, columns), sum, columns, 0, true},
             scratch);
  }
  /** The scratch that such products take between widths of at most these, for `count` tokens. */
  static int64_t floats(int64_t width, int64_t hidden, int64_t count) {
    const int64_t between = larger(product_scratch(hidden, width), product_scratch(width, hidden));
    return larger(between, larger(product_scratch(hidden, count), product_scratch(width, count)));
  }
};

/**
 * Walks back through epochs, each of which begins with a state of so many floats that the one before leads to. States
 * stand for all epochs where these are few, else at the starts of groups, within which they are computed once more.
 */
struct WayBack {
  int64_t epochs, state, group, groups;

  WayBack(int64_t epochs, int64_t state) : epochs(epochs), state(state), group(epochs) {
    constexpr int64_t kept_limit = int64_t{4} << 20;
    if (epochs * state > kept_limit)
      for (group = 1; group * group < epochs;) group++;
    groups = ceil_div(epochs, group);
  }
  int64_t floats() const { return (groups + group) * state; }

  /**
   * start(to) gives the first epoch's state, advance(epoch, state) makes an epoch's state the next one's in place, and
   * back(epoch, state) is called from the last epoch to the first.
   */
  template <class Start, class Advance, class Back>
  void walk(float* memory, Start start, Advance advance, Back back) const {
    float *starts = memory, *within = memory + groups * state;
    start(starts);
    for (int64_t g = 0; g + 1 < groups; g++) {
      float* next = starts + (g + 1) * state;
      copy_values(next, starts + g * state, state);
      for (int64_t i = 0; i < group; i++) advance(g * group + i, next);
    }
    for (int64_t g = groups - 1; g >= 0; g--) {
      const int64_t first = g * group, count = smaller(group, epochs - first);
      copy_values(within, starts + g * state, state);
      for (int64_t i = 1; i < count; i++) {
        copy_values(within + i * state, within + (i - 1) * state, state);
        advance(first + i - 1, within + i * state);
      }
      for (int64_t i = count - 1; i >= 0; i--) back(first + i, within + i * state);
    }
  }
};

}  // namespace TTT_ISA
}  // namespace ttt
