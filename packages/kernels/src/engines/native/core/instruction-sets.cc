// The kernels' sources are compiled once for each of these, into a namespace of its name.
#include "instruction-sets.h"

#if defined(__x86_64__)
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
struct Features {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  Features(unsigned leaf, unsigned subleaf) { __get_cpuid_count(leaf, subleaf, &eax, &ebx, &ecx, &edx); }
};

/** Whether the system keeps these registers for processes: bits of XCR0. */
bool keeps_registers(unsigned mask) {
  constexpr unsigned osxsave = 1u << 27;
  if ((Features(1, 0).ecx & osxsave) == 0) return false;
  unsigned low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & mask) == mask;
}

bool has_avx2() {
  constexpr unsigned fma = 1u << 12, avx = 1u << 28, avx2 = 1u << 5, sse_and_avx_registers = 0x6;
  static const bool usable = (Features(1, 0).ecx & (fma | avx)) == (fma | avx) && (Features(7, 0).ebx & avx2) != 0 &&
                             keeps_registers(sse_and_avx_registers);
  return usable;
}
bool has_avx512() {
  constexpr unsigned f = 1u << 16, dq = 1u << 17, bw = 1u << 30, vl = 1u << 31, all = f | dq | bw | vl;
#if defined(__APPLE__)
  // macOS starts to keep them when they are first used.
  constexpr unsigned wide_registers = 0;
#else
  constexpr unsigned wide_registers = 0xe0;
#endif
  static const bool usable = has_avx2() && (Features(7, 0).ebx & all) == all && keeps_registers(wide_registers);
  return usable;
}
#endif

#if TTT_BF16_UNITS
bool has_avx512_bf16() { return has_avx512() && (Features(7, 1).eax & 1u << 5) != 0; }
bool has_amx() {
#if defined(__linux__)
  const unsigned bf16 = 1u << 22, tiles = 1u << 24;
  // The kernel keeps the tiles' registers only for processes that ask.
  constexpr long request_permission = 0x1023, tile_data = 18;
  static const bool usable = has_avx512_bf16() && (Features(7, 0).edx & bf16) && (Features(7, 0).edx & tiles) &&
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
    {"amx", "AVX-512", avx512::kernels, Factors::pieces, Factors::tiles, "AMX", "AMX", has_amx},
    {"avx512bf16", "AVX-512", avx512::kernels, Factors::plain, Factors::pairs, "", "AVX512-BF16", has_avx512_bf16},
#endif
#if defined(__x86_64__)
    {"avx512", "AVX-512", avx512::kernels, Factors::plain, Factors::rounded, "", "rounding", has_avx512},
    {"avx2", "AVX2", avx2::kernels, Factors::plain, Factors::rounded, "", "rounding", has_avx2},
#endif
    {"portable", "portable", portable::kernels, Factors::plain, Factors::rounded, "", "rounding", [] { return true; }},
};
const int instruction_set_count = sizeof instruction_sets / sizeof instruction_sets[0];

Factors product_factors = Factors::plain;

}  // namespace ttt
