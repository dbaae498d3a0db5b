#include "http1/parser.h"

#include <array>
#include <cstring>

#include "http1/bytes.h"

namespace signalbox::native::http1 {

namespace {

constexpr std::array<RefusalRow, size_t(Refusal::count_)> rows{{
    {Refusal::none, "none", 200, ""},
    {Refusal::bad_control, "bad_control", 400, "The head has a NUL, a bare CR or LF, or another control byte."},
    {Refusal::bad_request_line, "bad_request_line", 400, "The request line is not `METHOD target HTTP/1.1`."},
    {Refusal::bad_status_line, "bad_status_line", 502, "The status line is not `HTTP/1.1 200 reason`."},
    {Refusal::bad_version, "bad_version", 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here."},
    {Refusal::bad_target, "bad_target", 400, "The request target is not a path."},
    {Refusal::target_host_differs, "target_host_differs", 400, "The request target and Host name different hosts."},
    {Refusal::method_not_known, "method_not_known", 501, "This method is not known here."},
    {Refusal::bad_header, "bad_header", 400, "A header line is not `name: value`."},
    {Refusal::folded_header, "folded_header", 400, "A header is folded over several lines."},
    {Refusal::head_too_large, "head_too_large", 431, "The request's head is too large."},
    {Refusal::too_many_headers, "too_many_headers", 431, "The request has too many headers."},
    {Refusal::host_missing, "host_missing", 400, "HTTP/1.1 needs a Host header."},
    {Refusal::host_twice, "host_twice", 400, "The request has more than one Host."},
    {Refusal::bad_host, "bad_host", 400, "Host is not a host name with an optional port."},
    {Refusal::bad_length, "bad_length", 400, "Content-Length is not a plain number."},
    {Refusal::length_twice, "length_twice", 400, "Content-Length stands twice."},
    {Refusal::length_and_coding, "length_and_coding", 400, "Content-Length and Transfer-Encoding stand together."},
    {Refusal::coding_twice, "coding_twice", 400, "Transfer-Encoding stands twice."},
    {Refusal::coding_not_known, "coding_not_known", 501, "The only Transfer-Encoding known here is `chunked`."},
    {Refusal::coding_in_1_0, "coding_in_1_0", 400, "HTTP/1.0 has no Transfer-Encoding."},
    {Refusal::expectation_not_known, "expectation_not_known", 417, "The only Expect known here is `100-continue`."},
    {Refusal::bad_chunk, "bad_chunk", 400, "The chunked body is malformed."},
    {Refusal::chunk_overhead, "chunk_overhead", 400, "The chunked body's extensions or trailers are too large."},
}};

constexpr bool rows_in_order() {
  for (size_t i = 0; i < rows.size(); ++i)
    if (size_t(rows[i].refusal) != i) return false;
  return true;
}
static_assert(rows_in_order());

// What may stand in a host and port (RFC 3986 section 3.2.2), user information left out on purpose.
constexpr std::array<bool, 256> host_bytes = [] {
  std::array<bool, 256> t{};
  for (int c = '0'; c <= '9'; ++c) t[size_t(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) t[size_t(c)] = t[size_t(c + 32)] = true;
  for (char c : {'-', '.', '_', '~', '!', '$', '&', '\'', '(', ')', '*', '+', ';', '=', '%', ':', '[', ']'})
    t[uint8_t(c)] = true;
  return t;
}();

std::string_view trim(std::string_view v) {
  while (!v.empty() && (v.front() == ' ' || v.front() == '\t')) v.remove_prefix(1);
  while (!v.empty() && (v.back() == ' ' || v.back() == '\t')) v.remove_suffix(1);
  return v;
}

// A host with an optional numeric port.
bool host_is_sound(std::string_view host) {
  if (host.empty() || !all_of(host, host_bytes)) return false;
  std::string_view rest;
  if (host.front() == '[') {
    const size_t end = host.find(']');
    if (end == std::string_view::npos || end == 1) return false;
    rest = host.substr(end + 1);
    if (host.substr(1, end - 1).find('[') != std::string_view::npos) return false;
    if (!rest.empty() && rest.front() != ':') return false;
  } else {
    const size_t colon = host.find(':');
    if (colon == 0 || host.find('[') != std::string_view::npos || host.find(']') != std::string_view::npos)
      return false;
    rest = colon == std::string_view::npos ? std::string_view{} : host.substr(colon);
  }
  if (rest.empty()) return true;
  rest.remove_prefix(1);
  if (rest.size() > 5) return false;
  for (char c : rest)
    if (c < '0' || c > '9') return false;
  return true;
}

// Digits alone, as many as surely fit (RFC 9110 section 8.6).
bool parse_length(std::string_view value, int64_t& out) {
  if (value.empty() || value.size() > 18) return false;
  int64_t n = 0;
  for (char c : value) {
    if (c < '0' || c > '9') return false;
    n = n * 10 + (c - '0');
  }
  out = n;
  return true;
}

// What the header lines say about framing, gathered before the rules are applied.
struct Facts {
  std::string_view host;
  uint32_t host_count = 0;
  int64_t length = -1;
  bool chunked = false;
  bool says_close = false;
  bool says_keep = false;
  bool expects_continue = false;
};

enum class Side : uint8_t { request, answer };

Refusal take_known(const Header& h, Side side, Facts& facts) {
  switch (h.name.size()) {
    case 4:
      if (same_name(h.name, "host")) {
        facts.host = h.value;
        ++facts.host_count;
      }
      break;
    case 6:
      if (side == Side::request && same_name(h.name, "expect")) {
        if (!same_name(h.value, "100-continue")) return Refusal::expectation_not_known;
        facts.expects_continue = true;
      }
      break;
    case 10:
      if (same_name(h.name, "connection")) {
        facts.says_close |= has_token(h.value, "close");
        facts.says_keep |= has_token(h.value, "keep-alive");
      }
      break;
    case 14:
      if (same_name(h.name, "content-length")) {
        if (facts.length >= 0) return Refusal::length_twice;
        if (!parse_length(h.value, facts.length)) return Refusal::bad_length;
      }
      break;
    case 17:
      if (same_name(h.name, "transfer-encoding")) {
        if (facts.chunked) return Refusal::coding_twice;
        if (!same_name(h.value, "chunked")) return Refusal::coding_not_known;
        facts.chunked = true;
      }
      break;
    default: break;
  }
  return Refusal::none;
}

// The header lines from `at` to the empty line.
Refusal parse_headers(std::string_view bytes, size_t at, Side side, std::span<Header, headers_max> storage, Head& out,
                      Facts& facts) {
  const char* p = bytes.data() + at;
  const char* const end = bytes.data() + bytes.size() - 2;  // before the empty line
  size_t count = 0;
  while (p < end) {
    const char* const line_end = static_cast<const char*>(std::memchr(p, '\n', size_t(end - p))) - 1;
    if (*p == ' ' || *p == '\t') return Refusal::folded_header;
    const char* colon = p;
    while (token_bytes[uint8_t(*colon)]) ++colon;  // stops at the CR at the latest
    if (*colon != ':' || colon == p) return Refusal::bad_header;
    if (count == headers_max) return Refusal::too_many_headers;
    Header& h = storage[count++];
    h.name = {p, size_t(colon - p)};
    h.value = trim({colon + 1, size_t(line_end - colon - 1)});
    if (Refusal r = take_known(h, side, facts); r != Refusal::none) return r;
    p = line_end + 2;
  }
  out.headers = storage.first(count);
  out.length = facts.length;
  out.head_bytes = bytes.size();
  if (facts.chunked && facts.length >= 0) return Refusal::length_and_coding;
  if (facts.chunked && out.minor == 0) return Refusal::coding_in_1_0;
  // RFC 9112 section 9.3.
  out.persistence = !facts.says_close && (out.minor >= 1 || facts.says_keep) ? Persistence::keep : Persistence::close;
  return Refusal::none;
}

// `HTTP/1.0` or `HTTP/1.1` -> 0 or 1; anything else is negative.
int minor_of(std::string_view version) {
  if (version.size() != 8 || version.substr(0, 7) != "HTTP/1.") return -1;
  return version[7] == '0' ? 0 : version[7] == '1' ? 1 : -1;
}

bool looks_like_version(std::string_view v) {
  return v.size() == 8 && v.substr(0, 5) == "HTTP/" && v[5] >= '0' && v[5] <= '9' && v[6] == '.' && v[7] >= '0' &&
         v[7] <= '9';
}

// Reduces absolute form to origin form; `authority` is what stood in it, empty otherwise.
Refusal reduce_target(std::string_view method, std::string_view& target, std::string_view& authority) {
  if (target.front() == '/') return Refusal::none;
  if (target == "*") return method == "OPTIONS" ? Refusal::none : Refusal::bad_target;
  size_t scheme = 0;
  if (target.size() > 7 && same_name(target.substr(0, 7), "http://")) scheme = 7;
  else if (target.size() > 8 && same_name(target.substr(0, 8), "https://")) scheme = 8;
  else return Refusal::bad_target;
  const std::string_view rest = target.substr(scheme);
  const size_t end = rest.find_first_of("/?");
  authority = rest.substr(0, end);
  if (!host_is_sound(authority)) return Refusal::bad_target;
  if (end == std::string_view::npos) target = "/";
  else if (rest[end] == '/') target = rest.substr(end);
  else return Refusal::bad_target;  // `http://host?query` has no path to show as a view
  return Refusal::none;
}

}  // namespace

const RefusalRow& row(Refusal refusal) {
  return rows[size_t(refusal) < rows.size() ? size_t(refusal) : size_t(Refusal::bad_request_line)];
}

bool has_token(std::string_view value, std::string_view token) {
  for (;;) {
    const size_t comma = value.find(',');
    if (same_name(trim(value.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) return false;
    value.remove_prefix(comma + 1);
  }
}

size_t leading_empty_line_bytes(std::string_view bytes, size_t passed_bytes) {
  size_t n = 0;
  while (passed_bytes + n < 4 && bytes.substr(n, 2) == "\r\n") n += 2;
  return n;
}

Outcome HeadScan::feed(std::string_view bytes, size_t head_bytes_max) {
  const size_t to = bytes.size() < head_bytes_max ? bytes.size() : head_bytes_max;
  const char* const p = bytes.data();
  while (searched_ < to) {
    const size_t at = next_control(p, searched_, to);
    searched_ = at;
    if (at == to) break;
    if (p[at] == '\t') {
      searched_ = at + 1;
      continue;
    }
    if (p[at] != '\r') {
      refusal_ = Refusal::bad_control;
      return Outcome::refused;
    }
    if (at + 1 == to) break;  // its LF may still come
    if (p[at + 1] != '\n') {
      refusal_ = Refusal::bad_control;
      return Outcome::refused;
    }
    searched_ = at + 2;
    const bool empty = at == line_start_;
    line_start_ = searched_;
    if (empty) return Outcome::complete;
    if (++line_count_ > headers_max + 1) {
      refusal_ = Refusal::too_many_headers;
      return Outcome::refused;
    }
  }
  if (bytes.size() < head_bytes_max) return Outcome::need_more;
  refusal_ = Refusal::head_too_large;
  return Outcome::refused;
}

Refusal parse_request(std::string_view bytes, std::span<Header, headers_max> storage, Head& out) {
  out = {};
  const size_t line_bytes = bytes.find('\r');
  if (line_bytes == std::string_view::npos || bytes.size() < line_bytes + 4) return Refusal::bad_request_line;
  const std::string_view line = bytes.substr(0, line_bytes);
  const size_t first = line.find(' ');
  const size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos) return Refusal::bad_request_line;
  out.method = line.substr(0, first);
  out.target = line.substr(first + 1, second - first - 1);
  const std::string_view version = line.substr(second + 1);
  if (out.method.empty() || !all_of(out.method, token_bytes) || out.target.empty()) return Refusal::bad_request_line;
  out.minor = minor_of(version);
  if (out.minor < 0) return looks_like_version(version) ? Refusal::bad_version : Refusal::bad_request_line;
  if (out.method.size() > method_bytes_max || out.method == "CONNECT") return Refusal::method_not_known;
  // RFC 3986 has neither spaces, nor bytes beyond ASCII, nor (in a request target) a fragment.
  for (char c : out.target)
    if (uint8_t(c) <= 0x20 || uint8_t(c) >= 0x7f || c == '#') return Refusal::bad_target;
  std::string_view authority;
  if (Refusal r = reduce_target(out.method, out.target, authority); r != Refusal::none) return r;

  Facts facts;
  if (Refusal r = parse_headers(bytes, line_bytes + 2, Side::request, storage, out, facts); r != Refusal::none)
    return r;
  if (facts.host_count > 1) return Refusal::host_twice;
  if (facts.host_count == 0 && out.minor >= 1) return Refusal::host_missing;
  if (facts.host_count == 1 && !host_is_sound(facts.host)) return Refusal::bad_host;
  if (!authority.empty() && facts.host_count == 1 && !same_name(authority, facts.host))
    return Refusal::target_host_differs;
  out.framing = facts.chunked ? Framing::chunked : facts.length >= 0 ? Framing::length : Framing::none;
  out.expects_continue = facts.expects_continue && out.minor >= 1;  // RFC 9110 section 10.1.1
  return Refusal::none;
}

Refusal parse_answer(std::string_view bytes, AnswerTo answer_to, std::span<Header, headers_max> storage, Head& out) {
  out = {};
  const size_t line_bytes = bytes.find('\r');
  if (line_bytes == std::string_view::npos || bytes.size() < line_bytes + 4) return Refusal::bad_status_line;
  const std::string_view line = bytes.substr(0, line_bytes);
  // The reason and the space before it are often left out by servers that mean well.
  if (line.size() < 12 || line[8] != ' ' || (line.size() > 12 && line[12] != ' ')) return Refusal::bad_status_line;
  out.minor = minor_of(line.substr(0, 8));
  if (out.minor < 0) return looks_like_version(line.substr(0, 8)) ? Refusal::bad_version : Refusal::bad_status_line;
  for (size_t i = 9; i < 12; ++i) {
    if (line[i] < '0' || line[i] > '9') return Refusal::bad_status_line;
    out.status = out.status * 10 + (line[i] - '0');
  }
  if (out.status < 100 || out.status > 599 || out.status == 101) return Refusal::bad_status_line;
  Facts facts;
  if (Refusal r = parse_headers(bytes, line_bytes + 2, Side::answer, storage, out, facts); r != Refusal::none) return r;
  if (out.status < 200 || out.status == 204 || out.status == 304 || answer_to == AnswerTo::head)
    out.framing = Framing::none;
  else out.framing = facts.chunked ? Framing::chunked : facts.length >= 0 ? Framing::length : Framing::until_close;
  if (out.framing == Framing::until_close) out.persistence = Persistence::close;
  return Refusal::none;
}

}  // namespace signalbox::native::http1
