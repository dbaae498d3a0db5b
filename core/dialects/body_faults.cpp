#include "dialects/body_faults.h"

#include <string>
#include <utility>

#include "base/text.h"

namespace signalbox::dialects {

Fault no_json(const json::Error& error) {
  std::string detail = "The request's body is not valid JSON: ";
  detail += error.what;
  detail += " at byte ";
  base::append_decimal(detail, int64_t(error.offset));
  detail += ".";
  return {FaultKind::bad_json, std::move(detail)};
}

Fault wrong_member(std::string_view member, std::string_view wanted, size_t offset) {
  std::string detail = "The request's body";
  if (member != the_body) detail.assign("\"").append(member).append("\"");
  detail += " must be ";
  detail += wanted;
  detail += " (at byte ";
  base::append_decimal(detail, int64_t(offset));
  detail += ").";
  return {FaultKind::bad_request, std::move(detail)};
}

Fault missing_member(std::string_view member) {
  std::string detail = "\"";
  detail += member;
  detail += "\" is required.";
  return {FaultKind::bad_request, std::move(detail)};
}

}  // namespace signalbox::dialects
