// The kernels' sources are compiled once for each of these, into a namespace of its name.
#include "instruction-sets.h"

namespace ttt {

#if defined(__x86_64__)
namespace avx512 {
KernelTable kernels();
}
namespace avx2 {
KernelTable kernels();
}
#endif
namespace portable {
KernelTable kernels();
}

const InstructionSet instruction_sets[] = {
#if defined(__x86_64__)
    {"avx512", "AVX-512", avx512::kernels,
     [] {
       return bool(__builtin_cpu_supports("avx512f")) && __builtin_cpu_supports("avx512dq") &&
              __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
              __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
     }},
    {"avx2", "AVX2", avx2::kernels, [] { return bool(__builtin_cpu_supports("avx2")) && __builtin_cpu_supports("fma"); }},
#endif
    {"portable", "portable", portable::kernels, [] { return true; }},
};
const int instruction_set_count = sizeof instruction_sets / sizeof instruction_sets[0];

}  // namespace ttt
