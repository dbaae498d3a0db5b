#include "json/reader.h"

#include "json/scan.h"

namespace signalbox::json {
namespace {

constexpr std::string_view ends_early = "the text ends inside the value";
constexpr std::string_view no_value = "the text ends where a value is due";
constexpr std::string_view too_deep = "nested too deeply";
constexpr std::string_view name_due = "a value was asked for where a name is due";

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<size_t>(end - begin)}; }

// A literal's word and token, by its first character.
struct Literal {
  std::string_view word;
  Token token;
};

Literal literal_at(char c) {
  switch (c) {
    case 't': return {"true", Token::true_};
    case 'f': return {"false", Token::false_};
    case 'n': return {"null", Token::null_};
    default: return {{}, Token::error};
  }
}

// A scalar value: its token and where it ends, or why there is none and where it broke.
struct Scalar {
  Token token = Token::error;
  const char* at = nullptr;  // one past it
  std::string_view what;
};

// Reads the string, number or literal at p; p is before end and on no bracket.
inline Scalar scan_scalar(const char* p, const char* end) {
  if (*p == '"') {
    const Scanned string = scan_string(p + 1, end);
    if (string.what != nullptr) return {Token::error, string.at, string.what};
    return {Token::string, string.at + 1, {}};
  }
  if (*p == '-' || is_digit(*p)) {
    const Scanned number = scan_number(p, end);
    if (number.what != nullptr) return {Token::error, number.at, number.what};
    return {Token::number, number.at, {}};
  }
  const Literal literal = literal_at(*p);
  if (literal.token == Token::error || !starts_with(p, end, literal.word)) {
    return {Token::error, p, "no JSON value begins here"};
  }
  return {literal.token, p + literal.word.size(), {}};
}

// Reads a member's name; `at` is one past its closing quote.
inline Scalar scan_name(const char* p, const char* end) {
  if (p == end) return {Token::error, p, ends_early};
  if (*p != '"') return {Token::error, p, "a name in quotes is due"};
  const Scanned string = scan_string(p + 1, end);
  if (string.what != nullptr) return {Token::error, string.at, string.what};
  return {Token::key, string.at + 1, {}};
}

// Reads the colon after a name and the whitespace around it; `at` is then on the value.
inline Scalar scan_colon(const char* p, const char* end) {
  p = skip_space(p, end);
  if (p == end) return {Token::error, p, ends_early};
  if (*p != ':') return {Token::error, p, "a colon is due"};
  p = skip_space(p + 1, end);
  if (p == end) return {Token::error, p, ends_early};
  return {Token::key, p, {}};
}

// Reads a short name and its colon at p, as programs write them: without whitespace. The value behind them; null
// where anything else stands, and near the end of the text.
#if defined(SIGNALBOX_BLOCKS)
inline const char* pass_short_name(const char* p, const char* end) {
  if (end - p < 20 || *p != '"') return nullptr;
  const char* const stop = short_stop(p + 1);
  return *stop == '"' && stop[1] == ':' && static_cast<unsigned char>(stop[2]) > ' ' ? stop + 2 : nullptr;
}
#else
inline const char* pass_short_name(const char*, const char*) { return nullptr; }
#endif

// Whether the four characters of `watched` stand behind the opening quote of the string [p, end).
inline bool begins_with(const char* p, const char* end, uint32_t watched) {
  uint32_t beginning;
  if (end - p < 2 + std::ptrdiff_t(sizeof beginning)) return false;
  std::memcpy(&beginning, p + 1, sizeof beginning);
  return beginning == watched;
}

std::string_view comma_or(bool object) {
  return object ? "a comma or the object's end is due" : "a comma or the array's end is due";
}

}  // namespace

Reader::Reader(std::string_view text, size_t depth_max)
    : begin_(text.data()),
      end_(text.data() + text.size()),
      at_(text.data()),
      depth_max_(depth_max < depth_ceiling ? depth_max : depth_ceiling) {}

Token Reader::next() {
  if (due_ == Due::nothing) return current_;
  raw_ = {};
  const char* p = skip_space(at_, end_);
  if (due_ == Due::end) {
    if (p != end_) return fail(p, "something follows the value");
    offset_ = static_cast<size_t>(p - begin_);
    at_ = p;
    return current_ = Token::end;
  }
  if (p == end_) return fail(p, depth_ == 0 ? no_value : ends_early);
  switch (due_) {
    case Due::comma_or_end: {
      const bool object = is_object(depth_ - 1);
      if (*p == (object ? '}' : ']')) return close(p, object ? Token::end_object : Token::end_array);
      if (*p != ',') return fail(p, comma_or(object));
      p = skip_space(p + 1, end_);
      return object ? read_key(p) : read_value(p);
    }
    case Due::key_or_end: return *p == '}' ? close(p, Token::end_object) : read_key(p);
    case Due::value_or_end: return *p == ']' ? close(p, Token::end_array) : read_value(p);
    case Due::colon: {
      const Scalar colon = scan_colon(p, end_);
      return colon.token == Token::error ? fail(colon.at, colon.what) : read_value(colon.at);
    }
    default: return read_value(p);
  }
}

std::optional<std::string_view> Reader::skip_value() {
  if (due_ == Due::nothing) return std::nullopt;
  skipped_kind_ = Token::error;
  const char* p = skip_space(at_, end_);
  if (!begin_skip(p)) return std::nullopt;
  if (p == end_) {
    fail(p, depth_ == 0 ? no_value : ends_early);
    return std::nullopt;
  }
  const char* const value = p;
  Token kind = *p == '{' ? Token::begin_object : Token::begin_array;
  if (*p == '{' || *p == '[') {
    p = skip_containers(p);
    if (p == nullptr) return std::nullopt;
  } else {
    const Scalar scalar = scan_scalar(p, end_);
    if (scalar.token == Token::error) {
      fail(scalar.at, scalar.what);
      return std::nullopt;
    }
    kind = scalar.token;
    p = scalar.at;
  }
  offset_ = static_cast<size_t>(value - begin_);
  at_ = p;
  raw_ = between(value, p);
  value_done();
  current_ = skipped_kind_ = kind;
  return raw_;
}

// Brings `p` from behind the current token onto the value to skip. False when there is none; the
// reader then stands where the public declaration says.
bool Reader::begin_skip(const char*& p) {
  switch (due_) {
    case Due::value: return true;
    case Due::colon: {
      const Scalar colon = scan_colon(p, end_);
      if (colon.token == Token::error) fail(colon.at, colon.what);
      p = colon.at;
      return colon.token != Token::error;
    }
    case Due::value_or_end:
      if (p == end_ || *p != ']') return true;
      break;
    case Due::comma_or_end:
      if (is_object(depth_ - 1)) {
        fail(p, name_due);
        return false;
      }
      if (p != end_ && *p == ',') {
        p = skip_space(p + 1, end_);
        return true;
      }
      break;
    case Due::key_or_end: fail(p, name_due); return false;
    default: break;
  }
  next();  // the array's end, the text's end, or the fault that stands here
  return false;
}

// Reads over the object or array at p with everything in it; one past it, or null after fail(). A loop
// of its own, because what next() keeps for every token is what would cost here.
const char* Reader::skip_containers(const char* p) {
  const size_t outside = depth_;
  const uint32_t watched = watched_;
  const char* const end = end_;
  size_t depth = depth_;
  bool object = false;
  for (;;) {
    // p is on a value.
    if (p == end) return fail(p, ends_early), nullptr;
    bool name = false;  // a member's name comes next, not a value
    bool ended = true;  // the value at p was read over whole
    if (*p == '"') {
      const Scanned string = scan_string(p + 1, end);
      if (string.what != nullptr) return fail(string.at, string.what), nullptr;
      if (begins_with(p, string.at + 1, watched)) seen_ = true;
      p = skip_space(string.at + 1, end);
    } else if (*p == '{' || *p == '[') {
      if (depth == depth_max_) return fail(p, too_deep), nullptr;
      object = *p == '{';
      set_level(depth++, object);
      p = skip_space(p + 1, end);
      ended = p != end && *p == (object ? '}' : ']');
      name = object;
    } else {
      const Scalar scalar = scan_scalar(p, end);
      if (scalar.token == Token::error) return fail(scalar.at, scalar.what), nullptr;
      p = skip_space(scalar.at, end);
    }
    while (ended) {
      if (p == end) return fail(p, ends_early), nullptr;
      if (*p == ',') {
        p = skip_space(p + 1, end);
        name = object;
        ended = false;
      } else if (*p == (object ? '}' : ']')) {
        ++p;
        if (--depth == outside) return p;
        object = is_object(depth - 1);
        p = skip_space(p, end);
      } else {
        return fail(p, comma_or(object)), nullptr;
      }
    }
    if (name) {
      if (const char* const value = pass_short_name(p, end)) {
        p = value;
        continue;
      }
      Scalar member = scan_name(p, end);
      if (member.token != Token::error) member = scan_colon(member.at, end);
      if (member.token == Token::error) return fail(member.at, member.what), nullptr;
      p = member.at;
    }
  }
}

Token Reader::read_value(const char* p) {
  if (p == end_) return fail(p, ends_early);
  if (*p == '{') return open(p, Token::begin_object);
  if (*p == '[') return open(p, Token::begin_array);
  const Scalar scalar = scan_scalar(p, end_);
  if (scalar.token == Token::error) return fail(scalar.at, scalar.what);
  offset_ = static_cast<size_t>(p - begin_);
  at_ = scalar.at;
  raw_ = scalar.token == Token::string ? between(p + 1, scalar.at - 1) : between(p, scalar.at);
  value_done();
  return current_ = scalar.token;
}

Token Reader::read_key(const char* p) {
  const Scalar name = scan_name(p, end_);
  if (name.token == Token::error) return fail(name.at, name.what);
  offset_ = static_cast<size_t>(p - begin_);
  at_ = name.at;
  raw_ = between(p + 1, name.at - 1);
  due_ = Due::colon;
  return current_ = Token::key;
}

Token Reader::open(const char* p, Token token) {
  if (depth_ == depth_max_) return fail(p, too_deep);
  offset_ = static_cast<size_t>(p - begin_);
  at_ = p + 1;
  set_level(depth_++, token == Token::begin_object);
  due_ = token == Token::begin_object ? Due::key_or_end : Due::value_or_end;
  return current_ = token;
}

Token Reader::close(const char* p, Token token) {
  offset_ = static_cast<size_t>(p - begin_);
  at_ = p + 1;
  --depth_;
  value_done();
  return current_ = token;
}

void Reader::value_done() { due_ = depth_ == 0 ? Due::end : Due::comma_or_end; }

void Reader::set_level(size_t level, bool object) {
  const uint64_t bit = uint64_t(1) << (level % 64);
  uint64_t& word = objects_[level / 64];
  word = object ? word | bit : word & ~bit;
}

Token Reader::fail(const char* where, std::string_view what) {
  error_ = {static_cast<size_t>(where - begin_), what};
  offset_ = error_.offset;
  at_ = where;
  raw_ = {};
  due_ = Due::nothing;
  skipped_kind_ = Token::error;
  return current_ = Token::error;
}

}  // namespace signalbox::json
