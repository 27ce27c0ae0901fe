// The neural long-term memory of Titans and its gradient, a sequence at a time: products of matrices over blocks of tokens.
//
// The network, row by row: X = Z w1, A = gelu(X), O = A w2, N = layer norm of O, y = N ⊙ (w0 + 1) + Z.
#include "fast-weights.h"
#include "math.h"

namespace ttt {
namespace TTT_ISA {
namespace {

/** Places among the inputs and outputs; three tensors stand from w, s and g on. */
enum Input { q_in, k_in, v_in, rate_in, momentum_in, decay_in, w_in, s_in = 9, g_in = 12, sums_in = 15, input_count = 17 };
enum Output { y_out, w_out, s_out = 4, g_out = 7, sums_out = 10 };

struct Shape {
  int64_t sequences, length, width, hidden, chunk, open;
  bool at_start;
  float epsilon;

  explicit Shape(const Call& call)
      : sequences(call.inputs[q_in].dims[0]),
        length(call.inputs[q_in].dims[1]),
        width(call.inputs[q_in].dims[2]),
        hidden(call.inputs[w_in + 1].dims[2]),
        chunk(static_cast<int64_t>(call.attributes[0])),
        open(static_cast<int64_t>(call.attributes[2]) % chunk),
        at_start(call.attributes[1] != 0),
        epsilon(static_cast<float>(call.attributes[3])) {}
  Sizes sizes() const { return {{width, width * hidden, hidden * width}}; }
  int64_t block() const { return smaller(tokens_at_once, length); }
  int64_t product_floats() const { return Products::floats(width, hidden, block()); }
  /** Of one sequence. */
  int64_t cost() const { return (length + 2) * width * hidden / 2; }

  /** Epoch 0 has the weights given; each next one begins with an update, perhaps after the last token. */
  int64_t epochs() const { return 1 + (open + length) / chunk; }
  /** The tokens that an epoch learns from. */
  int64_t first_token(int64_t epoch) const { return epoch == 0 ? 0 : epoch * chunk - open; }
  int64_t end_token(int64_t epoch) const { return smaller(length, first_token(epoch + 1)); }
  /** The tokens that read with its weights: the last one of a chunk reads what the chunk has taught. */
  int64_t first_query(int64_t epoch) const { return epoch == 0 ? 0 : first_token(epoch) - 1; }
  int64_t end_query(int64_t epoch) const { return smaller(length, first_token(epoch + 1) - 1); }
};

/** The normal distribution function Φ and its density φ. */
struct Normal {
  Vector probability, density;
  TTT_INLINE explicit Normal(Vector x) {
    // With z = |x|/√2 and t = 2/(2 + z): erfc(z) = t exp(p − z²), p a polynomial of t stretched from [1/4, 1] to [−1, 1].
    const Vector size = absolute(x) * splat(0.707106781f);
    const Vector z = size > splat(6.0f) ? splat(6.0f) : size;
    const Vector t = splat(2.0f) / (z + splat(2.0f));
    const Vector u = (t - splat(0.625f)) * splat(2.66666667f);
    Vector p = splat(-9.61230566e-6f);
    p = p * u + splat(1.213158e-5f);
    p = p * u + splat(7.71016588e-5f);
    p = p * u + splat(-1.97253572e-4f);
    p = p * u + splat(-3.27989721e-4f);
    p = p * u + splat(2.02961185e-3f);
    p = p * u + splat(4.93014237e-4f);
    p = p * u + splat(-2.15237774e-2f);
    p = p * u + splat(5.57080602e-3f);
    p = p * u + splat(0.515312693f);
    p = p * u + splat(-0.501436727f);
    const Vector tail = splat(0.5f) * t * exp_of(p - z * z);
    probability = x != x ? x : (x < Vector{} ? tail : splat(1.0f) - tail);
    density = splat(0.398942280f) * exp_of(splat(-0.5f) * x * x);
  }
};

float sigmoid_of(float x) { return 1.0f / (1.0f + exp_of(-x)); }

/** Blocks of rows that the passes work in; the second ones hold derivatives along a direction. */
struct Blocks {
  float *before, *before_along, *hidden, *hidden_along, *d_hidden, *d_hidden_along;
  float *out, *out_along, *d_y_along;
  /** Two rows of the width. */
  float *row, *row_along;

  static int64_t floats(const Shape& s, bool forward_only) {
    return s.block() * (forward_only ? 3 * s.hidden + s.width : 6 * s.hidden + 3 * s.width) + 2 * s.width;
  }
  Blocks(const Shape& s, bool forward_only, float*& free) {
    const auto take = [&](int64_t floats) {
      float* block = free;
      free += floats;
      return block;
    };
    row = take(s.width);
    row_along = take(s.width);
    out = take(s.block() * s.width);
    for (float** block : {&before, &hidden, &d_hidden}) *block = take(s.block() * s.hidden);
    if (forward_only) return;
    for (float** block : {&before_along, &hidden_along, &d_hidden_along}) *block = take(s.block() * s.hidden);
    for (float** block : {&out_along, &d_y_along}) *block = take(s.block() * s.width);
  }
};

/** Centres a row and scales it to variance 1 in place; returns the factor. */
float normalise(float* row, int64_t n, float epsilon) {
  const Vector mean = splat(sum_row(row, n) / static_cast<float>(n));
  Vector squares = {};
  for_vectors(n, [&](int64_t i, auto m) {
    const Vector centred = fill_rest(load(row + i, m) - mean, 0.0f, m);
    store(row + i, centred, m);
    squares += centred * centred;
  });
  const float factor = 1.0f / __builtin_sqrtf(sum_lanes(squares) / static_cast<float>(n) + epsilon);
  scale_row(row, row, factor, n);
  return factor;
}

struct Network {
  const Shape& s;
  Blocks blocks;
  Products products;

  /** before = x w1, hidden = gelu(before), out = hidden w2 */
  void forward(const ConstThree& w, const float* x, int64_t count) const {
    products.forward(x, count, w[1], s.width, s.hidden, blocks.before);
    for_vectors(count * s.hidden, [&](int64_t i, auto m) {
      const Vector z = load(blocks.before + i, m);
      store(blocks.hidden + i, z * Normal(z).probability, m);
    });
    products.forward(blocks.hidden, count, w[2], s.hidden, s.width, blocks.out);
  }

  void recall(const ConstThree& w, const float* q, int64_t count, float* y) const {
    forward(w, q, count);
    for (int64_t row = 0; row < count; row++) {
      float* out = blocks.out + row * s.width;
      normalise(out, s.width, s.epsilon);
      for_vectors(s.width, [&](int64_t i, auto m) {
        const Vector value = load(out + i, m) * (load(w[0] + i, m) + splat(1.0f));
        store(y + row * s.width + i, value + load(q + row * s.width + i, m), m);
      });
    }
  }

  /** Of a row N of `out`, for the gradient d of y: adds to that of w0 and leaves that of O in place of N. */
  void normalise_back(const ConstThree& w, float* out, float factor, const float* d, float* d_w0) const {
    Vector sum = {}, along = {};
    for_vectors(s.width, [&](int64_t i, auto m) {
      const Vector n = load(out + i, m), of_y = load(d + i, m), c = of_y * (load(w[0] + i, m) + splat(1.0f));
      store(d_w0 + i, load(d_w0 + i, m) + of_y * n, m);
      sum += c;
      along += c * n;
    });
    const float per = 1.0f / static_cast<float>(s.width);
    const Vector mean = splat(sum_lanes(sum) * per), mean_along = splat(sum_lanes(along) * per);
    for_vectors(s.width, [&](int64_t i, auto m) {
      const Vector c = load(d + i, m) * (load(w[0] + i, m) + splat(1.0f));
      store(out + i, splat(factor) * (c - mean - load(out + i, m) * mean_along), m);
    });
  }

  /** From the gradient of O in `out` to those of w1 and w2, added up, and of X, left in d_hidden. */
  void hidden_back(const ConstThree& w, const float* x, int64_t count, const Three& d_w) const {
    products.back(blocks.out, count, w[2], s.width, s.hidden, blocks.d_hidden);
    for_vectors(count * s.hidden, [&](int64_t i, auto m) {
      const Vector z = load(blocks.before + i, m);
      const Normal normal(z);
      store(blocks.d_hidden + i, load(blocks.d_hidden + i, m) * (normal.probability + z * normal.density), m);
    });
    products.add_outer(x, blocks.d_hidden, count, s.width, s.hidden, d_w[1]);
    products.add_outer(blocks.hidden, blocks.out, count, s.hidden, s.width, d_w[2]);
  }

  /** Adds the gradients for d_y to d_w, and gives q's. */
  void recall_back(const ConstThree& w, const float* q, const float* d_y, int64_t count, float* d_q, const Three& d_w) const {
    forward(w, q, count);
    for (int64_t row = 0; row < count; row++) {
      float* out = blocks.out + row * s.width;
      const float factor = normalise(out, s.width, s.epsilon);
      normalise_back(w, out, factor, d_y + row * s.width, d_w[0]);
    }
    hidden_back(w, q, count, d_w);
    if (d_q == nullptr) return;
    copy_values(d_q, d_y, count * s.width);
    products.back(blocks.d_hidden, count, w[1], s.hidden, s.width, d_q, true);
  }

  /** g += Σ rate ∂ mean((f(k) − v)²)/∂w */
  void learn(const ConstThree& w, const float* k, const float* v, const float* rate, int64_t count, const Three& g) const {
    forward(w, k, count);
    for (int64_t row = 0; row < count; row++) {
      float* out = blocks.out + row * s.width;
      const float factor = normalise(out, s.width, s.epsilon);
      const Vector scale = splat(2 * rate[row] / static_cast<float>(s.width));
      for_vectors(s.width, [&](int64_t i, auto m) {
        const Vector y = load(out + i, m) * (load(w[0] + i, m) + splat(1.0f)) + load(k + row * s.width + i, m);
        store(blocks.row + i, scale * (y - load(v + row * s.width + i, m)), m);
      });
      normalise_back(w, out, factor, blocks.row, g[0]);
    }
    hidden_back(w, k, count, g);
  }

  /**
   * The gradient of ⟨u, what learn adds up⟩. That is the derivative along u of the weighted loss, so its gradients are
   * the derivatives along u of the loss's gradients: a forward and a backward pass with the change along u beside
   * everything. Adds to d_w; d_k, d_v and d_rate may be null.
   */
  void learn_back(const ConstThree& w, const ConstThree& u, const float* k, const float* v, const float* rate, int64_t count,
                  float* d_k, float* d_v, float* d_rate, const Three& d_w) const {
    const int64_t n = s.width;
    products.forward(k, count, w[1], n, s.hidden, blocks.before);
    products.forward(k, count, u[1], n, s.hidden, blocks.before_along);
    for_vectors(count * s.hidden, [&](int64_t i, auto m) {
      const Vector z = load(blocks.before + i, m);
      const Normal normal(z);
      store(blocks.hidden + i, z * normal.probability, m);
      const Vector slope = normal.probability + z * normal.density;
      store(blocks.hidden_along + i, slope * load(blocks.before_along + i, m), m);
    });
    products.forward(blocks.hidden, count, w[2], s.hidden, n, blocks.out);
    products.forward(blocks.hidden_along, count, w[2], s.hidden, n, blocks.out_along);
    products.forward(blocks.hidden, count, u[2], s.hidden, n, blocks.out_along, true);
    for (int64_t row = 0; row < count; row++) {
      const float change = error_along(w, u, row, k + row * n, v + row * n, rate[row], d_w[0]);
      if (d_rate) d_rate[row] = change;
    }
    products.back(blocks.out, count, w[2], n, s.hidden, blocks.d_hidden);
    products.back(blocks.out_along, count, w[2], n, s.hidden, blocks.d_hidden_along);
    products.back(blocks.out, count, u[2], n, s.hidden, blocks.d_hidden_along, true);
    products.add_outer(blocks.hidden_along, blocks.out, count, s.hidden, n, d_w[2]);
    products.add_outer(blocks.hidden, blocks.out_along, count, s.hidden, n, d_w[2]);
    for_vectors(count * s.hidden, [&](int64_t i, auto m) {
      const Vector z = load(blocks.before + i, m), d = load(blocks.d_hidden + i, m);
      const Normal normal(z);
      const Vector slope = normal.probability + z * normal.density;
      const Vector bend = normal.density * (splat(2.0f) - z * z) * load(blocks.before_along + i, m);
      store(blocks.d_hidden + i, d * slope, m);
      store(blocks.d_hidden_along + i, load(blocks.d_hidden_along + i, m) * slope + d * bend, m);
    });
    products.add_outer(k, blocks.d_hidden_along, count, n, s.hidden, d_w[1]);
    if (d_v) scale_row(d_v, blocks.d_y_along, -1, count * n);
    if (d_k == nullptr) return;
    copy_values(d_k, blocks.d_y_along, count * n);
    products.back(blocks.d_hidden_along, count, w[1], s.hidden, n, d_k, true);
    products.back(blocks.d_hidden, count, u[1], s.hidden, n, d_k, true);
  }

  /**
   * Of a row: O and its change become the gradient of O and its change; d_y's change is left beside them. Returns the
   * change of the loss.
   */
  float error_along(const ConstThree& w, const ConstThree& u, int64_t row, const float* k, const float* v, float rate,
                    float* d_w0) const {
    const int64_t n = s.width;
    const float per = 1.0f / static_cast<float>(n);
    float *out = blocks.out + row * n, *out_along = blocks.out_along + row * n, *d_y_along = blocks.d_y_along + row * n;
    float *c_row = blocks.row, *c_along_row = blocks.row_along;
    const float factor = normalise(out, n, s.epsilon);
    const float turned = dot(out, out_along, n) * per;
    const Vector mean_along = splat(sum_row(out_along, n) * per);
    const Vector scale = splat(2 * rate * per), one = splat(1.0f);
    Vector loss_along = {}, sums[4] = {};
    for_vectors(n, [&](int64_t i, auto m) {
      const Vector normal = load(out + i, m), w0 = load(w[0] + i, m) + one, u0 = load(u[0] + i, m);
      const Vector normal_along =
          fill_rest(splat(factor) * (load(out_along + i, m) - mean_along - normal * splat(turned)), 0.0f, m);
      const Vector error = fill_rest(normal * w0 + load(k + i, m) - load(v + i, m), 0.0f, m);
      const Vector error_along = normal_along * w0 + normal * u0;
      const Vector d = scale * error, d_along = scale * error_along;
      const Vector c = d * w0, c_along = d_along * w0 + d * u0;
      loss_along += error * error_along;
      sums[0] += c;
      sums[1] += c * normal;
      sums[2] += c_along;
      sums[3] += c_along * normal + c * normal_along;
      store(out_along + i, normal_along, m);
      store(d_y_along + i, d_along, m);
      store(c_row + i, c, m);
      store(c_along_row + i, c_along, m);
      store(d_w0 + i, load(d_w0 + i, m) + d_along * normal + d * normal_along, m);
    });
    Vector means[4];
    for (int i = 0; i < 4; i++) means[i] = splat(sum_lanes(sums[i]) * per);
    for_vectors(n, [&](int64_t i, auto m) {
      const Vector normal = load(out + i, m), normal_along = load(out_along + i, m);
      const Vector inner = load(c_row + i, m) - means[0] - normal * means[1];
      const Vector inner_along = load(c_along_row + i, m) - means[2] - normal_along * means[1] - normal * means[3];
      store(out + i, splat(factor) * inner, m);
      store(out_along + i, splat(factor) * (inner_along - splat(factor * turned) * inner), m);
    });
    return 2 * per * sum_lanes(loss_along);
  }
};

/** η and α of a chunk. */
struct Gates {
  float momentum, decay;
};

/** s ← η s − g, w ← (1 − α) w + s, g ← 0 */
void update(const Sizes& sizes, const Three& w, const Three& s, const Three& g, Gates gates) {
  const Vector momentum = splat(gates.momentum), kept = splat(1.0f - gates.decay);
  for (int i = 0; i < 3; i++)
    for_vectors(sizes[i], [&](int64_t j, auto m) {
      const Vector next = momentum * load(s[i] + j, m) - load(g[i] + j, m);
      store(s[i] + j, next, m);
      store(w[i] + j, kept * load(w[i] + j, m) + next, m);
      store(g[i] + j, Vector{}, m);
    });
}

/** The logits' sums of the open chunk. */
struct GateSums {
  float momentum = 0, decay = 0;
  GateSums() = default;
  GateSums(const Call& call, int64_t sequence)
      : momentum(call.inputs[sums_in].floats()[sequence]), decay(call.inputs[sums_in + 1].floats()[sequence]) {}
  void add(const Call& call, int64_t sequence, int64_t first, int64_t count) {
    momentum += sum_row(rows_from(call.inputs[momentum_in], sequence, first), count);
    decay += sum_row(rows_from(call.inputs[decay_in], sequence, first), count);
  }
  /** Of the full chunk; the next one starts at zero. */
  Gates close(int64_t chunk) {
    const Gates gates{sigmoid_of(momentum / static_cast<float>(chunk)), sigmoid_of(decay / static_cast<float>(chunk))};
    momentum = decay = 0;
    return gates;
  }
};

}  // namespace

/** q, k, v, rate, momentum, decay, w0 …, s0 …, g0 …, momentumSum, decaySum -> y, w0 …, s0 …, g0 …, momentumSum, decaySum */
void TitansMemory(const Call& call) {
  const Shape shape(call);
  const Sizes sizes = shape.sizes();
  const int64_t per_worker = shape.product_floats() + Blocks::floats(shape, true);
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  parallel(shape.sequences, shape.cost(), [&](int64_t begin, int64_t end, int worker) {
    for (int64_t sequence = begin; sequence < end; sequence++) {
      float* free = scratch.floats() + worker * per_worker;
      const Blocks blocks(shape, true, free);
      const Network network{shape, blocks, {free}};
      const Three given = sizes.part(call.inputs + w_in, sequence), w = sizes.part(call.outputs + w_out, sequence);
      const Three s = sizes.part(call.outputs + s_out, sequence), g = sizes.part(call.outputs + g_out, sequence);
      sizes.copy(w, given);
      sizes.copy(s, sizes.part(call.inputs + s_in, sequence));
      sizes.copy(g, sizes.part(call.inputs + g_in, sequence));
      GateSums sums(call, sequence);
      for (int64_t epoch = 0; epoch < shape.epochs(); epoch++) {
        if (epoch > 0) update(sizes, w, s, g, sums.close(shape.chunk));
        for_tokens(shape.first_query(epoch), shape.end_query(epoch), [&](int64_t token, int64_t count) {
          network.recall(w, rows_from(call.inputs[q_in], sequence, token), count,
                         rows_from(call.outputs[y_out], sequence, token));
        });
        const int64_t first = shape.first_token(epoch), last = shape.end_token(epoch);
        for_tokens(first, last, [&](int64_t token, int64_t count) {
          network.learn(shape.at_start ? given : w, rows_from(call.inputs[k_in], sequence, token),
                        rows_from(call.inputs[v_in], sequence, token), rows_from(call.inputs[rate_in], sequence, token),
                        count, g);
        });
        if (last > first) sums.add(call, sequence, first, last - first);
      }
      call.outputs[sums_out].floats()[sequence] = sums.momentum;
      call.outputs[sums_out + 1].floats()[sequence] = sums.decay;
    }
  });
}

/** What TitansMemory takes and a cotangent of each of its outputs -> a gradient for each input of TitansMemory */
void TitansMemoryGrad(const Call& call) {
  const Shape shape(call);
  const Sizes sizes = shape.sizes();
  const Tensor* cotangents = call.inputs + input_count;
  const int64_t epochs = shape.epochs(), total = sizes.total();
  // An epoch begins with weights and surprises.
  const WayBack way(epochs, 2 * total);
  const int64_t per_worker =
      shape.product_floats() + Blocks::floats(shape, false) + 5 * total + way.floats() + 2 * epochs;
  const Scratch scratch(static_cast<size_t>(per_worker * thread_count()));
  parallel(shape.sequences, 5 * shape.cost(), [&](int64_t begin, int64_t end, int worker) {
    for (int64_t sequence = begin; sequence < end; sequence++) {
      float* free = scratch.floats() + worker * per_worker;
      const Blocks blocks(shape, false, free);
      const Three g = sizes.take(free), d_w = sizes.take(free), d_s = sizes.take(free), d_g = sizes.take(free);
      const Three d_given = sizes.take(free), given = sizes.part(call.inputs + w_in, sequence);
      float *states = free, *gates = states + way.floats();
      const Network network{shape, blocks, {gates + 2 * epochs}};
      const auto rows_of = [&](Input input, int64_t token) { return rows_from(call.inputs[input], sequence, token); };
      const auto rows_to = [&](Input input, int64_t token) { return rows_from(call.outputs[input], sequence, token); };

      const auto start = [&](float* state) {
        sizes.copy(sizes.take(state), given);
        sizes.copy(sizes.take(state), sizes.part(call.inputs + s_in, sequence));
      };
      const auto advance = [&](int64_t epoch, float* state) {
        const Three w = sizes.take(state), s = sizes.take(state);
        epoch == 0 ? sizes.copy(g, sizes.part(call.inputs + g_in, sequence)) : sizes.clear(g);
        const int64_t first = shape.first_token(epoch), last = shape.end_token(epoch);
        for_tokens(first, last, [&](int64_t token, int64_t count) {
          network.learn(shape.at_start ? given : w, rows_of(k_in, token), rows_of(v_in, token), rows_of(rate_in, token),
                        count, g);
        });
        GateSums sums = epoch == 0 ? GateSums(call, sequence) : GateSums();
        sums.add(call, sequence, first, last - first);
        const Gates closed = sums.close(shape.chunk);
        gates[2 * epoch] = closed.momentum;
        gates[2 * epoch + 1] = closed.decay;
        update(sizes, w, s, g, closed);
      };

      sizes.copy(d_w, sizes.part(cotangents + w_out, sequence));
      sizes.copy(d_s, sizes.part(cotangents + s_out, sequence));
      sizes.copy(d_g, sizes.part(cotangents + g_out, sequence));
      sizes.clear(d_given);
      bool has_d_g = cotangents[g_out].present() || cotangents[g_out + 1].present() || cotangents[g_out + 2].present();
      float d_sums[2];
      for (int i = 0; i < 2; i++) {
        const Tensor& cotangent = cotangents[sums_out + i];
        d_sums[i] = cotangent.present() ? cotangent.floats()[sequence] : 0.0f;
      }
      const auto back = [&](int64_t epoch, float* state) {
        const Three w = sizes.take(state), s = sizes.take(state);
        if (epoch + 1 < epochs) {
          // Back through the update that the next epoch began with.
          const float momentum = gates[2 * epoch], decay = gates[2 * epoch + 1];
          float d_momentum = 0, d_decay = 0;
          for (int i = 0; i < 3; i++) {
            scale_row(d_s[i], d_w[i], 1, sizes[i], true);
            scale_row(d_g[i], d_s[i], -1, sizes[i]);
            d_decay -= dot(d_w[i], w[i], sizes[i]);
            d_momentum += dot(d_s[i], s[i], sizes[i]);
            scale_row(d_w[i], d_w[i], 1.0f - decay, sizes[i]);
            scale_row(d_s[i], d_s[i], momentum, sizes[i]);
          }
          d_sums[0] = d_momentum * momentum * (1.0f - momentum) / static_cast<float>(shape.chunk);
          d_sums[1] = d_decay * decay * (1.0f - decay) / static_cast<float>(shape.chunk);
          has_d_g = true;
        }
        for_tokens(shape.first_query(epoch), shape.end_query(epoch), [&](int64_t token, int64_t count) {
          float* grad_q = rows_to(q_in, token);
          if (cotangents[y_out].present())
            network.recall_back(w, rows_of(q_in, token), rows_from(cotangents[y_out], sequence, token), count, grad_q, d_w);
          else if (grad_q)
            clear_values(grad_q, count * shape.width);
        });
        for_tokens(shape.first_token(epoch), shape.end_token(epoch), [&](int64_t token, int64_t count) {
          float *grad_k = rows_to(k_in, token), *grad_v = rows_to(v_in, token), *grad_rate = rows_to(rate_in, token);
          if (has_d_g) {
            network.learn_back(shape.at_start ? given : w, d_g, rows_of(k_in, token), rows_of(v_in, token),
                               rows_of(rate_in, token), count, grad_k, grad_v, grad_rate, shape.at_start ? d_given : d_w);
          } else {
            if (grad_k) clear_values(grad_k, count * shape.width);
            if (grad_v) clear_values(grad_v, count * shape.width);
            if (grad_rate) clear_values(grad_rate, count);
          }
          for (int i = 0; i < 2; i++)
            if (float* grad = rows_to(i == 0 ? momentum_in : decay_in, token))
              for (int64_t row = 0; row < count; row++) grad[row] = d_sums[i];
        });
      };
      way.walk(states, start, advance, back);
      for (int i = 0; i < 3; i++) scale_row(d_w[i], d_given[i], 1, sizes[i], true);
      sizes.copy_to(call.outputs + w_in, sequence, d_w);
      sizes.copy_to(call.outputs + s_in, sequence, d_s);
      sizes.copy_to(call.outputs + g_in, sequence, d_g);
      for (int i = 0; i < 2; i++)
        if (call.outputs[sums_in + i].present()) call.outputs[sums_in + i].floats()[sequence] = d_sums[i];
    }
  });
}

}  // namespace TTT_ISA
}  // namespace ttt
