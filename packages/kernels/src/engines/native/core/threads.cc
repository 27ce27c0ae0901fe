// The thread pool.
#include "threads.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace ttt {
namespace {

/** How long an idle thread keeps its core: longer than a row of kernels too small to share, shorter than a step. */
constexpr auto spin_time = std::chrono::microseconds(200);

/** A thread's share of a job's tasks; on cache lines of its own. */
struct alignas(128) Share {
  std::atomic<int64_t> next{0};
  int64_t end = 0;
};

struct Pool {
  std::atomic<uint64_t> generation{0};
  std::vector<Share> shares;
  std::atomic<int> active{0};
  std::atomic<int> sleepers{0};
  std::atomic<bool> open{false};
  std::atomic<bool> stop{false};
  Task task = nullptr;
  void* context = nullptr;
  std::mutex mutex;
  std::condition_variable wake;
  std::vector<std::thread> threads;
};

// Never destroyed: its threads may still wait while the process exits.
Pool& pool = *new Pool;
int threads_wanted = 1;
thread_local bool in_task = false;

inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/**
 * A thread's own share first, the same one in every job of as many tasks: what it worked on last is in its own cache. Then
 * what others have left.
 */
void take_tasks(int worker) {
  in_task = true;
  const int shares = static_cast<int>(pool.shares.size());
  for (int s = 0; s < shares; s++) {
    Share& share = pool.shares[(worker + s) % shares];
    for (int64_t i; (i = share.next.fetch_add(1)) < share.end;) pool.task(pool.context, i, worker);
  }
  in_task = false;
}

bool wait_for_work(uint64_t seen) {
  const auto idle = [&] { return pool.generation.load() == seen && !pool.stop.load(); };
  const auto until = std::chrono::steady_clock::now() + spin_time;
  while (idle()) {
    for (int i = 0; i < 64 && idle(); i++) relax();
    if (std::chrono::steady_clock::now() < until) continue;
    std::unique_lock<std::mutex> lock(pool.mutex);
    pool.sleepers++;
    pool.wake.wait(lock, [&] { return !idle(); });
    pool.sleepers--;
  }
  return !pool.stop.load();
}

void work(int worker) {
  uint64_t seen = 0;
  while (wait_for_work(seen)) {
    seen = pool.generation.load();
    // The caller closes the job before it waits for `active`: a late thread either is waited for or sees it closed.
    pool.active++;
    if (pool.open.load()) take_tasks(worker);
    pool.active--;
  }
}

void stop_threads() {
  pool.stop = true;
  {
    std::lock_guard<std::mutex> lock(pool.mutex);
    pool.wake.notify_all();
  }
  for (auto& thread : pool.threads) thread.join();
  pool.threads.clear();
  pool.stop = false;
}

}  // namespace

void set_thread_count(int count) {
  if (count == threads_wanted) return;
  stop_threads();
  threads_wanted = count < 1 ? 1 : count;
}

int thread_count() { return threads_wanted; }
bool inside_task() { return in_task; }

void run_tasks(int64_t count, Task task, void* context) {
  if (threads_wanted == 1 || count == 1 || in_task) {
    for (int64_t i = 0; i < count; i++) task(context, i, 0);
    return;
  }
  if (static_cast<int>(pool.shares.size()) != threads_wanted) pool.shares = std::vector<Share>(threads_wanted);
  while (static_cast<int>(pool.threads.size()) < threads_wanted - 1) {
    const int worker = static_cast<int>(pool.threads.size()) + 1;
    pool.threads.emplace_back(work, worker);
  }
  for (int t = 0; t < threads_wanted; t++) {
    pool.shares[t].next = count * t / threads_wanted;
    pool.shares[t].end = count * (t + 1) / threads_wanted;
  }
  pool.task = task;
  pool.context = context;
  pool.open = true;
  pool.generation++;
  if (pool.sleepers.load() > 0) {
    std::lock_guard<std::mutex> lock(pool.mutex);
    pool.wake.notify_all();
  }
  take_tasks(0);
  pool.open = false;
  while (pool.active.load() > 0) relax();
}

}  // namespace ttt
