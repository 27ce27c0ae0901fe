// One thread: parallel loops run in place.
#include "threads.h"

namespace ttt {

void set_thread_count(int) {}
int thread_count() { return 1; }
bool inside_task() { return false; }
void run_tasks(int64_t count, Task task, void* context) {
  for (int64_t i = 0; i < count; i++) task(context, i, 0);
}

}  // namespace ttt
