// A pool of threads that take tasks in turn. The caller works too; waiting threads spin briefly, then sleep.
#pragma once
#include <cstdint>

namespace ttt {

using Task = void (*)(void* context, int64_t index, int worker);

void set_thread_count(int count);
int thread_count();
/** Whether the calling thread is running a task: parallel work inside it then runs in place. */
bool inside_task();
/** Runs task(context, i, worker) for i in 0 … count − 1, worker in 0 … thread_count() − 1, and waits for all. */
void run_tasks(int64_t count, Task task, void* context);

}  // namespace ttt
