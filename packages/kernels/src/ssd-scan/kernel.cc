// The state space of Mamba 2 and its gradient, chunk by chunk. Within a chunk, with E[i, j] the decay from token j to
// token i ≥ j, e[i] that from the chunk's start, t[j] that to its end, X = dt ⊙ x and S [N, P] the state before it:
//   y = (C Bᵀ ⊙ E) X + e ⊙ C S + D x        S ← e[last] S + (t ⊙ B)ᵀ X
#include "chunk-scan.h"

namespace ttt {
namespace TTT_ISA {
namespace {

struct Shape {
  int64_t batch, length, heads, width, groups, depth, chunk, chunks, shared;
  const float *x, *dt, *a, *b, *c, *d, *state;

  explicit Shape(const Call& call)
      : batch(call.inputs[0].dims[0]),
        length(call.inputs[0].dims[1]),
        heads(call.inputs[0].dims[2]),
        width(call.inputs[0].dims[3]),
        groups(call.inputs[3].dims[2]),
        depth(call.inputs[3].dims[3]),
        chunk(larger<int64_t>(1, smaller(length, static_cast<int64_t>(call.attributes[0])))),
        chunks(ceil_div(length, chunk)),
        shared(heads / groups),
        x(call.inputs[0].floats()),
        dt(call.inputs[1].floats()),
        a(call.inputs[2].floats()),
        b(call.inputs[3].floats()),
        c(call.inputs[4].floats()),
        d(call.inputs[5].floats()),
        state(call.inputs[6].floats()) {}

  int64_t x_step() const { return heads * width; }
  int64_t b_step() const { return groups * depth; }
  int64_t x_at(int64_t batch_index, int64_t token, int64_t head) const {
    return ((batch_index * length + token) * heads + head) * width;
  }
  int64_t dt_at(int64_t batch_index, int64_t token, int64_t head) const {
    return (batch_index * length + token) * heads + head;
  }
  int64_t b_at(int64_t batch_index, int64_t token, int64_t group) const {
    return ((batch_index * length + token) * groups + group) * depth;
  }
  int64_t state_floats() const { return depth * width; }
  int64_t product_floats() const {
    const int64_t longest = larger(chunk, larger(depth, width));
    return product_scratch(longest, longest);
  }
};

/** A chunk of one head, and the working memory for it. */
struct HeadChunk {
  const Shape& s;
  /** dt ⊙ x [chunk, width], and a matrix product's own memory. */
  float *inputs, *product;
  ChunkDecays decays;
  int64_t b = 0, head = 0, group = 0, first = 0, rows = 0;

  HeadChunk(const Shape& s, Carver& carver) : s(s) {
    inputs = carver.take(s.chunk * s.width);
    product = carver.take(s.product_floats());
    decays.take(carver, s.chunk);
  }
  void move_to(int64_t batch_index, int64_t of_head, int64_t index) {
    b = batch_index;
    head = of_head;
    group = head / s.shared;
    first = index * s.chunk;
    rows = smaller(s.chunk, s.length - first);
    const float* steps = s.dt + s.dt_at(b, first, head);
    decays.set(rows, [&](int64_t i) { return steps[i * s.heads] * s.a[head]; });
    gather_rows(s.x + s.x_at(b, first, head), s.x_step(), rows, s.width, inputs,
                [&](int64_t i) { return steps[i * s.heads]; });
  }
  Matrix b_rows() const { return row_major(s.b + s.b_at(b, first, group), s.b_step()); }
  Matrix c_rows() const { return row_major(s.c + s.b_at(b, first, group), s.b_step()); }
  float step(int64_t token) const { return s.dt[s.dt_at(b, first + token, head)]; }
  void multiply(Matrix left, Matrix right, int64_t rows, int64_t columns, int64_t depth, float* to, int64_t step,
                bool accumulate) const {
    ttt::TTT_ISA::multiply({1, rows, columns, depth, left, right, to, step, 0, accumulate}, product);
  }
  /** state [depth, width] ← whole decay · state + (to_end ⊙ B)ᵀ inputs; the inputs are scaled in place. */
  void advance(float* state) {
    scale_rows(inputs, decays.to_end, rows, s.width);
    scale_row(state, state, decays.whole, s.state_floats());
    multiply(transposed(b_rows()), row_major(inputs, s.width), s.depth, s.width, rows, state, s.width, true);
  }
};

/** Token after token, on states as they are given. */
void scan_few_tokens(const Shape& s, float* y, float* last) {
  const int64_t cost = s.length * s.state_floats() / 2;
  const Scratch kept(last ? 0 : static_cast<size_t>(s.batch * s.heads * s.state_floats()));
  float* states = last ? last : kept.floats();
  parallel(s.batch * s.heads, cost, [&](int64_t begin, int64_t end, int) {
    for (int64_t u = begin; u < end; u++) {
      const int64_t b = u / s.heads, head = u % s.heads;
      float* state = states + u * s.state_floats();
      std::memcpy(state, s.state + u * s.state_floats(), static_cast<size_t>(s.state_floats()) * sizeof(float));
      for (int64_t token = 0; token < s.length; token++) {
        const float *x = s.x + s.x_at(b, token, head), step = s.dt[s.dt_at(b, token, head)];
        const float *in = s.b + s.b_at(b, token, head / s.shared), *out = s.c + s.b_at(b, token, head / s.shared);
        const Vector decay = splat(exp_of(step * s.a[head]));
        for (int64_t p = 0; p < s.width; p++) {
          float* row = state + p * s.depth;
          const Vector input = splat(step * x[p]);
          Vector sum = {};
          for_vectors(s.depth, [&](int64_t i, auto m) {
            const Vector value = decay * load(row + i, m) + input * load(in + i, m);
            store(row + i, value, m);
            sum += value * load(out + i, m);
          });
          if (y) y[s.x_at(b, token, head) + p] = sum_lanes(sum) + s.d[head] * x[p];
        }
      }
    }
  });
}

/** C Bᵀ of each group's chunks, [batch, chunks, groups][chunk, chunk]: what heads of a group share. */
void multiply_shared(const Shape& s, float* scores) {
  const int64_t scratch_floats = padded(product_scratch(s.chunk, s.depth));
  const Scratch scratch(static_cast<size_t>(scratch_floats * thread_count()));
  parallel(s.batch * s.chunks * s.groups, s.chunk * s.chunk * s.depth / 16, [&](int64_t begin, int64_t end, int worker) {
    for (int64_t u = begin; u < end; u++) {
      const int64_t group = u % s.groups, index = u / s.groups % s.chunks, b = u / s.groups / s.chunks;
      const int64_t first = index * s.chunk, rows = smaller(s.chunk, s.length - first), at = s.b_at(b, first, group);
      multiply({1, rows, rows, s.depth, row_major(s.c + at, s.b_step()), transposed(row_major(s.b + at, s.b_step())),
                scores + u * s.chunk * s.chunk, s.chunk},
               scratch.floats() + worker * scratch_floats);
    }
  });
}

/** Partial sums for each chunk, added up in order: [batch · chunks, heads] -> [heads]. */
void sum_over_chunks(const Shape& s, const float* partials, float* sums) {
  if (sums == nullptr) return;
  if (s.batch * s.chunks == 0) {
    for (int64_t i = 0; i < s.heads; i++) sums[i] = 0;
    return;
  }
  sum_blocks(partials, s.batch * s.chunks, s.heads, sums);
}

}  // namespace

/** x, dt, A, B, C, D, state -> y, lastState */
void SsdScan(const Call& call) {
  const Shape s(call);
  float *y = call.outputs[0].floats(), *last = call.outputs[1].floats();
  if (s.length < few_tokens) return scan_few_tokens(s, y, last);
  const int64_t square = s.chunk * s.chunk;
  const Scratch shared(static_cast<size_t>(s.batch * s.chunks * s.groups * square));
  multiply_shared(s, shared.floats());

  struct Memory {
    HeadChunk chunk;
    float *state, *scores, *sums;
    Memory(const Shape& s, Carver& carver)
        : chunk(s, carver),
          state(carver.take(s.state_floats())),
          scores(carver.take(s.chunk * s.chunk)),
          sums(carver.take(s.chunk * s.width)) {}
  };
  const int64_t cost = s.length * (s.chunk / 2 + 2 * s.depth) * s.width / 16;
  parallel_with<Memory>(s, s.batch * s.heads, cost, [&](int64_t begin, int64_t end, Memory& memory) {
    HeadChunk& chunk = memory.chunk;
    for (int64_t u = begin; u < end; u++) {
      const int64_t b = u / s.heads, head = u % s.heads;
      transpose(s.state + u * s.state_floats(), s.width, s.depth, memory.state);
      for (int64_t index = 0; index < s.chunks; index++) {
        chunk.move_to(b, head, index);
        const float* products = shared.floats() + ((b * s.chunks + index) * s.groups + chunk.group) * square;
        if (y) {
          for (int64_t i = 0; i < chunk.rows; i++)
            chunk.decays.until(i, [&](int64_t j, Vector decay, auto m) {
              const int64_t at = i * s.chunk + j;
              store(memory.scores + at, decay * load(products + at, m), m);
            });
          chunk.multiply(chunk.c_rows(), row_major(memory.state, s.width), chunk.rows, s.width, s.depth, memory.sums,
                         s.width, false);
          scale_rows(memory.sums, chunk.decays.from_start, chunk.rows, s.width);
          multiply_lower(memory.scores, s.chunk, chunk.inputs, chunk.rows, s.width, memory.sums, true, chunk.product);
          for (int64_t i = 0; i < chunk.rows; i++) {
            const int64_t at = s.x_at(b, chunk.first + i, head);
            for_vectors(s.width, [&](int64_t k, auto m) {
              store(y + at + k, load(memory.sums + i * s.width + k, m) + splat(s.d[head]) * load(s.x + at + k, m), m);
            });
          }
        }
        chunk.advance(memory.state);
      }
      if (last) transpose(memory.state, s.depth, s.width, last + u * s.state_floats());
    }
  });
}

/**
 * x, dt, A, B, C, D, state, d_y, d_lastState -> grad_x, grad_dt, grad_A, grad_B, grad_C, grad_D, grad_state.
 *
 * States before each chunk are computed again, then the gradients G of the states after each chunk from the last to the
 * first: G ← e[last] G + (e ⊙ C)ᵀ d_y. With both, chunks stand alone. Of scores W = C Bᵀ ⊙ E and dW = d_y Xᵀ:
 *   grad_X = Wᵀ d_y + t ⊙ B G             grad_x = dt ⊙ grad_X + D d_y
 *   grad_C = (dW ⊙ E) B + e ⊙ d_y Sᵀ      grad_B = (dW ⊙ E)ᵀ C + (t ⊙ X) Gᵀ
 * and a token's log decay gets, of everything that passes over it, the decayed value times its gradient.
 */
void SsdScanGrad(const Call& call) {
  const Shape s(call);
  const float *d_y = call.inputs[7].floats(), *d_last = call.inputs[8].floats();
  float *grad_x = call.outputs[0].floats(), *grad_dt = call.outputs[1].floats(), *grad_a = call.outputs[2].floats();
  float *grad_b = call.outputs[3].floats(), *grad_c = call.outputs[4].floats(), *grad_d = call.outputs[5].floats();
  float* grad_state = call.outputs[6].floats();
  const int64_t all_states = s.batch * s.heads * s.chunks * s.state_floats();
  const Scratch before(static_cast<size_t>(all_states)), after(static_cast<size_t>(all_states));
  const auto state_at = [&](const Scratch& of, int64_t u, int64_t index) {
    return of.floats() + (u * s.chunks + index) * s.state_floats();
  };
  const size_t state_bytes = static_cast<size_t>(s.state_floats()) * sizeof(float);

  struct StatesMemory {
    HeadChunk chunk;
    float *state, *slopes;
    StatesMemory(const Shape& s, Carver& carver)
        : chunk(s, carver), state(carver.take(s.state_floats())), slopes(carver.take(s.chunk * s.width)) {}
  };
  {
    const int64_t cost = s.length * s.depth * s.width / 8;
    parallel_with<StatesMemory>(s, s.batch * s.heads, cost, [&](int64_t begin, int64_t end, StatesMemory& memory) {
      HeadChunk& chunk = memory.chunk;
      for (int64_t u = begin; u < end; u++) {
        const int64_t b = u / s.heads, head = u % s.heads;
        transpose(s.state + u * s.state_floats(), s.width, s.depth, memory.state);
        for (int64_t index = 0; index < s.chunks; index++) {
          std::memcpy(state_at(before, u, index), memory.state, state_bytes);
          if (index + 1 == s.chunks) break;
          chunk.move_to(b, head, index);
          chunk.advance(memory.state);
        }
        if (d_last)
          transpose(d_last + u * s.state_floats(), s.width, s.depth, memory.state);
        else
          for (int64_t i = 0; i < s.state_floats(); i++) memory.state[i] = 0;
        for (int64_t index = s.chunks - 1; index >= 0; index--) {
          std::memcpy(state_at(after, u, index), memory.state, state_bytes);
          if (index == 0 && grad_state == nullptr) break;
          chunk.move_to(b, head, index);
          scale_row(memory.state, memory.state, chunk.decays.whole, s.state_floats());
          if (d_y == nullptr) continue;
          gather_rows(d_y + s.x_at(b, chunk.first, head), s.x_step(), chunk.rows, s.width, memory.slopes,
                      [&](int64_t i) { return chunk.decays.from_start[i]; });
          chunk.multiply(transposed(chunk.c_rows()), row_major(memory.slopes, s.width), s.depth, s.width, chunk.rows,
                         memory.state, s.width, true);
        }
        if (grad_state) transpose(memory.state, s.depth, s.width, grad_state + u * s.state_floats());
      }
    });
  }

  struct Memory {
    HeadChunk chunk;
    /** [chunk, chunk]: C Bᵀ, the gradient of that, and one head's scores and their gradient. */
    float *products, *grad_products, *scores, *grad_scores;
    /** [chunk, width] and [chunk, depth] */
    float *slopes, *grad_inputs, *from_after, *grad_b, *grad_c, *from_before;
    /** By token: what later tokens got from it so far, what passes over it, what arrives at it from the chunk's start. */
    float *given, *passing, *arriving;
    Memory(const Shape& s, Carver& carver) : chunk(s, carver) {
      for (float** square : {&products, &grad_products, &scores, &grad_scores}) *square = carver.take(s.chunk * s.chunk);
      for (float** rows : {&slopes, &grad_inputs, &from_after}) *rows = carver.take(s.chunk * s.width);
      for (float** rows : {&grad_b, &grad_c, &from_before}) *rows = carver.take(s.chunk * s.depth);
      for (float** values : {&given, &passing, &arriving}) *values = carver.take(s.chunk);
    }
  };
  const Scratch partials(static_cast<size_t>(2 * s.batch * s.chunks * s.heads));
  float *partial_a = partials.floats(), *partial_d = partials.floats() + s.batch * s.chunks * s.heads;
  const int64_t cost = s.chunk * s.shared * (s.chunk + 3 * s.depth) * s.width / 16;
  parallel_with<Memory>(s, s.batch * s.chunks * s.groups, cost, [&](int64_t begin, int64_t end, Memory& memory) {
    HeadChunk& chunk = memory.chunk;
    const int64_t width = s.width, depth = s.depth, step = s.chunk;
    for (int64_t u = begin; u < end; u++) {
      const int64_t group = u % s.groups, index = u / s.groups % s.chunks, b = u / s.groups / s.chunks;
      for (int64_t head = group * s.shared; head < (group + 1) * s.shared; head++) {
        const bool first_head = head == group * s.shared;
        chunk.move_to(b, head, index);
        const int64_t rows = chunk.rows;
        if (first_head)
          chunk.multiply(chunk.c_rows(), transposed(chunk.b_rows()), rows, rows, depth, memory.products, step, false);
        const float *state = state_at(before, b * s.heads + head, index);
        const float *grad_after = state_at(after, b * s.heads + head, index);
        gather_rows(d_y ? d_y + s.x_at(b, chunk.first, head) : nullptr, s.x_step(), rows, width, memory.slopes);
        chunk.multiply(row_major(memory.slopes, width), transposed(row_major(chunk.inputs, width)), rows, rows, width,
                       memory.grad_scores, step, false);

        // From the last token on: over token i passes what tokens from i on got from those before it.
        for (int64_t i = 0; i < rows; i++) memory.given[i] = 0;
        for (int64_t i = rows - 1; i >= 0; i--) {
          Vector passing = {};
          chunk.decays.until(i, [&](int64_t j, Vector decay, auto m) {
            const int64_t at = i * step + j;
            const Vector score = decay * load(memory.products + at, m), slope = decay * load(memory.grad_scores + at, m);
            store(memory.scores + at, score, m);
            store(memory.grad_products + at, first_head ? slope : load(memory.grad_products + at, m) + slope, m);
            const Integers before_i = lane_numbers() + splat(static_cast<int32_t>(j)) < splat(static_cast<int32_t>(i));
            const Vector given = load(memory.given + j, m) + slope * load(memory.products + at, m);
            store(memory.given + j, given, m);
            passing += before_i ? given : Vector{};
          });
          memory.passing[i] = sum_lanes(passing);
        }

        multiply_lower_transposed(memory.scores, step, memory.slopes, rows, width, memory.grad_inputs, false, chunk.product);
        chunk.multiply(chunk.b_rows(), row_major(grad_after, width), rows, width, depth, memory.from_after, width, false);
        chunk.multiply(row_major(memory.slopes, width), transposed(row_major(state, width)), rows, depth, width,
                       memory.from_before, depth, false);
        // Over it pass, too, what stood before the chunk and stays until its end, and what earlier tokens leave there.
        float leaving = chunk.decays.whole * dot(state, grad_after, s.state_floats());
        for (int64_t i = 0; i < rows; i++) {
          const float* c_row = s.c + s.b_at(b, chunk.first + i, group);
          const float from_start = chunk.decays.from_start[i], until_end = chunk.decays.to_end[i];
          float* from_after = memory.from_after + i * width;
          memory.passing[i] += leaving;
          leaving += until_end * dot(chunk.inputs + i * width, from_after, width);
          memory.arriving[i] = from_start * dot(memory.from_before + i * depth, c_row, depth);
          scale_row(memory.grad_inputs + i * width, from_after, until_end, width, true);
          scale_row(memory.grad_c + i * depth, memory.from_before + i * depth, from_start, depth, !first_head);
        }

        float arriving = 0;
        double sum_a = 0, sum_d = 0;
        for (int64_t i = rows - 1; i >= 0; i--) {
          arriving += memory.arriving[i];
          const float passing = memory.passing[i] + arriving;
          const int64_t at = s.x_at(b, chunk.first + i, head);
          const float *in = s.x + at, *slope = memory.slopes + i * width, *grad_input = memory.grad_inputs + i * width;
          const float dt = chunk.step(i);
          sum_a += static_cast<double>(passing * dt);
          sum_d += static_cast<double>(dot(slope, in, width));
          if (grad_dt)
            grad_dt[s.dt_at(b, chunk.first + i, head)] =
                dot(grad_input, in, width) + s.a[head] * passing;
          if (grad_x)
            for_vectors(width, [&](int64_t k, auto m) {
              store(grad_x + at + k, splat(dt) * load(grad_input + k, m) + splat(s.d[head]) * load(slope + k, m), m);
            });
        }
        partial_a[(b * s.chunks + index) * s.heads + head] = static_cast<float>(sum_a);
        partial_d[(b * s.chunks + index) * s.heads + head] = static_cast<float>(sum_d);

        scale_rows(chunk.inputs, chunk.decays.to_end, rows, width);
        chunk.multiply(row_major(chunk.inputs, width), transposed(row_major(grad_after, width)), rows, depth, width,
                       memory.grad_b, depth, !first_head);
      }
      const int64_t rows = chunk.rows;
      // The first head wrote whole rows: what is above the diagonal is zero.
      chunk.multiply(row_major(memory.grad_products, step), chunk.b_rows(), rows, depth, rows, memory.grad_c, depth, true);
      chunk.multiply(transposed(row_major(memory.grad_products, step)), chunk.c_rows(), rows, depth, rows, memory.grad_b,
                     depth, true);
      for (int64_t i = 0; i < rows; i++) {
        const int64_t at = s.b_at(b, chunk.first + i, group);
        if (grad_b) scale_row(grad_b + at, memory.grad_b + i * depth, 1, depth);
        if (grad_c) scale_row(grad_c + at, memory.grad_c + i * depth, 1, depth);
      }
    }
  });
  sum_over_chunks(s, partial_a, grad_a);
  sum_over_chunks(s, partial_d, grad_d);
}

}  // namespace TTT_ISA
}  // namespace ttt
