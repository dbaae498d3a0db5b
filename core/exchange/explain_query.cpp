#include "exchange/explain_query.h"

#include <iterator>
#include <span>
#include <vector>

#include "base/address.h"
#include "base/text.h"
#include "http/endpoint.h"
#include "http/url.h"

namespace signalbox::exchange {
namespace {

constexpr std::string_view known[] = {"path", "body", "client_key", "client", "address"};
// What of an asker's word is repeated in an answer.
constexpr size_t shown_bytes_max = 64;

Fault wrong(std::string_view begin, std::string_view said, std::string_view end) {
  Fault fault{FaultKind::bad_request, std::string(begin)};
  fault.detail += " \"";
  fault.detail += said.substr(0, shown_bytes_max);
  fault.detail += "\"";
  fault.detail += end;
  return fault;
}

std::string_view nearest_of(std::string_view name, std::span<const std::string_view> names, std::string& text) {
  text = ".";
  if (const auto near = base::nearest(name, names)) {
    text += " Did you mean \"";
    text += *near;
    text += "\"?";
  }
  return text;
}

Fault check_client_key(const Config& config, std::string_view name) {
  std::vector<std::string_view> names;
  for (const ClientKey& each : config.server.client_keys) {
    if (each.name == name) return {};
    names.push_back(each.name);
  }
  std::string end;
  nearest_of(name, names, end);
  return wrong("There is no client key", name, " under server.client_keys" + end);
}

}  // namespace

Fault read_explain_query(std::string_view query, const Config& config, ExplainQuery& asked) {
  uint32_t seen = 0;
  while (!query.empty()) {
    const std::string_view parameter = http::take_parameter(query);
    if (parameter.empty()) continue;
    const size_t equals = parameter.find('=');
    const std::string name = http::decode_percent(parameter.substr(0, equals));
    const std::string value = http::decode_percent(equals == parameter.npos ? "" : parameter.substr(equals + 1));
    size_t which = 0;
    while (which < std::size(known) && known[which] != name) ++which;
    std::string end;
    if (which == std::size(known)) return wrong("There is no parameter", name, nearest_of(name, known, end));
    if (value.empty()) return wrong("The parameter", name, " has no value.");
    if (seen & (1u << which)) return wrong("The parameter", name, " stands twice.");
    seen |= 1u << which;
    if (name == "path") {
      asked.path = value;
    } else if (name == "body") {
      if (value != "true" && value != "false") return wrong("The parameter \"body\" is true or false, not", value, ".");
      asked.bodies = value == "true" ? Bodies::shown : Bodies::hidden;
    } else if (name == "address") {
      if (!base::parse_address(value)) return wrong("The parameter \"address\" wants an IP address, not", value, ".");
      asked.address = value;
    } else {
      if (Fault fault = check_client_key(config, value)) return fault;
      if (!asked.client_key.empty() && asked.client_key != value)
        return {FaultKind::bad_request,
                "The parameters \"client_key\" and \"client\" name two keys; give one of them."};
      asked.client_key = value;
    }
  }
  return {};
}

}  // namespace signalbox::exchange
