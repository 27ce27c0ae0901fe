// The gradient of a TTT layer, mini-batch after mini-batch from the last one back.
#pragma once

#include "backward.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Floats of weights at mini-batch starts that a gradient's task keeps; beyond that it keeps some and goes again. */
constexpr int64_t kept_floats = int64_t{4} << 20;

/** …, d_y, d_w1Next, … -> grad_q, …: from the last mini-batch to the first, from weights kept or computed again. */
template <int depth>
void read_tokens_gradient(const Call& call) {
  using Shape = TttShape<depth>;
  const Shape s(call);
  const int64_t most = s.length == 0 ? 0 : s.most_mini_batches(), tasks = s.tasks();
  // A fixed function of the shape. Every stride-th start is kept; those between are computed again, group by group.
  int64_t stride = 1;
  while (stride * stride < most && ceil_div(most, stride) * s.model_floats > kept_floats) stride++;
  const int64_t kept = ceil_div(most, stride), per_start = ceil_div(s.model_floats, 16) * 16;
  Pieces measure(nullptr);
  Backward<depth>(s, measure);
  measure.take((kept + stride - 1) * per_start);
  const int64_t per_worker = measure.used(), per_head = s.mini_batch + 2 * s.width;
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  const Scratch partials(static_cast<size_t>(tasks * per_head));
  parallel(tasks, 4 * s.cost(), [&](int64_t begin, int64_t end, int worker) {
    Pieces pieces(scratch.floats() + worker * per_worker);
    Backward<depth> backward(s, pieces);
    Reading<depth>& reading = backward.r;
    float* const starts = pieces.take((kept + stride - 1) * per_start);
    const auto start_of = [&](int64_t index) {
      return s.at(starts + (index % stride == 0 ? index / stride : kept + index % stride - 1) * per_start);
    };
    for (int64_t head = begin; head < end; head++) {
      const int64_t count = s.length == 0 ? 0 : s.mini_batches(head);
      const Model<depth> sums = s.of_head(call.inputs + Shape::sums, head);
      reading.at_head(head);
      backward.at_head(partials.floats() + head * per_head);
      s.copy(s.of_head(call.inputs + Shape::inputs + Shape::next_weights, head), backward.d_model);
      s.copy(s.of_head(call.inputs + Shape::inputs + Shape::next_sums, head), backward.d_sums);
      const auto find_start = [&](int64_t index) {
        const Model<depth> model = start_of(index);
        s.copy(start_of(index - 1), model);
        reading.start(Segment(s, head, index - 1));
        reading.template learn<false>(model);
        reading.move_weights(model);
        if (index == 1) s.add(-reading.last_factor, sums, model);
      };
      if (count > 0) s.copy(s.of_head(call.inputs + Shape::weights, head), start_of(0));
      for (int64_t index = 1; index < count; index++) find_start(index);
      for (int64_t index = count - 1; index >= 0; index--) {
        if (index % stride == stride - 1 && index / stride < ceil_div(count, stride) - 1)
          for (int64_t between = index - stride + 2; between <= index; between++) find_start(between);
        const Segment segment(s, head, index);
        backward.run(segment, start_of(index), index == 0 ? &sums : nullptr);
        reading.scatter(backward.d_q, segment, call.outputs[0].floats());
        reading.scatter(backward.d_k, segment, call.outputs[1].floats());
        reading.scatter(backward.d_v, segment, call.outputs[2].floats());
        if (call.outputs[3].present())
          for (int64_t i = 0; i < segment.count; i++)
            call.outputs[3].floats()[reading.row_at(segment, i)] = backward.d_rates[i];
      }
      s.copy(backward.d_model, s.of_head(call.outputs + Shape::weights, head));
      s.copy(backward.d_sums, s.of_head(call.outputs + Shape::sums, head));
    }
  });
  // In the order of the tasks: one head's of every sequence, or all heads'.
  const auto add_up = [&](const Tensor& output, int64_t offset, int64_t values, int64_t groups) {
    if (!output.present()) return;
    clear_row(output.floats(), groups * values);
    for (int64_t task = 0; task < tasks; task++)
      add_scaled(output.floats() + task % groups * values, 1, partials.floats() + task * per_head + offset, values);
  };
  add_up(call.outputs[4], 0, s.mini_batch, 1);
  add_up(call.outputs[5], s.mini_batch, s.width, s.heads);
  add_up(call.outputs[6], s.mini_batch + s.width, s.width, s.heads);
}

}  // namespace
}  // namespace TTT_ISA
}  // namespace ttt
