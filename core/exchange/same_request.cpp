#include "exchange/same_request.h"

#include <cstdint>
#include <string>

#include "base/sha256.h"
#include "base/text.h"

namespace signalbox::exchange {
namespace {

constexpr std::string_view names[] = {
    // of the connection, and of the body's form on it
    "accept-encoding", "cdn-loop", "content-encoding", "content-length", "date", "expect", "forwarded", "host",
    "keep-alive", "priority", "te", "trailer", "transfer-encoding", "true-client-ip", "upgrade", "via", "x-real-ip",
    // of the program that asks
    "referer", "user-agent",
    // of traces, and numbers of requests
    "b3", "baggage", "request-id", "sentry-trace", "traceparent", "tracestate", "uber-trace-id", "x-amzn-trace-id",
    "x-client-request-id", "x-cloud-trace-context", "x-correlation-id", "x-request-id"};

constexpr std::string_view prefixes[] = {"cf-", "sec-", "x-b3-", "x-datadog-", "x-forwarded-", "x-stainless-"};

void add(std::string& all, std::string_view part) {
  base::append_decimal(all, int64_t(part.size()));
  all += ':';
  all += part;
}

void add_place(std::string& all, const void* where) {
  base::append_decimal(all, int64_t(reinterpret_cast<uintptr_t>(where)));
  all += ':';
}

}  // namespace

bool tells_nothing(std::string_view header_name) {
  for (const std::string_view prefix : prefixes)
    if (base::begins_ignoring_case(header_name, prefix)) return true;
  for (const std::string_view name : names)
    if (base::equals_ignoring_case(header_name, name)) return true;
  return false;
}

Sha256 digest_of(const SameRequest& request) {
  std::string all;
  add(all, request.client_key);
  all += request.mock_only ? 'm' : 'a';
  // Of the process, and so is whoever compares it. The configuration stays where it is as long as its Broadcasts do.
  add_place(all, request.config);
  add_place(all, request.route);
  add(all, request.model);
  for (const int64_t number :
       {int64_t(request.provider), int64_t(request.thinking.effort), request.thinking.budget_tokens}) {
    base::append_decimal(all, number);
    all += ':';
  }
  add(all, request.selected);
  add(all, request.method);
  add(all, request.target);
  for (const Header& header : request.headers) {
    if (tells_nothing(header.name)) continue;
    base::append_decimal(all, int64_t(header.name.size()));
    all += ':';
    for (const char byte : header.name) all += base::lower(byte);
    add(all, header.value);
  }
  const Sha256 body = base::sha256(request.body);
  all += '=';
  all.append(reinterpret_cast<const char*>(body.data()), body.size());
  return base::sha256(all);
}

}  // namespace signalbox::exchange
