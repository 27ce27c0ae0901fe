// The gradient of Mamba 3's state space: states before each chunk are computed again, then the slopes G of the states after
// each from the last to the first, G ← e[last] G + (e ⊙ q)ᵀ d_y. With both, chunks stand alone. Of dP = W ⊙ (d_y vᵀ):
//   grad_v = (q kᵀ ⊙ W)ᵀ d_y + t ⊙ k G + D d_y     grad_q = dP k + e ⊙ d_y Sᵀ     grad_k = dPᵀ q + (t ⊙ v) Gᵀ
// and a token's log decay gets, of everything that passes over it, the decayed value times its slope.
#include "head-chunk.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Per unit, [unit, chunk] states of N × P. */
struct States {
  const Shape& s;
  Scratch memory;
  explicit States(const Shape& s)
      : s(s), memory(static_cast<size_t>(s.batch * s.heads * larger<int64_t>(1, s.chunks) * s.state_floats())) {}
  float* at(int64_t u, int64_t index) const {
    return memory.floats() + (u * larger<int64_t>(1, s.chunks) + index) * s.state_floats();
  }
};

struct StatesMemory {
  HeadChunk chunk;
  float *state, *slopes;
  StatesMemory(const Shape& s, Carver& carver)
      : chunk(s, carver), state(carver.take(s.state_floats())), slopes(carver.take(s.rows * s.width)) {}
};

struct Gradients {
  float *q, *k, *v, *g, *write, *own, *skip, *state, *key, *value, *weight;
  explicit Gradients(const Call& call) {
    float** parts[] = {&q, &k, &v, &g, &write, &own, &skip, &state, &key, &value, &weight};
    for (int i = 0; i < 11; i++) *parts[i] = call.outputs[i].floats();
  }
};

/** Of the slope G [N, P] of the state that the scan starts from. */
void write_start_gradients(const Shape& s, const Gradients& to, int64_t u, const float* slope) {
  const int64_t b = u / s.heads, head = u % s.heads;
  if (to.state) transpose(slope, s.depth, s.width, to.state + u * s.state_floats());
  float weight = 0;
  for (int64_t rank = 0; rank < s.ranks; rank++) {
    const int64_t at = (b * s.ranks + rank) * s.heads + head;
    const float *key = s.key_before + at * s.depth, *value = s.value_before + at * s.width;
    if (to.value)
      for (int64_t p = 0; p < s.width; p++) to.value[at * s.width + p] = 0;
    for (int64_t i = 0; i < s.depth; i++) {
      const float along = dot(slope + i * s.width, value, s.width);
      weight += key[i] * along;
      if (to.key) to.key[at * s.depth + i] = s.write_before[u] * along;
      if (to.value) scale_row(to.value + at * s.width, slope + i * s.width, s.write_before[u] * key[i], s.width, true);
    }
  }
  if (to.weight) to.weight[u] = weight;
}

void write_states(const Shape& s, const float* d_y, const float* d_last, const Gradients& to, const States& before,
                  const States& after) {
  const size_t bytes = static_cast<size_t>(s.state_floats()) * sizeof(float);
  const int64_t cost = s.length * s.ranks * s.depth * s.width / 8;
  parallel_with<StatesMemory>(s, s.batch * s.heads, cost, [&](int64_t begin, int64_t end, StatesMemory& memory) {
    HeadChunk& chunk = memory.chunk;
    for (int64_t u = begin; u < end; u++) {
      const int64_t b = u / s.heads, head = u % s.heads;
      // The first chunk's place after serves as memory: it is written last.
      s.write_start(u, after.at(u, 0));
      transpose(after.at(u, 0), s.width, s.depth, memory.state);
      for (int64_t index = 0; index < s.chunks; index++) {
        std::memcpy(before.at(u, index), memory.state, bytes);
        if (index + 1 == s.chunks) break;
        chunk.move_to(b, head, index);
        chunk.advance(memory.state);
      }
      if (d_last)
        transpose(d_last + u * s.state_floats(), s.width, s.depth, memory.state);
      else
        for (int64_t i = 0; i < s.state_floats(); i++) memory.state[i] = 0;
      for (int64_t index = s.chunks - 1; index >= 0; index--) {
        std::memcpy(after.at(u, index), memory.state, bytes);
        chunk.move_to(b, head, index);
        scale_row(memory.state, memory.state, chunk.decays.whole, s.state_floats());
        if (d_y == nullptr) continue;
        gather_rows(d_y + s.value_at(b, chunk.first, head), s.value_step(), chunk.rows, s.width, memory.slopes);
        scale_rows(memory.slopes, chunk.decays.from_start, chunk.rows, s.width);
        chunk.multiply(transposed(chunk.q_rows()), row_major(memory.slopes, s.width), s.depth, s.width, chunk.rows,
                       memory.state, s.width, true);
      }
      write_start_gradients(s, to, u, memory.state);
    }
  });
}

struct Memory {
  HeadChunk chunk;
  /** [rows, rows]: q kᵀ, later its slope; d_y vᵀ; the scores. */
  float *products, *slope_products, *scores;
  /** [rows, width] and [rows, depth] */
  float *slopes, *grad_v, *from_after, *grad_q, *grad_k, *from_before;
  /** By row: Σ over later rows of decay · q kᵀ · d_y vᵀ, the slope of what the row's token writes. By token: what passes. */
  float *written, *passing, *arriving;
  Memory(const Shape& s, Carver& carver) : chunk(s, carver) {
    for (float** square : {&products, &slope_products, &scores}) *square = carver.take(s.rows * s.rows);
    for (float** each : {&slopes, &grad_v, &from_after}) *each = carver.take(s.rows * s.width);
    for (float** each : {&grad_q, &grad_k, &from_before}) *each = carver.take(s.rows * s.depth);
    for (float** values : {&written, &passing, &arriving}) *values = carver.take(s.rows);
  }
};

/** From the last token on: scores, the products' slopes, what later tokens got from each, and what passes over each. */
void walk_pairs(const Shape& s, Memory& memory, float* grad_own) {
  const HeadChunk& chunk = memory.chunk;
  for (int64_t i = 0; i < chunk.rows; i++) memory.written[i] = 0;
  for (int64_t token = chunk.rows / s.ranks - 1; token >= 0; token--) {
    const int64_t begin = token * s.ranks;
    Vector owned = {};
    for (int64_t i = begin; i < begin + s.ranks; i++) {
      const Vector own = splat(chunk.own(i));
      chunk.seen_by(i, [&](int64_t j, Vector decay, Integers earlier, auto m) {
        const int64_t at = i * s.rows + j;
        const Vector product = load(memory.products + at, m), slope = load(memory.slope_products + at, m);
        const Vector weight = decay * (earlier ? load(chunk.writes + j, m) : own);
        const Vector along = decay * product * slope;
        store(memory.scores + at, weight * product, m);
        store(memory.products + at, weight * slope, m);
        store(memory.written + j, load(memory.written + j, m) + (earlier ? along : Vector{}), m);
        owned += earlier ? Vector{} : along;
      });
    }
    if (grad_own) grad_own[s.token_at(chunk.b, chunk.first + token, chunk.head)] = sum_lanes(owned);
    memory.passing[token] = dot(memory.written, chunk.writes, begin);
  }
}

}  // namespace

/** …, d_y, d_lastState -> the gradient of each input */
void MambaThreeScanGrad(const Call& call) {
  const Shape s(call);
  const float *d_y = call.inputs[d_y_in].floats(), *d_last = call.inputs[d_last_in].floats();
  const Gradients to(call);
  const States before(s), after(s);
  write_states(s, d_y, d_last, to, before, after);

  const Scratch partials(static_cast<size_t>(s.batch * s.chunks * s.heads));
  const int64_t cost = s.rows * (2 * s.rows + 4 * s.depth) * s.width / 16;
  parallel_with<Memory>(s, s.batch * s.chunks * s.heads, cost, [&](int64_t from, int64_t end, Memory& memory) {
    HeadChunk& chunk = memory.chunk;
    const int64_t width = s.width, depth = s.depth, step = s.rows;
    for (int64_t u = from; u < end; u++) {
      const int64_t head = u % s.heads, index = u / s.heads % s.chunks, b = u / s.heads / s.chunks;
      chunk.move_to(b, head, index);
      const int64_t rows = chunk.rows, tokens = rows / s.ranks;
      const float *state = before.at(b * s.heads + head, index), *slope_after = after.at(b * s.heads + head, index);
      gather_rows(d_y ? d_y + s.value_at(b, chunk.first, head) : nullptr, s.value_step(), rows, width, memory.slopes);
      chunk.multiply(chunk.q_rows(), transposed(chunk.k_rows()), rows, rows, depth, memory.products, step, false);
      chunk.multiply(row_major(memory.slopes, width), transposed(row_major(chunk.values, width)), rows, rows, width,
                     memory.slope_products, step, false);
      walk_pairs(s, memory, to.own);

      chunk.multiply(transposed(row_major(memory.scores, step)), row_major(memory.slopes, width), rows, width, rows,
                     memory.grad_v, width, false);
      chunk.multiply(chunk.k_rows(), row_major(slope_after, width), rows, width, depth, memory.from_after, width, false);
      chunk.multiply(row_major(memory.slopes, width), transposed(row_major(state, width)), rows, depth, width,
                     memory.from_before, depth, false);
      chunk.multiply(row_major(memory.products, step), chunk.k_rows(), rows, depth, rows, memory.grad_q, depth, false);
      chunk.multiply(transposed(row_major(memory.products, step)), chunk.q_rows(), rows, depth, rows, memory.grad_k,
                     depth, false);
      chunk.multiply(row_major(chunk.leaving, width), transposed(row_major(slope_after, width)), rows, depth, width,
                     memory.grad_k, depth, true);

      // Over a token pass, too, what stood before the chunk and stays until its end, and what earlier ones leave there.
      float leaving = chunk.decays.whole * dot(state, slope_after, s.state_floats());
      double skipped = 0;
      for (int64_t token = 0; token < tokens; token++) {
        memory.passing[token] += leaving;
        memory.arriving[token] = 0;
        float written = 0;
        for (int64_t i = token * s.ranks; i < (token + 1) * s.ranks; i++) {
          const float *value = chunk.values + i * width, *slope = memory.slopes + i * width;
          const float *from_after = memory.from_after + i * width, *from_before = memory.from_before + i * depth;
          const float until_end = chunk.decays.to_end[i], from_start = chunk.decays.from_start[i];
          const float left = until_end * dot(value, from_after, width);
          leaving += chunk.writes[i] * left;
          written += memory.written[i] + left;
          skipped += static_cast<double>(dot(slope, value, width));
          const float* q_row = s.q + s.key_at(b, chunk.first, head) + i * s.key_step();
          memory.arriving[token] += from_start * dot(from_before, q_row, depth);
          scale_row(memory.grad_v + i * width, from_after, until_end * chunk.writes[i], width, true);
          scale_row(memory.grad_v + i * width, slope, s.skip[head], width, true);
          scale_row(memory.grad_q + i * depth, from_before, from_start, depth, true);
        }
        if (to.write) to.write[s.token_at(b, chunk.first + token, head)] = written;
      }
      partials.floats()[(b * s.chunks + index) * s.heads + head] = static_cast<float>(skipped);
      float arriving = 0;
      for (int64_t token = tokens - 1; token >= 0; token--) {
        arriving += memory.arriving[token];
        if (to.g) to.g[s.token_at(b, chunk.first + token, head)] = memory.passing[token] + arriving;
      }
      const int64_t keys = s.key_at(b, chunk.first, head), values = s.value_at(b, chunk.first, head);
      for (int64_t i = 0; i < rows; i++) {
        if (to.q) scale_row(to.q + keys + i * s.key_step(), memory.grad_q + i * depth, 1, depth);
        if (to.k) scale_row(to.k + keys + i * s.key_step(), memory.grad_k + i * depth, 1, depth);
        if (to.v) scale_row(to.v + values + i * s.value_step(), memory.grad_v + i * width, 1, width);
      }
    }
  });
  if (to.skip) sum_blocks(partials.floats(), s.batch * s.chunks, s.heads, to.skip);
}

}  // namespace TTT_ISA
}  // namespace ttt
