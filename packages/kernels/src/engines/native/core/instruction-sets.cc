// The kernels' sources are compiled once for each of these, into a namespace of its name.
#include "instruction-sets.h"

#if TTT_BF16_UNITS
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

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

namespace {

#if defined(__x86_64__)
bool has_avx2() { return bool(__builtin_cpu_supports("avx2")) && __builtin_cpu_supports("fma"); }
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
#endif

#if TTT_BF16_UNITS
struct Features {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  explicit Features(unsigned subleaf) { __get_cpuid_count(7, subleaf, &eax, &ebx, &ecx, &edx); }
};
bool has_avx512_bf16() { return has_avx512() && (Features(1).eax & 1u << 5) != 0; }
bool has_amx() {
#if defined(__linux__)
  const unsigned bf16 = 1u << 22, tiles = 1u << 24;
  // The kernel keeps the tiles' registers only for processes that ask.
  constexpr long request_permission = 0x1023, tile_data = 18;
  static const bool usable = has_avx512_bf16() && (Features(0).edx & bf16) && (Features(0).edx & tiles) &&
                             syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
  return usable;
#else
  return false;
#endif
}
#endif

}  // namespace

const InstructionSet instruction_sets[] = {
#if TTT_BF16_UNITS
    {"amx", "AVX-512", avx512::kernels, Bf16::tiles, "AMX", has_amx},
    {"avx512bf16", "AVX-512", avx512::kernels, Bf16::pairs, "AVX512-BF16", has_avx512_bf16},
#endif
#if defined(__x86_64__)
    {"avx512", "AVX-512", avx512::kernels, Bf16::rounded, "rounding", has_avx512},
    {"avx2", "AVX2", avx2::kernels, Bf16::rounded, "rounding", has_avx2},
#endif
    {"portable", "portable", portable::kernels, Bf16::rounded, "rounding", [] { return true; }},
};
const int instruction_set_count = sizeof instruction_sets / sizeof instruction_sets[0];

Bf16 bf16_products = Bf16::off;

}  // namespace ttt
