// The row of OpenAI Responses. Source: the types of the openai SDK.
#include "dialects/openai_responses/openai_responses.h"

#include "dialects/body_facts.h"
#include "dialects/openai.h"
#include "dialects/openai_responses/decoder.h"
#include "dialects/openai_responses/encoder.h"
#include "dialects/openai_responses/errors.h"
#include "dialects/openai_responses/observe.h"
#include "dialects/openai_responses/task_facts.h"
#include "json/writer.h"

namespace signalbox::dialects {
namespace {

void write_path(std::string& path, std::string_view, Ask ask) {
  path += "/v1/responses";
  if (ask == Ask::token_count) path += "/input_tokens";
  if (ask == Ask::compaction) path += "/compact";
}

void write_token_count(std::string& out, int64_t input_tokens) {
  json::Writer w(out);
  w.begin_object().key("object").string("response.input_tokens");
  w.key("input_tokens").number(input_tokens).end_object();
}

constexpr std::string_view kept_histories[] = {"previous_response_id", "conversation"};

}  // namespace

const DialectRow openai_responses_row = {.dialect = Dialect::openai_responses,
                                         .name = "openai_responses",
                                         .write_path = write_path,
                                         .counts_tokens = true,
                                         .credential_place = CredentialPlace::bearer,
                                         .upstream_request_id_header = "x-request-id",
                                         .read_facts = read_body_facts,
                                         .read_task_facts = openai_responses::read_task_facts,
                                         .write_error = openai::write_error,
                                         .write_error_frame = openai_responses::write_error_frame,
                                         .keep_alive_before = openai::keep_alive,
                                         .keep_alive_within = openai::keep_alive,
                                         .read_error = openai_responses::read_error,
                                         .write_catalogue = openai::write_catalogue,
                                         .write_model = openai::write_model,
                                         .write_token_count = write_token_count,
                                         .observe_frame = openai_responses::observe_frame,
                                         .whole_keys = openai_responses::whole_keys,
                                         .observe_whole = openai_responses::observe_whole,
                                         .stopped_by_itself = "completed",
                                         .kept_histories = kept_histories,
                                         .kept_item = openai_responses::kept_item,
                                         .removals = openai_responses::removals,
                                         .read_refusal = openai_responses::read_refusal,
                                         .read_request = openai_responses::read_request,
                                         .write_request = openai_responses::write_request,
                                         .make_decoder = openai_responses::make_decoder,
                                         .make_encoder = openai_responses::make_encoder};

}  // namespace signalbox::dialects
