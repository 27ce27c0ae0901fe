// The thread pool. Its workers are started by JavaScript: instances of this module on the same memory, which call `work`.
// The caller takes tasks, too, and waits for the workers that have joined it, so that it never needs one to have started.
#include "threads.h"

#include <atomic>
#include <cstdlib>

#include "workers.h"

namespace ttt {
namespace {

/** How often a thread looks before it sleeps: for 50 µs on a fast machine, longer than the pause between two kernels. */
constexpr int looks = 150'000;

struct Pool {
  /** Counts the jobs. Idle workers sleep on it. */
  alignas(64) std::atomic<int32_t> jobs{0};
  std::atomic<int32_t> sleepers{0};
  std::atomic<bool> open{false};
  int64_t count = 0;
  Task task = nullptr;
  void* context = nullptr;
  alignas(64) std::atomic<int64_t> next{0};
  /** The workers that have joined. The caller may sleep on it. */
  alignas(64) std::atomic<int32_t> active{0};
  std::atomic<bool> caller_sleeps{false};
  /** Whether a worker's task of this job has trapped. */
  std::atomic<bool> failed{false};
};
Pool pool;
int threads = 1;
/** A browser's main thread may not. */
bool caller_may_sleep = false;
/** Whether a job runs: nothing but its tasks does meanwhile, so that this is so for every thread. */
bool in_task = false;
char failure_text[failure_text_bytes];

/** Returns at once where the value isn't the expected one any more. */
void sleep_on(std::atomic<int32_t>& value, int32_t expected) {
  __builtin_wasm_memory_atomic_wait32(reinterpret_cast<int32_t*>(&value), expected, -1);
}
void wake(std::atomic<int32_t>& value) {
  __builtin_wasm_memory_atomic_notify(reinterpret_cast<int32_t*>(&value), ~0u);
}

void take_tasks(int worker) {
  for (int64_t i; (i = pool.next.fetch_add(1)) < pool.count;) pool.task(pool.context, i, worker);
}

void wait_for_job(int32_t seen) {
  for (int i = 0; i < looks; i++)
    if (pool.jobs.load() != seen) return;
  pool.sleepers++;
  while (pool.jobs.load() == seen) sleep_on(pool.jobs, seen);
  pool.sleepers--;
}

void leave_job() {
  if (pool.active.fetch_sub(1) == 1 && pool.caller_sleeps.load()) wake(pool.active);
}

/** No worker joins any more, and those that have are waited for. */
void close_job() {
  pool.open = false;
  for (int i = 0; i < looks && pool.active.load() > 0; i++) {
  }
  while (const int32_t active = pool.active.load()) {
    if (!caller_may_sleep) continue;
    pool.caller_sleeps = true;
    sleep_on(pool.active, active);
    pool.caller_sleeps = false;
  }
  in_task = false;
}

}  // namespace

void set_thread_count(int count) { threads = count < 1 ? 1 : count; }
int thread_count() { return threads; }
bool inside_task() { return in_task; }

void run_tasks(int64_t count, Task task, void* context) {
  if (threads == 1 || count == 1 || in_task) {
    for (int64_t i = 0; i < count; i++) task(context, i, 0);
    return;
  }
  pool.count = count;
  pool.task = task;
  pool.context = context;
  pool.next = 0;
  in_task = true;
  pool.open = true;
  pool.jobs++;
  if (pool.sleepers.load() > 0) wake(pool.jobs);
  take_tasks(0);
  close_job();
  if (pool.failed.load()) __builtin_trap();
}

void let_caller_sleep() { caller_may_sleep = true; }

void* new_worker_memory() { return std::malloc(worker_memory_bytes); }

int32_t work(int worker, int32_t seen) {
  wait_for_job(seen);
  seen = pool.jobs.load();
  // The caller closes the job before it waits: who comes late either is waited for or sees it closed.
  pool.active++;
  if (pool.open.load() && worker < threads) take_tasks(worker);
  leave_job();
  return seen;
}

char* fail_task() {
  pool.next = pool.count;
  return pool.failed.exchange(true) ? nullptr : failure_text;
}
void leave_failed_job() { leave_job(); }

const char* stop_tasks() {
  pool.next = pool.count;
  close_job();
  return pool.failed.exchange(false) ? failure_text : nullptr;
}

}  // namespace ttt
