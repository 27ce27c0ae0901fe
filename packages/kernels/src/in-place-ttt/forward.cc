// In-Place TTT: a chunk's tokens read what the chunks before it left, then it is learned from as a whole. Sequences go one
// after the other, their products on all threads.
#include "chunks.h"

namespace ttt {
namespace TTT_ISA {

/** h, t, conv, fast, hOpen, tOpen, position -> z, fast, hOpen, tOpen */
void InPlaceTtt(const Call& call) {
  const Shape s(call);
  const float *h = call.inputs[h_in].floats(), *t = call.inputs[t_in].floats();
  float *z = call.outputs[0].floats(), *all_fast = call.outputs[1].floats();
  const int64_t values_floats = padded(s.chunk * s.width);
  const Scratch scratch(static_cast<size_t>(values_floats + taps * s.width));
  float *values = scratch.floats(), *by_tap = values + values_floats;
  transpose_taps(s, call.inputs[conv_in].floats(), by_tap);
  const auto moved = [](float* to, const float* from, int64_t floats) {
    if (to != from) std::memmove(to, from, static_cast<size_t>(floats) * sizeof(float));
  };
  for (int64_t b = 0; b < s.batch; b++) {
    float* fast = all_fast + b * s.fast_floats();
    float* keys = call.outputs[2].floats() + b * s.chunk * s.hidden;
    float* targets = call.outputs[3].floats() + b * s.chunk * s.width;
    moved(fast, call.inputs[fast_in].floats() + b * s.fast_floats(), s.fast_floats());
    moved(keys, call.inputs[h_open_in].floats() + b * s.chunk * s.hidden, s.chunk * s.hidden);
    moved(targets, call.inputs[t_open_in].floats() + b * s.chunk * s.width, s.chunk * s.width);
    int64_t filled = s.open(b);
    for (int64_t index = 0; index < s.chunks(b); index++) {
      const Chunk chunk(s, b, index);
      if (chunk.rows() <= 0) break;
      const float *own_keys = h + chunk.row(s, s.hidden), *own_targets = t + chunk.row(s, s.width);
      multiply({1, chunk.rows(), s.width, s.hidden, row_major(own_keys, s.hidden), transposed(row_major(fast, s.hidden)),
                z + chunk.row(s, s.width), s.width});
      std::memcpy(keys + chunk.begin * s.hidden, own_keys, static_cast<size_t>(chunk.rows() * s.hidden) * sizeof(float));
      std::memcpy(targets + chunk.begin * s.width, own_targets,
                  static_cast<size_t>(chunk.rows() * s.width) * sizeof(float));
      filled = chunk.end;
      if (filled < s.chunk) break;
      convolve(s, by_tap, targets, values);
      add_outer(s, values, keys, s.chunk, fast);
      filled = 0;
    }
    // What is past the open chunk's last token is zero, whatever stood there.
    std::memset(keys + filled * s.hidden, 0, static_cast<size_t>((s.chunk - filled) * s.hidden) * sizeof(float));
    std::memset(targets + filled * s.width, 0, static_cast<size_t>((s.chunk - filled) * s.width) * sizeof(float));
  }
}

}  // namespace TTT_ISA
}  // namespace ttt
