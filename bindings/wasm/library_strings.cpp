// The parts of std::string that a C++ library keeps compiled, compiled as everything of a module is: for size, and with
// values instead of memory (docs/decisions/0011-shorter-modules.md). Its own, compiled otherwise, are then not linked.
#include <charconv>
#include <string>

#ifdef _LIBCPP_VERSION

template class std::basic_string<char>;
template std::string& std::string::__assign_no_alias<true>(const char*, size_t);
template std::string& std::string::__assign_no_alias<false>(const char*, size_t);
template std::string std::operator+
    <char, std::char_traits<char>, std::allocator<char>>(const char*, const std::string&);

namespace {

template <typename Number>
std::string decimal(Number number) {
  char digits[20];  // INT64_MIN with its sign
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

}  // namespace

std::string std::to_string(int number) { return decimal(number); }
std::string std::to_string(unsigned number) { return decimal(number); }
std::string std::to_string(long number) { return decimal(number); }
std::string std::to_string(unsigned long number) { return decimal(number); }
std::string std::to_string(long long number) { return decimal(number); }
std::string std::to_string(unsigned long long number) { return decimal(number); }

#endif
