// What the pool's workers and what JavaScript does about them.
#pragma once
#include <cstdint>

namespace ttt {

/** A worker's stack, with its thread-local variables at the lower end. */
constexpr int worker_memory_bytes = 1 << 18;
/** Null where memory has run out. */
void* new_worker_memory();
/**
 * Waits for a job after the one that was `seen`, at first 0, does its share, and returns that job. `worker` counts from 1;
 * those from thread_count() on take nothing.
 */
int32_t work(int worker, int32_t seen);

constexpr int failure_text_bytes = 256;
/** To be called by a worker whose task has trapped: where to write why, null where another has failed before. */
char* fail_task();
/** To be called by it after that, and before it works again. */
void leave_failed_job();
/** To be called after a trap by the caller: waits for the workers. Returns what stopped one of them, null if none was. */
const char* stop_tasks();

/** Lets the caller sleep while it waits for workers. It spins where this isn't called. */
void let_caller_sleep();

}  // namespace ttt
