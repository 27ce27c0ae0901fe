// The N-API side: JavaScript describes a call in two shared arrays (described-call.h) and runs it with one call without
// arguments.
#include <node_api.h>

#include <exception>
#include <new>
#include <thread>

#include "described-call.h"
#include "instruction-sets.h"
#include "memory.h"
#include "program.h"
#include "threads.h"

namespace ttt {
namespace {

KernelTable kernels;
/** The set in use. */
int instruction_set = instruction_set_count - 1;
bool bf16 = false;

/** Throws a JavaScript error. */
napi_value fail(napi_env env, const char* message) {
  napi_throw_error(env, nullptr, message);
  return nullptr;
}

napi_value number(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

struct Arguments {
  napi_value values[4];
  size_t count = 4;
  Arguments(napi_env env, napi_callback_info info) { napi_get_cb_info(env, info, &count, values, nullptr, nullptr); }
  double operator()(napi_env env, int i) const {
    double value = 0;
    napi_get_value_double(env, values[i], &value);
    return value;
  }
};

/** Returns what f returns; what it throws becomes a JavaScript error, after clean_up(). */
template <class F, class CleanUp>
napi_value guarded(napi_env env, F f, CleanUp clean_up) {
  try {
    return f();
  } catch (const std::bad_alloc&) {
    clean_up();
    return fail(env, "the native engine's memory doesn't suffice");
  } catch (const std::exception& error) {
    clean_up();
    return fail(env, error.what());
  }
}
template <class F>
napi_value guarded(napi_env env, F f) {
  return guarded(env, f, [] {});
}

napi_value run(napi_env env, napi_callback_info) {
  const auto call = [&] {
    const char* error = run_described_call(kernels);
    return error == nullptr ? nullptr : fail(env, error);
  };
  return guarded(env, call, release_outputs);
}

napi_value accumulates(napi_env env, napi_callback_info) {
  napi_value result;
  napi_get_boolean(env, described_call_accumulates(kernels), &result);
  return result;
}

napi_value allocate(napi_env env, napi_callback_info info) {
  const double bytes = Arguments(env, info)(env, 0);
  if (!(bytes >= 0 && bytes < 0x1p62)) return fail(env, "a block has at least 0 bytes, and fewer than 2^62");
  return guarded(env, [&] { return number(env, allocate_lasting(static_cast<uint64_t>(bytes))); });
}

napi_value release(napi_env env, napi_callback_info info) {
  napi_value value;
  size_t count = 1;
  int32_t block = -1;
  napi_get_cb_info(env, info, &count, &value, nullptr, nullptr);
  napi_get_value_int32(env, value, &block);
  release_block(block);
  return nullptr;
}

napi_value give_back(napi_env, napi_callback_info) {
  give_back_idle();
  return nullptr;
}

napi_value create(napi_env env, napi_callback_info info) {
  const Arguments argument(env, info);
  const auto* description = static_cast<const int32_t*>(block_address(static_cast<int32_t>(argument(env, 0))));
  return guarded(env, [&] { return number(env, create_program(description, static_cast<int64_t>(argument(env, 1)))); });
}

napi_value destroy(napi_env env, napi_callback_info info) {
  destroy_program(static_cast<int32_t>(Arguments(env, info)(env, 0)));
  return nullptr;
}

napi_value run_recorded(napi_env env, napi_callback_info) {
  const auto call = [&] {
    const char* error = run_program(kernels);
    return error == nullptr ? nullptr : fail(env, error);
  };
  return guarded(env, call, release_unfinished);
}

/** Writes slab, offset and bytes of a block into the attributes. */
napi_value locate(napi_env env, napi_callback_info info) {
  const BlockPlace place = block_place(static_cast<int32_t>(Arguments(env, info)(env, 0)));
  attributes[0] = place.slab;
  attributes[1] = static_cast<double>(place.offset);
  attributes[2] = static_cast<double>(place.bytes);
  return nullptr;
}

/** An ArrayBuffer over a slab: slabs are never freed, so nothing needs finalizing. */
napi_value slab(napi_env env, napi_callback_info info) {
  const int32_t index = static_cast<int32_t>(Arguments(env, info)(env, 0));
  napi_value result;
  if (napi_create_external_arraybuffer(env, slab_address(index), slab_bytes(index), nullptr, nullptr, &result) != napi_ok)
    return fail(env, "this runtime refuses array buffers over native memory");
  return result;
}

void choose_factors() {
  const InstructionSet& set = instruction_sets[instruction_set];
  product_factors = bf16 ? set.bf16 : set.f32;
}

napi_value use_instruction_set(napi_env env, napi_callback_info info) {
  const int index = static_cast<int>(Arguments(env, info)(env, 0));
  if (index < 0 || index >= instruction_set_count || !instruction_sets[index].supported())
    return fail(env, "this machine lacks that instruction set");
  kernels = instruction_sets[index].kernels();
  instruction_set = index;
  choose_factors();
  return nullptr;
}

/** Whether products round their inputs to bf16. */
napi_value set_bf16(napi_env env, napi_callback_info info) {
  bf16 = Arguments(env, info)(env, 0) != 0;
  choose_factors();
  return nullptr;
}

napi_value set_threads(napi_env env, napi_callback_info info) {
  set_thread_count(static_cast<int>(Arguments(env, info)(env, 0)));
  return nullptr;
}
napi_value set_poison(napi_env env, napi_callback_info info) {
  poison_fresh_blocks(Arguments(env, info)(env, 0) != 0);
  return nullptr;
}
napi_value live(napi_env env, napi_callback_info) { return number(env, static_cast<double>(live_bytes())); }
napi_value reserved(napi_env env, napi_callback_info) { return number(env, static_cast<double>(reserved_bytes())); }

napi_value string(napi_env env, const char* text) {
  napi_value result;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &result);
  return result;
}

napi_value kernel_names(napi_env env) {
  napi_value names;
  napi_create_array(env, &names);
  for (int i = 0; i < kernels.count; i++)
    napi_set_element(env, names, static_cast<uint32_t>(i), string(env, kernels.entries[i].name));
  return names;
}

/** [name, label, whether this machine has it, what its products are made with in f32, in bf16], the best first. */
napi_value instruction_set_list(napi_env env) {
  napi_value list;
  napi_create_array(env, &list);
  for (int i = 0; i < instruction_set_count; i++) {
    napi_value row, supported;
    napi_create_array(env, &row);
    napi_get_boolean(env, instruction_sets[i].supported(), &supported);
    napi_set_element(env, row, 0, string(env, instruction_sets[i].name));
    napi_set_element(env, row, 1, string(env, instruction_sets[i].label));
    napi_set_element(env, row, 2, supported);
    napi_set_element(env, row, 3, string(env, instruction_sets[i].f32_label));
    napi_set_element(env, row, 4, string(env, instruction_sets[i].bf16_label));
    napi_set_element(env, list, static_cast<uint32_t>(i), row);
  }
  return list;
}

napi_value shared_array(napi_env env, void* data, size_t bytes, napi_typedarray_type type, size_t length) {
  napi_value buffer, array;
  if (napi_create_external_arraybuffer(env, data, bytes, nullptr, nullptr, &buffer) != napi_ok)
    return fail(env, "this runtime refuses array buffers over native memory");
  napi_create_typedarray(env, type, length, buffer, 0, &array);
  return array;
}

napi_value initialize(napi_env env, napi_value exports) {
  static const std::thread::id owner = std::this_thread::get_id();
  if (owner != std::this_thread::get_id()) return fail(env, "the native engine runs in one thread of a process");
  kernels = instruction_sets[instruction_set].kernels();
  struct Function {
    const char* name;
    napi_callback call;
  };
  const Function functions[] = {{"run", run},
                                {"accumulates", accumulates},
                                {"allocate", allocate},
                                {"release", release},
                                {"createProgram", create},
                                {"destroyProgram", destroy},
                                {"runProgram", run_recorded},
                                {"locate", locate},
                                {"slab", slab},
                                {"useInstructionSet", use_instruction_set},
                                {"setBf16", set_bf16},
                                {"setThreads", set_threads},
                                {"setPoison", set_poison},
                                {"giveBackIdle", give_back},
                                {"liveBytes", live},
                                {"reservedBytes", reserved}};
  for (const Function& function : functions) {
    napi_value value;
    napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.call, nullptr, &value);
    napi_set_named_property(env, exports, function.name, value);
  }
  napi_set_named_property(env, exports, "words", shared_array(env, words, sizeof words, napi_int32_array, word_count));
  napi_set_named_property(env, exports, "attributes",
                          shared_array(env, attributes, sizeof attributes, napi_float64_array, attribute_count));
  napi_set_named_property(env, exports, "kernelNames", kernel_names(env));
  napi_set_named_property(env, exports, "instructionSets", instruction_set_list(env));
  return exports;
}

}  // namespace
}  // namespace ttt

NAPI_MODULE_INIT() { return ttt::initialize(env, exports); }
