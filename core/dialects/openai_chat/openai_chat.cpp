// The row of OpenAI Chat Completions. Source: the types of the openai SDK.
#include "dialects/openai_chat/openai_chat.h"

#include "dialects/body_facts.h"
#include "dialects/openai.h"
#include "dialects/openai_chat/decoder.h"
#include "dialects/openai_chat/encoder.h"
#include "dialects/openai_chat/observe.h"
#include "dialects/openai_chat/task_facts.h"

namespace signalbox::dialects {
namespace {

void write_path(std::string& path, std::string_view, Ask) { path += "/v1/chat/completions"; }

}  // namespace

const DialectRow openai_chat_row = {.dialect = Dialect::openai_chat,
                                    .name = "openai_chat",
                                    .write_path = write_path,
                                    .credential_place = CredentialPlace::bearer,
                                    .upstream_request_id_header = "x-request-id",
                                    .read_facts = read_body_facts,
                                    .read_task_facts = openai_chat::read_task_facts,
                                    .write_error = openai::write_error,
                                    .write_error_frame = openai::write_error_frame,
                                    .keep_alive_before = openai::keep_alive,
                                    .keep_alive_within = openai::keep_alive,
                                    .read_error = openai::read_error,
                                    .write_catalogue = openai::write_catalogue,
                                    .write_model = openai::write_model,
                                    .observe_frame = openai_chat::observe_frame,
                                    .whole_keys = openai_chat::whole_keys,
                                    .observe_whole = openai_chat::observe_whole,
                                    .stopped_by_itself = "stop",
                                    .removals = openai_chat::removals,
                                    .read_refusal = openai_chat::read_refusal,
                                    .read_request = openai_chat::read_request,
                                    .write_request = openai_chat::write_request,
                                    .make_decoder = openai_chat::make_decoder,
                                    .make_encoder = openai_chat::make_encoder};

}  // namespace signalbox::dialects
