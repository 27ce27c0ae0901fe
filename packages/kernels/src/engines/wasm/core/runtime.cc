// What the C++ library would bring with input and output, so that the module imports nothing.
#include <cstdlib>
#include <new>

void* operator new(size_t bytes) {
  void* address = std::malloc(bytes);
  if (address == nullptr) __builtin_trap();
  return address;
}
void operator delete(void* address) noexcept { std::free(address); }
void operator delete(void* address, size_t) noexcept { std::free(address); }

_LIBCPP_BEGIN_NAMESPACE_STD
/** A container's length beyond what it can have. */
[[noreturn]] void __libcpp_verbose_abort(const char*, ...) noexcept { __builtin_trap(); }
_LIBCPP_END_NAMESPACE_STD
