// The N-API side: each function hands an operation to the MPI thread and returns a promise.
#include <node_api.h>

#include <thread>

#include "mpi-thread.h"

namespace ttt {
namespace {

napi_threadsafe_function settle_function = nullptr;
/** Operations that are going on: while there are any, the process stays alive. */
int going = 0;

/** What belongs to JavaScript of an operation. */
struct Owner {
  napi_deferred deferred;
  napi_ref arrays = nullptr;
};

napi_value fail(napi_env env, const char* message) {
  napi_throw_error(env, nullptr, message);
  return nullptr;
}

napi_value number(napi_env env, int value) {
  napi_value result;
  napi_create_int32(env, value, &result);
  return result;
}

napi_value text(napi_env env, const std::string& value) {
  napi_value result;
  napi_create_string_utf8(env, value.data(), value.size(), &result);
  return result;
}

napi_value world_object(napi_env env) {
  napi_value result;
  napi_create_object(env, &result);
  napi_set_named_property(env, result, "rank", number(env, world().rank));
  napi_set_named_property(env, result, "size", number(env, world().size));
  napi_set_named_property(env, result, "localRank", number(env, world().local_rank));
  napi_set_named_property(env, result, "localSize", number(env, world().local_size));
  napi_set_named_property(env, result, "library", text(env, world().library));
  return result;
}

/** In JavaScript's thread. */
void settle(napi_env env, napi_value, void*, void* data) {
  auto* const operation = static_cast<Operation*>(data);
  auto* const owner = static_cast<Owner*>(operation->owner);
  if (env != nullptr) {
    if (--going == 0) napi_unref_threadsafe_function(env, settle_function);
    if (owner->arrays != nullptr) napi_delete_reference(env, owner->arrays);
    if (operation->error.empty()) {
      napi_value value;
      if (operation->kind == Kind::initialize) value = world_object(env);
      else napi_get_undefined(env, &value);
      napi_resolve_deferred(env, owner->deferred, value);
    } else {
      napi_value error;
      napi_create_error(env, nullptr, text(env, operation->error), &error);
      napi_reject_deferred(env, owner->deferred, error);
    }
  }
  delete owner;
  delete operation;
}

struct Arguments {
  napi_value values[4];
  size_t count = 4;
  Arguments(napi_env env, napi_callback_info info) { napi_get_cb_info(env, info, &count, values, nullptr, nullptr); }
};

/** The memory of a typed array. */
void* memory_of(napi_env env, napi_value array) {
  void* data = nullptr;
  napi_get_typedarray_info(env, array, nullptr, nullptr, &data, nullptr, nullptr);
  return data;
}

std::vector<int> counts_of(napi_env env, napi_value array) {
  void* data = nullptr;
  size_t length = 0;
  napi_get_typedarray_info(env, array, nullptr, &length, &data, nullptr, nullptr);
  const auto* const values = static_cast<const int32_t*>(data);
  return std::vector<int>(values, values + length);
}

int integer_of(napi_env env, napi_value value) {
  int32_t result = 0;
  napi_get_value_int32(env, value, &result);
  return result;
}

/** Hands it over. @param kept arrays that stay alive and where they are until it is done */
napi_value begun(napi_env env, Operation* operation, std::initializer_list<napi_value> kept) {
  auto* const owner = new Owner;
  napi_value promise;
  napi_create_promise(env, &owner->deferred, &promise);
  if (kept.size() > 0) {
    napi_value list;
    napi_create_array(env, &list);
    uint32_t i = 0;
    for (napi_value each : kept) napi_set_element(env, list, i++, each);
    napi_create_reference(env, list, 1, &owner->arrays);
  }
  operation->owner = owner;
  if (going++ == 0) napi_ref_threadsafe_function(env, settle_function);
  begin(operation);
  return promise;
}

/** () -> what is known of the ranks */
napi_value initialize(napi_env env, napi_callback_info) { return begun(env, new Operation{Kind::initialize}, {}); }

/** (send, receive, counts) */
napi_value parts(napi_env env, napi_callback_info info, Kind kind) {
  const Arguments arguments(env, info);
  auto* const operation = new Operation{kind};
  operation->send = memory_of(env, arguments.values[0]);
  operation->receive = memory_of(env, arguments.values[1]);
  operation->counts = counts_of(env, arguments.values[2]);
  return begun(env, operation, {arguments.values[0], arguments.values[1]});
}
napi_value reduce_scatter(napi_env env, napi_callback_info info) { return parts(env, info, Kind::reduce_scatter); }
napi_value all_gather(napi_env env, napi_callback_info info) { return parts(env, info, Kind::all_gather); }

/** (values, words, root) */
napi_value broadcast(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  auto* const operation = new Operation{Kind::broadcast};
  operation->receive = memory_of(env, arguments.values[0]);
  operation->counts = {integer_of(env, arguments.values[1])};
  operation->root = integer_of(env, arguments.values[2]);
  return begun(env, operation, {arguments.values[0]});
}

napi_value barrier(napi_env env, napi_callback_info) { return begun(env, new Operation{Kind::barrier}, {}); }
napi_value finalize(napi_env env, napi_callback_info) { return begun(env, new Operation{Kind::finalize}, {}); }

/** (code) */
napi_value abort(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  auto* const operation = new Operation{Kind::abort};
  operation->root = integer_of(env, arguments.values[0]);
  return begun(env, operation, {});
}

napi_value set_up(napi_env env, napi_value exports) {
  static bool loaded = false;
  if (loaded) return fail(env, "MPI is used in one thread of a process");
  loaded = true;
  napi_create_threadsafe_function(env, nullptr, nullptr, text(env, "mpi"), 0, 1, nullptr, nullptr, nullptr, settle,
                                  &settle_function);
  napi_unref_threadsafe_function(env, settle_function);
  start_mpi_thread([](Operation* operation) {
    napi_call_threadsafe_function(settle_function, operation, napi_tsfn_nonblocking);
  });
  struct Function {
    const char* name;
    napi_callback call;
  };
  const Function functions[] = {{"initialize", initialize}, {"reduceScatter", reduce_scatter},
                                {"allGather", all_gather},  {"broadcast", broadcast},
                                {"barrier", barrier},       {"finalize", finalize},
                                {"abort", abort}};
  for (const Function& function : functions) {
    napi_value value;
    napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.call, nullptr, &value);
    napi_set_named_property(env, exports, function.name, value);
  }
  return exports;
}

}  // namespace
}  // namespace ttt

NAPI_MODULE_INIT() { return ttt::set_up(env, exports); }
