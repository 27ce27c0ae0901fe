// Reading tokens in a TTT layer.
#pragma once

#include "reading.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** …, position -> y, the weights at the open mini-batch's start and its sums */
template <int depth>
void read_tokens(const Call& call) {
  using Shape = TttShape<depth>;
  const Shape s(call);
  Pieces count(nullptr);
  Reading<depth>(s, count);
  const int64_t each = count.used();
  const Scratch scratch(static_cast<size_t>(each * thread_count()));
  parallel(s.tasks(), s.cost(), [&](int64_t begin, int64_t end, int worker) {
    Pieces pieces(scratch.floats() + worker * each);
    Reading<depth> reading(s, pieces);
    for (int64_t head = begin; head < end; head++) {
      const Model<depth> model = s.of_head(call.outputs + Shape::next_weights, head);
      const Model<depth> sums = s.of_head(call.outputs + Shape::next_sums, head);
      s.copy(s.of_head(call.inputs + Shape::weights, head), model);
      s.copy(s.of_head(call.inputs + Shape::sums, head), sums);
      reading.at_head(head);
      for (int64_t index = 0; s.length > 0 && index < s.mini_batches(head); index++) {
        const Segment segment(s, head, index);
        reading.start(segment);
        reading.gather(call.inputs[0].floats(), segment, reading.q);
        reading.template learn<false>(model);
        reading.template answer<false>(model, index == 0 ? &sums : nullptr);
        for (int64_t i = 0; i < reading.n; i++) {
          float* y = call.outputs[0].floats() + reading.row_at(segment, i) * s.width;
          const float *q = reading.q + i * s.width, *unit = reading.normalized_hat + i * s.width;
          for_vectors(s.width, [&](int64_t c, auto m) {
            const Vector normed = load(unit + c, m) * load(reading.scale + c, m) + load(reading.shift + c, m);
            store(y + c, load(q + c, m) + normed, m);
          });
        }
        if (!segment.full) {
          reading.add_steps(sums);
          continue;
        }
        reading.move_weights(model);
        if (index > 0) continue;
        s.add(-reading.last_factor, sums, model);
        s.clear(sums);
      }
    }
  });
}

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
