// The row of OpenAI Chat Completions. Source: the types of the openai SDK.
#include "dialects/openai_chat/openai_chat.h"

#include "dialects/openai.h"

namespace signalbox::dialects {

const DialectRow openai_chat_row = {.dialect = Dialect::openai_chat,
                                    .name = "openai_chat",
                                    .conversation_path = "/v1/chat/completions",
                                    .credential_place = CredentialPlace::bearer,
                                    .upstream_request_id_header = "x-request-id",
                                    .write_error = openai::write_error,
                                    .write_error_frame = openai::write_error_frame,
                                    .keep_alive_before = openai::keep_alive,
                                    .keep_alive_within = openai::keep_alive,
                                    .write_catalogue = openai::write_catalogue,
                                    .write_model = openai::write_model};

}  // namespace signalbox::dialects
