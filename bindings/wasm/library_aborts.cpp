// Where the C++ library ends the program it says why: with printf, into a file that no module has, for 14 KB. Here it
// ends at once.
#include <version>

#ifdef _LIBCPP_VERSION
#if __has_include(<__verbose_abort>)
#include <__verbose_abort>

// libc++ documents that a program may define it.
void std::__libcpp_verbose_abort(const char*, ...) noexcept { __builtin_trap(); }

// The same in libc++abi, up to and since LLVM 19.
extern "C" [[noreturn]] void abort_message(const char*, ...) { __builtin_trap(); }
extern "C" [[noreturn]] void __abort_message(const char*, ...) { __builtin_trap(); }
#endif
#endif
