// The HTTP/1 head parser, vector by vector in the order of RFC 9112. Every vector is read whole, byte by
// byte in a buffer that moves, and with bytes of the next message behind it: the answer must not change.
#include "http1/parser.h"

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace signalbox;
using namespace signalbox::native::http1;

namespace {

constexpr size_t bound = 4096;

struct Read {
  Outcome outcome = Outcome::need_more;
  Refusal refusal = Refusal::none;
  Head head;
  std::array<Header, headers_max> storage;
  std::string bytes;  // what the views point into
};

enum class As : uint8_t { request, answer, answer_to_head };

Refusal parse_as(As as, Read& r, std::string_view bytes) {
  switch (as) {
    case As::request: return parse_request(bytes, r.storage, r.head);
    case As::answer: return parse_answer(bytes, AnswerTo::other, r.storage, r.head);
    default: return parse_answer(bytes, AnswerTo::head, r.storage, r.head);
  }
}

void read_whole(As as, std::string text, Read& r) {
  r.bytes = std::move(text);
  HeadScan scan;
  r.outcome = scan.feed(r.bytes, bound);
  r.refusal = scan.refusal();
  if (r.outcome != Outcome::complete) return;
  r.refusal = parse_as(as, r, std::string_view(r.bytes).substr(0, scan.head_bytes()));
  if (r.refusal != Refusal::none) r.outcome = Outcome::refused;
}

void read_by_bytes(As as, const std::string& text, Read& r) {
  HeadScan scan;
  for (size_t n = 1; n <= text.size() && r.outcome == Outcome::need_more; ++n) {
    std::string moved(text, 0, n);  // another address each time, and nothing behind
    moved.shrink_to_fit();
    r.bytes = std::move(moved);
    r.outcome = scan.feed(r.bytes, bound);
    r.refusal = scan.refusal();
  }
  if (r.outcome != Outcome::complete) return;
  r.refusal = parse_as(as, r, std::string_view(r.bytes).substr(0, scan.head_bytes()));
  if (r.refusal != Refusal::none) r.outcome = Outcome::refused;
}

void check_refused(As as, const std::string& text, Refusal expected) {
  INFO(text.substr(0, 300));
  for (int way = 0; way < 3; ++way) {
    Read r;
    if (way == 0) read_whole(as, text, r);
    else if (way == 1) read_by_bytes(as, text, r);
    else read_whole(as, text + "GET /next HTTP/1.1\r\nHost: b\r\n\r\n", r);
    CAPTURE(way, std::string(row(r.refusal).name), std::string(row(expected).name));
    CHECK(r.outcome == Outcome::refused);
    CHECK(r.refusal == expected);
  }
}

// Reads three ways, wants the same each time, and shows the whole one to `look`.
template <class Look>
void check_taken(As as, const std::string& text, Look look) {
  INFO(text.substr(0, 300));
  for (int way = 0; way < 3; ++way) {
    Read r;
    if (way == 0) read_whole(as, text, r);
    else if (way == 1) read_by_bytes(as, text, r);
    else read_whole(as, text + "\0\r\n garbage", r);
    CAPTURE(way, std::string(row(r.refusal).name));
    REQUIRE(r.outcome == Outcome::complete);
    CHECK(r.head.head_bytes == text.size());
    look(r.head);
  }
}

std::string request(const std::string& line, const std::string& headers = "Host: a\r\n") {
  return line + "\r\n" + headers + "\r\n";
}
std::string with(const std::string& headers) { return request("POST / HTTP/1.1", "Host: a\r\n" + headers); }
std::string answer(const std::string& line, const std::string& headers = "") {
  return line + "\r\n" + headers + "\r\n";
}

}  // namespace

TEST_CASE("http1: a request's head is shown as it came") {
  check_taken(As::request,
              "POST /v1/messages?beta=true HTTP/1.1\r\nHost: localhost:8484\r\nX-Api-Key:\t a b \t\r\n"
              "content-length: 12\r\nEmpty:\r\n\r\n",
              [](const Head& h) {
                CHECK(h.method == "POST");
                CHECK(h.target == "/v1/messages?beta=true");
                CHECK(h.minor == 1);
                REQUIRE(h.headers.size() == 4);
                CHECK(h.headers[1].name == "X-Api-Key");
                CHECK(h.headers[1].value == "a b");
                CHECK(h.headers[3].value.empty());
                CHECK(h.framing == Framing::length);
                CHECK(h.length == 12);
                CHECK(h.persistence == Persistence::keep);
              });
}

TEST_CASE("http1: RFC 9112 section 2.2, line ends and control bytes") {
  check_refused(As::request, "GET / HTTP/1.1\nHost: a\n\n", Refusal::bad_control);
  check_refused(As::request, "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", Refusal::bad_control);
  check_refused(As::request, "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", Refusal::bad_control);
  check_refused(As::request, "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", Refusal::bad_control);
  check_refused(As::request, with(std::string("X: a\0b\r\n", 8)), Refusal::bad_control);
  check_refused(As::request, with("X: a\x7f\r\n"), Refusal::bad_control);
  check_refused(As::request, with("X: a\x0b\r\n"), Refusal::bad_control);
  check_refused(As::request, "\x16\x03\x01 no tls here", Refusal::bad_control);
  CHECK(leading_empty_line_bytes("\r\nGET", 0) == 2);
  CHECK(leading_empty_line_bytes("\r\n\r\n\r\nGET", 0) == 4);
  CHECK(leading_empty_line_bytes("\r\n\r\nGET", 2) == 2);
  CHECK(leading_empty_line_bytes("\r\nGET", 4) == 0);
  CHECK(leading_empty_line_bytes("\rGET", 0) == 0);
  CHECK(leading_empty_line_bytes("", 0) == 0);
  // Bytes beyond ASCII are legal in values (obs-text).
  check_taken(As::request, with("X: \xc3\xa9\r\n"), [](const Head& h) { CHECK(h.headers[1].value == "\xc3\xa9"); });
}

TEST_CASE("http1: RFC 9112 section 2.3, versions") {
  check_taken(As::request, request("GET / HTTP/1.0", ""), [](const Head& h) {
    CHECK(h.minor == 0);
    CHECK(h.persistence == Persistence::close);
  });
  check_refused(As::request, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Refusal::bad_version);
  check_refused(As::request, request("GET / HTTP/1.2"), Refusal::bad_version);
  check_refused(As::request, request("GET / HTTP/0.9"), Refusal::bad_version);
  check_refused(As::request, request("GET / http/1.1"), Refusal::bad_request_line);
  check_refused(As::request, request("GET / HTTP/1.11"), Refusal::bad_request_line);
  check_refused(As::request, request("GET /"), Refusal::bad_request_line);
}

TEST_CASE("http1: RFC 9112 section 3, request line") {
  for (const char* line : {"GET  / HTTP/1.1", "GET /  HTTP/1.1", " GET / HTTP/1.1", "GET / HTTP/1.1 ",
                           "GET\t/ HTTP/1.1", "GET / a HTTP/1.1", "G(T / HTTP/1.1", "GET  HTTP/1.1", "GET"})
    check_refused(As::request, request(line), Refusal::bad_request_line);
  check_taken(As::request, request("BREW / HTTP/1.1"), [](const Head& h) { CHECK(h.method == "BREW"); });
  check_refused(As::request, request(std::string(33, 'A') + " / HTTP/1.1"), Refusal::method_not_known);
  check_refused(As::request, "\r\n", Refusal::bad_request_line);
}

TEST_CASE("http1: RFC 9112 section 3.2, targets and Host") {
  check_taken(As::request, request("GET http://A:80/x?y HTTP/1.1", "Host: a:80\r\n"),
              [](const Head& h) { CHECK(h.target == "/x?y"); });
  check_taken(As::request, request("GET http://a HTTP/1.1"), [](const Head& h) { CHECK(h.target == "/"); });
  check_taken(As::request, request("OPTIONS * HTTP/1.1"), [](const Head& h) { CHECK(h.target == "*"); });
  check_refused(As::request, request("GET http://b/ HTTP/1.1"), Refusal::target_host_differs);
  check_refused(As::request, request("GET http://u@a/ HTTP/1.1"), Refusal::bad_target);
  check_refused(As::request, request("GET http:///x HTTP/1.1"), Refusal::bad_target);
  check_refused(As::request, request("GET http://a?x HTTP/1.1"), Refusal::bad_target);
  check_refused(As::request, request("GET ftp://a/ HTTP/1.1"), Refusal::bad_target);
  check_refused(As::request, request("GET * HTTP/1.1"), Refusal::bad_target);
  check_refused(As::request, request("GET a:80 HTTP/1.1"), Refusal::bad_target);
  check_refused(As::request, request("GET /x#y HTTP/1.1"), Refusal::bad_target);
  check_refused(As::request, request("GET /\xc3\xa9 HTTP/1.1"), Refusal::bad_target);
  check_refused(As::request, request("CONNECT a:443 HTTP/1.1"), Refusal::method_not_known);

  check_refused(As::request, request("GET / HTTP/1.1", ""), Refusal::host_missing);
  check_refused(As::request, request("GET / HTTP/1.1", "Host: a\r\nhost: a\r\n"), Refusal::host_twice);
  check_refused(As::request, request("GET / HTTP/1.0", "Host: a\r\nHost: a\r\n"), Refusal::host_twice);
  for (const char* host : {"", "a b", "a,b", "a/b", "u@a", "a:b", "a:123456", ":80", "[]", "[::1", "[::1]x", "a]"})
    check_refused(As::request, request("GET / HTTP/1.1", std::string("Host: ") + host + "\r\n"), Refusal::bad_host);
  for (const char* host : {"a", "127.0.0.1:8484", "[::1]:8484", "[::1]", "a-b.example:"})
    check_taken(As::request, request("GET / HTTP/1.1", std::string("Host: ") + host + "\r\n"), [](const Head&) {});
}

TEST_CASE("http1: RFC 9112 section 5, header lines") {
  check_refused(As::request, with("X : y\r\n"), Refusal::bad_header);
  check_refused(As::request, with(": y\r\n"), Refusal::bad_header);
  check_refused(As::request, with("no colon\r\n"), Refusal::bad_header);
  check_refused(As::request, with("X(: y\r\n"), Refusal::bad_header);
  check_refused(As::request, with("X\xc3: y\r\n"), Refusal::bad_header);
  check_refused(As::request, with("X: y\r\n z\r\n"), Refusal::folded_header);
  check_refused(As::request, with("X: y\r\n\tz\r\n"), Refusal::folded_header);
  check_refused(As::request, request("GET / HTTP/1.1", " Host: a\r\n"), Refusal::folded_header);
}

TEST_CASE("http1: RFC 9112 section 6, lengths and codings") {
  for (const char* length : {"+5", "-5", "5,5", "5, 5", "5 5", "0x5", "5.0", "", "five", "9999999999999999999", "5;"})
    check_refused(As::request, with(std::string("Content-Length: ") + length + "\r\n"), Refusal::bad_length);
  check_refused(As::request, with("Content-Length: 5\r\nContent-Length: 5\r\n"), Refusal::length_twice);
  check_refused(As::request, with("Content-Length: 5\r\ncontent-length: 6\r\n"), Refusal::length_twice);
  check_refused(As::request, with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), Refusal::length_and_coding);
  check_refused(As::request, with("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"), Refusal::length_and_coding);
  check_refused(As::request, with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
                Refusal::coding_twice);
  for (const char* coding :
       {"gzip, chunked", "chunked, chunked", "identity", "xchunked", "chunked;q=1", "", "\"chunked\""})
    check_refused(As::request, with(std::string("Transfer-Encoding: ") + coding + "\r\n"), Refusal::coding_not_known);
  check_refused(As::request, request("POST / HTTP/1.0", "Transfer-Encoding: chunked\r\n"), Refusal::coding_in_1_0);
  check_taken(As::request, with("Transfer-Encoding: Chunked\r\n"),
              [](const Head& h) { CHECK(h.framing == Framing::chunked); });
  check_taken(As::request, with("Content-Length: 999999999999999999\r\n"),
              [](const Head& h) { CHECK(h.length == 999999999999999999); });
  check_taken(As::request, with(""), [](const Head& h) { CHECK(h.framing == Framing::none); });
}

TEST_CASE("http1: RFC 9112 section 9.3, persistence, and RFC 9110 section 10.1.1, Expect") {
  check_taken(As::request, with("Connection: x, Close\r\n"),
              [](const Head& h) { CHECK(h.persistence == Persistence::close); });
  check_taken(As::request, with("Connection: closed\r\n"),
              [](const Head& h) { CHECK(h.persistence == Persistence::keep); });
  check_taken(As::request, request("GET / HTTP/1.0", "Connection: keep-alive\r\n"),
              [](const Head& h) { CHECK(h.persistence == Persistence::keep); });
  check_taken(As::request, with("Expect: 100-Continue\r\n"), [](const Head& h) { CHECK(h.expects_continue); });
  check_taken(As::request, request("POST / HTTP/1.0", "Expect: 100-continue\r\n"),
              [](const Head& h) { CHECK_FALSE(h.expects_continue); });
  check_refused(As::request, with("Expect: 200-ok\r\n"), Refusal::expectation_not_known);
}

TEST_CASE("http1: bounds") {
  std::string many;
  for (size_t i = 0; i + 1 < headers_max; ++i) many += "X: y\r\n";
  check_taken(As::request, with(many), [](const Head& h) { CHECK(h.headers.size() == headers_max); });
  check_refused(As::request, with(many + "X: y\r\n"), Refusal::too_many_headers);
  check_refused(As::request, with("X: " + std::string(bound, 'y') + "\r\n"), Refusal::head_too_large);
  check_refused(As::request, "GET /" + std::string(bound, 'y'), Refusal::head_too_large);
  const std::string fits = with("");
  const std::string pad(bound - fits.size() - 5, 'y');
  check_taken(As::request, with("X: " + pad + "\r\n"), [](const Head& h) { CHECK(h.head_bytes == bound); });
  check_refused(As::request, with("X: " + pad + "y\r\n"), Refusal::head_too_large);
  Read r;
  read_whole(As::request, "GET / HTTP/1.1\r\nHost: a\r\n\r", r);
  CHECK(r.outcome == Outcome::need_more);
}

TEST_CASE("http1: answers") {
  check_taken(As::answer, answer("HTTP/1.1 200 OK", "Content-Length: 3\r\n"), [](const Head& h) {
    CHECK(h.status == 200);
    CHECK(h.framing == Framing::length);
    CHECK(h.persistence == Persistence::keep);
  });
  check_taken(As::answer, answer("HTTP/1.1 200", "transfer-encoding: chunked\r\n"),
              [](const Head& h) { CHECK(h.framing == Framing::chunked); });
  check_taken(As::answer, answer("HTTP/1.1 200 "), [](const Head& h) {
    CHECK(h.framing == Framing::until_close);
    CHECK(h.persistence == Persistence::close);
  });
  check_taken(As::answer, answer("HTTP/1.1 100 Continue"), [](const Head& h) {
    CHECK(h.status == 100);
    CHECK(h.framing == Framing::none);
    CHECK(h.persistence == Persistence::keep);
  });
  for (const char* line : {"HTTP/1.1 204 No Content", "HTTP/1.1 304 Not Modified"})
    check_taken(As::answer, answer(line, "Content-Length: 3\r\n"),
                [](const Head& h) { CHECK(h.framing == Framing::none); });
  check_taken(As::answer_to_head, answer("HTTP/1.1 200 OK", "Content-Length: 3\r\n"), [](const Head& h) {
    CHECK(h.framing == Framing::none);
    CHECK(h.length == 3);
  });
  for (const char* line :
       {"HTTP/1.1 2000 OK", "HTTP/1.1 20 OK", "HTTP/1.1  200 OK", "HTTP/1.1 2x0 OK", "HTTP/1.1 600 No",
        "HTTP/1.1 099 No", "HTTP/1.1 101 Switching Protocols", "ICY 200 OK", "HTTP/1.1200 OK", "220 smtp"})
    check_refused(As::answer, answer(line), Refusal::bad_status_line);
  check_refused(As::answer, answer("HTTP/2.0 200 OK"), Refusal::bad_version);
  check_refused(As::answer, answer("HTTP/1.1 200 OK", "Content-Length: 3\r\nContent-Length: 3\r\n"),
                Refusal::length_twice);
  check_refused(As::answer, answer("HTTP/1.1 200 OK", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"),
                Refusal::length_and_coding);
  check_refused(As::answer, answer("HTTP/1.0 200 OK", "Transfer-Encoding: chunked\r\n"), Refusal::coding_in_1_0);
  check_refused(As::answer, "HTTP/1.1 200 OK\nContent-Length: 3\n\n", Refusal::bad_control);
}

TEST_CASE("http1: every refusal has a status that fits it") {
  for (size_t i = 1; i < size_t(Refusal::count_); ++i) {
    const RefusalRow& r = row(Refusal(i));
    CAPTURE(i, std::string(r.name));
    CHECK(r.status >= 400);
    CHECK_FALSE(r.message.empty());
  }
  CHECK(row(Refusal::head_too_large).status == 431);
  CHECK(row(Refusal::too_many_headers).status == 431);
  CHECK(row(Refusal::bad_version).status == 505);
  CHECK(row(Refusal::coding_not_known).status == 501);
}
