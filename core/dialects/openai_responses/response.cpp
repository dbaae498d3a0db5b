// What was asked for is not known here, so settings have the values that they have where nothing was.
#include "dialects/openai_responses/response.h"

#include <algorithm>

#include "dialects/canonical/usage.h"
#include "dialects/openai_responses/errors.h"
#include "dialects/openai_responses/usage.h"
#include "json/writer.h"

namespace signalbox::dialects::openai_responses {

void write_response(const Response& response, std::string_view status, const Fault* fault, std::string& out) {
  json::Writer w(out);
  const bool ended = !fault && status != "in_progress";
  w.begin_object().key("id").string(response.id).key("object").string("response");
  w.key("created_at").number(response.created_at_s).key("status").string(status);
  w.key("access_programs").null().key("background").boolean(false).key("error");
  if (fault) {
    w.begin_object().key("code").string(error_code(fault->kind)).key("message").string(fault->message()).end_object();
  } else {
    w.null();
  }
  w.key("incomplete_details");
  if (ended && !response.incomplete_reason.empty())
    w.begin_object().key("reason").string(response.incomplete_reason).end_object();
  else w.null();
  w.key("instructions").null().key("max_output_tokens").null().key("metadata").begin_object().end_object();
  w.key("model").string(response.model).key("output").begin_array();
  if (!response.output.empty()) w.raw(response.output);
  w.end_array().key("parallel_tool_calls").boolean(true).key("previous_response_id").null();
  w.key("reasoning").begin_object().key("effort").null().key("summary").null().end_object();
  w.key("store").boolean(false).key("temperature").null();
  w.key("text").begin_object().key("format").begin_object().key("type").string("text").end_object().end_object();
  w.key("tool_choice").string("auto").key("tools").begin_array().end_array().key("top_p").null();
  w.key("truncation").string("disabled").key("usage");
  if (ended) {
    write_usage(w, response.usage, std::max<int64_t>(response.input_tokens_estimate, 1),
                response.content_bytes / canonical::bytes_per_token + 1);
  } else {
    w.null();
  }
  w.end_object();
}

}  // namespace signalbox::dialects::openai_responses
