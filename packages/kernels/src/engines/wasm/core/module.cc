// What the WebAssembly module exports. It imports nothing but its memory; where that runs out it traps.
#include "described-call.h"
#include "memory.h"
#include "program.h"
#include "threads.h"
#include "workers.h"

#define TTT_EXPORT(name) __attribute__((export_name(name)))

namespace ttt {
namespace wasm {
KernelTable kernels();
}

extern "C" {

TTT_EXPORT("words") int32_t* exported_words() { return words; }
TTT_EXPORT("wordCount") int32_t exported_word_count() { return word_count; }
TTT_EXPORT("attributes") double* exported_attributes() { return attributes; }
TTT_EXPORT("attributeCount") int32_t exported_attribute_count() { return attribute_count; }
TTT_EXPORT("kernelCount") int32_t exported_kernel_count() { return wasm::kernels().count; }
TTT_EXPORT("kernelName") const char* exported_kernel_name(int32_t index) { return wasm::kernels().entries[index].name; }

/** Returns null, or an error's text. */
TTT_EXPORT("run") const char* exported_run() { return run_described_call(wasm::kernels()); }

TTT_EXPORT("accumulates") int32_t exported_accumulates() { return described_call_accumulates(wasm::kernels()); }

/** To be called after a trap: releases what the call had allocated for its outputs. */
TTT_EXPORT("releaseOutputs") void exported_release_outputs() { release_outputs(); }

TTT_EXPORT("createProgram") int32_t exported_create_program(int32_t block, int32_t count) {
  return create_program(static_cast<const int32_t*>(block_address(block)), count);
}
TTT_EXPORT("destroyProgram") void exported_destroy_program(int32_t program) { destroy_program(program); }
/** Returns null, or an error's text. */
TTT_EXPORT("runProgram") const char* exported_run_program() { return run_program(wasm::kernels()); }
/** To be called after a trap in a program. */
TTT_EXPORT("releaseUnfinished") void exported_release_unfinished() { release_unfinished(); }

TTT_EXPORT("allocate") int32_t exported_allocate(double bytes) { return allocate_lasting(static_cast<uint64_t>(bytes)); }
TTT_EXPORT("release") void exported_release(int32_t block) { release_block(block); }
TTT_EXPORT("address") void* exported_address(int32_t block) { return block_address(block); }
TTT_EXPORT("blockBytes") double exported_block_bytes(int32_t block) { return static_cast<double>(block_place(block).bytes); }
TTT_EXPORT("setPoison") void exported_set_poison(int32_t on) { poison_fresh_blocks(on != 0); }
TTT_EXPORT("liveBytes") double exported_live_bytes() { return static_cast<double>(live_bytes()); }
TTT_EXPORT("reservedBytes") double exported_reserved_bytes() { return static_cast<double>(reserved_bytes()); }

TTT_EXPORT("setThreads") void exported_set_threads(int32_t count) { set_thread_count(count); }
TTT_EXPORT("letCallerSleep") void exported_let_caller_sleep() { let_caller_sleep(); }
TTT_EXPORT("newWorkerMemory") void* exported_new_worker_memory() { return new_worker_memory(); }
TTT_EXPORT("workerMemoryBytes") int32_t exported_worker_memory_bytes() { return worker_memory_bytes; }
TTT_EXPORT("work") int32_t exported_work(int32_t worker, int32_t seen) { return work(worker, seen); }
TTT_EXPORT("failTask") char* exported_fail_task() { return fail_task(); }
TTT_EXPORT("failureTextBytes") int32_t exported_failure_text_bytes() { return failure_text_bytes; }
TTT_EXPORT("leaveFailedJob") void exported_leave_failed_job() { leave_failed_job(); }
/** To be called after every trap, before what the call had allocated is released. */
TTT_EXPORT("stopTasks") const char* exported_stop_tasks() { return stop_tasks(); }

}  // extern "C"

}  // namespace ttt
