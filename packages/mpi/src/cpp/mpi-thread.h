// The one thread of a process that calls MPI. Everything else hands it operations and is told when they are done, so that
// nobody waits inside MPI, and MPI_THREAD_FUNNELED, which every MPI offers, is enough.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ttt {

enum class Kind { initialize, reduce_scatter, all_gather, broadcast, barrier, finalize, abort };

struct World {
  int rank = 0, size = 1, local_rank = 0, local_size = 1, thread_level = MPI_THREAD_SINGLE;
  std::string library;
};

struct Operation {
  Kind kind;
  /** Words of four bytes; the memory stays the caller's, and alive until the operation is done. */
  const void* send = nullptr;
  void* receive = nullptr;
  /** How many words belong to each rank. */
  std::vector<int> counts;
  /** Of a broadcast; the exit code of an abort. */
  int root = 0;

  /** Empty where all went well. */
  std::string error;
  /** What each rank has sent of this rank's part of a sum. */
  std::vector<float> pieces;
  std::vector<int> send_places, receive_counts, receive_places;
  MPI_Request request = MPI_REQUEST_NULL;
  void* owner = nullptr;
};

/** Known after the first operation, which initializes. */
const World& world();

/** Hands over an operation; all ranks hand over the same ones in the same order. */
void begin(Operation* operation);

/** Starts the thread. @param done called in it, once for each operation */
void start_mpi_thread(std::function<void(Operation*)> done);

}  // namespace ttt
