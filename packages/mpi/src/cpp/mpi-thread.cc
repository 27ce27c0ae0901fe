#include "mpi-thread.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <numeric>
#include <thread>

namespace ttt {
namespace {

// Never destroyed: the process may end while the thread is at work.
struct Shared {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Operation*> handed_over;
  std::function<void(Operation*)> done;
  World world;
  MPI_Comm comm = MPI_COMM_NULL;
};
Shared& shared() {
  static Shared* const only = new Shared;
  return *only;
}

void check(Operation* operation, int code) {
  if (code == MPI_SUCCESS || !operation->error.empty()) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  operation->error.assign(text, static_cast<size_t>(length));
}

void initialize(Operation* operation) {
  World& w = shared().world;
  check(operation, MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &w.thread_level));
  if (!operation->error.empty()) return;
  if (w.thread_level < MPI_THREAD_FUNNELED) {
    operation->error = "this MPI was built without threads: not even MPI_THREAD_FUNNELED is provided";
    return;
  }
  // Messages of our own can't meet those of others, and errors come back as values.
  check(operation, MPI_Comm_dup(MPI_COMM_WORLD, &shared().comm));
  MPI_Comm_set_errhandler(shared().comm, MPI_ERRORS_RETURN);
  MPI_Comm_rank(shared().comm, &w.rank);
  MPI_Comm_size(shared().comm, &w.size);
  MPI_Comm local;
  check(operation, MPI_Comm_split_type(shared().comm, MPI_COMM_TYPE_SHARED, w.rank, MPI_INFO_NULL, &local));
  MPI_Comm_rank(local, &w.local_rank);
  MPI_Comm_size(local, &w.local_size);
  MPI_Comm_free(&local);
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  MPI_Get_library_version(text, &length);
  w.library.assign(text, static_cast<size_t>(length));
}

std::vector<int> places_of(const std::vector<int>& counts) {
  std::vector<int> places(counts.size(), 0);
  if (!counts.empty()) std::partial_sum(counts.begin(), counts.end() - 1, places.begin() + 1);
  return places;
}

/** Memory of sums that were made: fresh pages cost more than the messages that fill them. */
std::vector<std::vector<float>>& spare_pieces() {
  static auto* const only = new std::vector<std::vector<float>>;
  return *only;
}

/** At least so many floats, the smallest of the spare ones that do. */
std::vector<float> take_pieces(size_t count) {
  auto& spare = spare_pieces();
  auto best = spare.end();
  for (auto each = spare.begin(); each != spare.end(); each++)
    if (each->size() >= count && (best == spare.end() || each->size() < best->size())) best = each;
  if (best == spare.end()) return std::vector<float>(count);
  std::vector<float> taken = std::move(*best);
  spare.erase(best);
  return taken;
}

/**
 * Every rank sends each other rank's part there, where the sum is made: as many bytes as any way of doing it, and the order of
 * the sum is ours, not that of the MPI, of the message's size or of the moment.
 */
void start_reduce_scatter(Operation* operation) {
  const World& w = shared().world;
  const int own = operation->counts[static_cast<size_t>(w.rank)];
  operation->send_places = places_of(operation->counts);
  operation->receive_counts.assign(static_cast<size_t>(w.size), own);
  operation->receive_places = places_of(operation->receive_counts);
  operation->pieces = take_pieces(static_cast<size_t>(own) * static_cast<size_t>(w.size));
  check(operation,
        MPI_Ialltoallv(operation->send, operation->counts.data(), operation->send_places.data(), MPI_FLOAT,
                       operation->pieces.data(), operation->receive_counts.data(), operation->receive_places.data(),
                       MPI_FLOAT, shared().comm, &operation->request));
}

/** Neighbours first, then neighbouring pairs …: the same tree over the ranks always. */
void finish_reduce_scatter(Operation* operation) {
  const size_t size = static_cast<size_t>(shared().world.size);
  const size_t own = static_cast<size_t>(operation->counts[static_cast<size_t>(shared().world.rank)]);
  float* const pieces = operation->pieces.data();
  for (size_t stride = 1; stride < size; stride *= 2)
    for (size_t to = 0; to + stride < size; to += 2 * stride) {
      float* const sum = pieces + to * own;
      const float* const other = pieces + (to + stride) * own;
      for (size_t i = 0; i < own; i++) sum[i] += other[i];
    }
  std::copy(pieces, pieces + own, static_cast<float*>(operation->receive));
  spare_pieces().push_back(std::move(operation->pieces));
}

/** Whether it is done already. */
bool start(Operation* operation) {
  MPI_Comm comm = shared().comm;
  switch (operation->kind) {
    case Kind::initialize:
      initialize(operation);
      return true;
    case Kind::reduce_scatter:
      start_reduce_scatter(operation);
      break;
    case Kind::all_gather:
      operation->receive_places = places_of(operation->counts);
      check(operation, MPI_Iallgatherv(operation->send, operation->counts[static_cast<size_t>(shared().world.rank)],
                                       MPI_FLOAT, operation->receive, operation->counts.data(),
                                       operation->receive_places.data(), MPI_FLOAT, comm, &operation->request));
      break;
    case Kind::broadcast:
      check(operation, MPI_Ibcast(operation->receive, operation->counts[0], MPI_FLOAT, operation->root, comm,
                                  &operation->request));
      break;
    case Kind::barrier:
      check(operation, MPI_Ibarrier(comm, &operation->request));
      break;
    case Kind::finalize:
      MPI_Comm_free(&shared().comm);
      check(operation, MPI_Finalize());
      return true;
    case Kind::abort:
      MPI_Abort(MPI_COMM_WORLD, operation->root);
      return true;
  }
  return !operation->error.empty();
}

void finish(Operation* operation) {
  if (operation->error.empty() && operation->kind == Kind::reduce_scatter) finish_reduce_scatter(operation);
  shared().done(operation);
}

/**
 * Whether the computation stands still meanwhile: of gradients' sums it goes on while they travel, for all else it waits.
 * Large messages come in many parts, and each look at them moves some.
 */
bool is_awaited(const Operation* operation) { return operation->kind != Kind::reduce_scatter; }

/**
 * How long to leave messages to themselves. Where something is awaited, the core has nothing else to do, unless ranks share it:
 * they are looked after without a pause, for a second. Else often at first, then less so: the core belongs to the computation.
 */
class Patience {
 public:
  void wait(bool awaited) {
    if (awaited && has_own_core() && std::chrono::steady_clock::now() - since_ < std::chrono::seconds(1))
      std::this_thread::yield();
    else if (idle_++ < 64) std::this_thread::yield();
    else std::this_thread::sleep_for(std::chrono::microseconds(idle_ < 256 ? 10 : 50));
  }
  void reset() {
    idle_ = 0;
    since_ = std::chrono::steady_clock::now();
  }

 private:
  static bool has_own_core() {
    static const unsigned cores = std::thread::hardware_concurrency();
    return static_cast<unsigned>(world().local_size) <= cores;
  }
  int idle_ = 0;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

void run() {
  std::vector<Operation*> going;
  Patience patience;
  for (;;) {
    std::deque<Operation*> fresh;
    {
      std::unique_lock<std::mutex> lock(shared().mutex);
      if (going.empty()) shared().wake.wait(lock, [] { return !shared().handed_over.empty(); });
      fresh.swap(shared().handed_over);
    }
    for (Operation* operation : fresh) {
      const bool last = operation->kind == Kind::finalize;
      if (start(operation)) finish(operation);
      else going.push_back(operation);
      if (last) return;
    }
    bool moved = !fresh.empty();
    for (size_t i = 0; i < going.size();) {
      int flag = 0;
      check(going[i], MPI_Test(&going[i]->request, &flag, MPI_STATUS_IGNORE));
      if (!flag && going[i]->error.empty()) {
        i++;
        continue;
      }
      finish(going[i]);
      going.erase(going.begin() + static_cast<std::ptrdiff_t>(i));
      moved = true;
    }
    if (moved) patience.reset();
    else patience.wait(std::any_of(going.begin(), going.end(), is_awaited));
  }
}

}  // namespace

const World& world() { return shared().world; }

void begin(Operation* operation) {
  {
    const std::lock_guard<std::mutex> lock(shared().mutex);
    shared().handed_over.push_back(operation);
  }
  shared().wake.notify_one();
}

void start_mpi_thread(std::function<void(Operation*)> done) {
  shared().done = std::move(done);
  std::thread(run).detach();
}

}  // namespace ttt
