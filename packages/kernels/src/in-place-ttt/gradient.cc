// The gradient of In-Place TTT. Forwards again for what a chunk read, grad_h = d_z U; then from the last chunk to the first
// with the slope G of what a chunk leaves: grad_u = h Gᵀ, grad_h += u G, and G += d_zᵀ h for the chunk before.
#include "chunks.h"

namespace ttt {
namespace TTT_ISA {
namespace {

struct Memory {
  /** [chunk, hidden], [chunk, width] three times, [width, hidden], [taps, width] twice. */
  float *keys, *targets, *values, *grad_values, *grad_keys, *fast, *by_tap, *grad_taps;
  Memory(const Shape& s, Carver& carver)
      : keys(carver.take(s.chunk * s.hidden)),
        targets(carver.take(s.chunk * s.width)),
        values(carver.take(s.chunk * s.width)),
        grad_values(carver.take(s.chunk * s.width)),
        grad_keys(carver.take(s.chunk * s.hidden)),
        fast(carver.take(s.fast_floats())),
        by_tap(carver.take(taps * s.width)),
        grad_taps(carver.take(taps * s.width)) {}
};

void copy_or_clear(float* to, const float* from, int64_t floats) {
  if (from)
    std::memcpy(to, from, static_cast<size_t>(floats) * sizeof(float));
  else
    std::memset(to, 0, static_cast<size_t>(floats) * sizeof(float));
}

/** Rows of a chunk's gradient go where they came from: to the open ones, and to this call's tokens, added to what is there. */
void scatter(const Shape& s, const Chunk& chunk, const float* rows, int64_t columns, float* to_open, float* to_tokens) {
  for (int64_t i = 0; i < chunk.end; i++) {
    float* to = i < chunk.begin ? (to_open ? to_open + (chunk.b * s.chunk + i) * columns : nullptr)
                                : (to_tokens ? to_tokens + chunk.row(s, columns) + (i - chunk.begin) * columns : nullptr);
    if (to) scale_row(to, rows + i * columns, 1, columns, true);
  }
}

}  // namespace

/** …, d_z, d_fast, d_hOpen, d_tOpen -> grad_h, grad_t, grad_conv, grad_fast, grad_hOpen, grad_tOpen */
void InPlaceTttGrad(const Call& call) {
  const Shape s(call);
  const float *h = call.inputs[h_in].floats(), *t = call.inputs[t_in].floats();
  const float *h_open = call.inputs[h_open_in].floats(), *t_open = call.inputs[t_open_in].floats();
  const float* d_z = call.inputs[d_z_in].floats();
  float *grad_h = call.outputs[0].floats(), *grad_t = call.outputs[1].floats(), *grad_conv = call.outputs[2].floats();
  float *grad_h_open = call.outputs[4].floats(), *grad_t_open = call.outputs[5].floats();
  for (int output : {0, 1, 4, 5}) fill(call.outputs[output], 0);
  Carver counter;
  Memory(s, counter);
  const Scratch scratch(static_cast<size_t>(counter.taken));
  Carver carver{scratch.floats()};
  const Memory memory(s, carver);
  transpose_taps(s, call.inputs[conv_in].floats(), memory.by_tap);
  copy_or_clear(memory.grad_taps, nullptr, taps * s.width);

  for (int64_t b = 0; b < s.batch; b++) {
    copy_or_clear(memory.fast, call.inputs[fast_in].floats() + b * s.fast_floats(), s.fast_floats());
    for (int64_t index = 0; grad_h && d_z && index < s.chunks(b); index++) {
      const Chunk chunk(s, b, index);
      multiply({1, chunk.rows(), s.hidden, s.width, row_major(d_z + chunk.row(s, s.width), s.width),
                row_major(memory.fast, s.hidden), grad_h + chunk.row(s, s.hidden), s.hidden});
      if (chunk.end < s.chunk) break;
      chunk.gather(s, h_open, h, s.hidden, memory.keys);
      chunk.gather(s, t_open, t, s.width, memory.targets);
      convolve(s, memory.by_tap, memory.targets, memory.values);
      add_outer(s, memory.values, memory.keys, s.chunk, memory.fast);
    }

    const float *d_fast = call.inputs[d_fast_in].floats(), *d_h_open = call.inputs[d_h_open_in].floats();
    const float* d_t_open = call.inputs[d_t_open_in].floats();
    copy_or_clear(memory.fast, d_fast ? d_fast + b * s.fast_floats() : nullptr, s.fast_floats());
    for (int64_t index = s.chunks(b) - 1; index >= 0; index--) {
      const Chunk chunk(s, b, index);
      if (chunk.end < s.chunk) {
        // Not learned from yet: its rows are what is open after this call.
        if (d_h_open) scatter(s, chunk, d_h_open + b * s.chunk * s.hidden, s.hidden, grad_h_open, grad_h);
        if (d_t_open) scatter(s, chunk, d_t_open + b * s.chunk * s.width, s.width, grad_t_open, grad_t);
      } else {
        chunk.gather(s, h_open, h, s.hidden, memory.keys);
        chunk.gather(s, t_open, t, s.width, memory.targets);
        convolve(s, memory.by_tap, memory.targets, memory.values);
        multiply({1, s.chunk, s.hidden, s.width, row_major(memory.values, s.width), row_major(memory.fast, s.hidden),
                  memory.grad_keys, s.hidden});
        scatter(s, chunk, memory.grad_keys, s.hidden, grad_h_open, grad_h);
        multiply({1, s.chunk, s.width, s.hidden, row_major(memory.keys, s.hidden),
                  transposed(row_major(memory.fast, s.hidden)), memory.grad_values, s.width});
        // By the convolution's inputs and its weights.
        copy_or_clear(memory.values, nullptr, s.chunk * s.width);
        for (int64_t i = 0; i < s.chunk; i++)
          for_taps(s, i, [&](int64_t row, int64_t j) {
            const float *slope = memory.grad_values + i * s.width, *target = memory.targets + row * s.width;
            const float* tap = memory.by_tap + j * s.width;
            float *grad_row = memory.values + row * s.width, *grad_tap = memory.grad_taps + j * s.width;
            for_vectors(s.width, [&](int64_t c, auto m) {
              const Vector d = load(slope + c, m);
              store(grad_row + c, load(grad_row + c, m) + d * load(tap + c, m), m);
              store(grad_tap + c, load(grad_tap + c, m) + d * load(target + c, m), m);
            });
          });
        scatter(s, chunk, memory.values, s.width, grad_t_open, grad_t);
      }
      if (d_z && chunk.rows() > 0)
        add_outer(s, d_z + chunk.row(s, s.width), h + chunk.row(s, s.hidden), chunk.rows(), memory.fast);
    }
    if (float* grad_fast = call.outputs[3].floats())
      copy_or_clear(grad_fast + b * s.fast_floats(), memory.fast, s.fast_floats());
  }
  if (grad_conv)
    for (int64_t c = 0; c < s.width; c++)
      for (int64_t j = 0; j < taps; j++) grad_conv[c * taps + j] = memory.grad_taps[j * s.width + c];
}

}  // namespace TTT_ISA
}  // namespace ttt
