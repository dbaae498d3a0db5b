// Members as the providers' SDKs have them in autumn 2026, and those of other vendors that speak their dialects.
#include "answer_probes.h"

namespace signalbox::native {
namespace {

// clang-format off
constexpr std::string_view messages_pattern = R"({"id":"%id%","type":"message","role":"assistant","model":"up","content":[%content%],%stop%,"usage":{%usage%}%more%})";
constexpr Hole messages_holes[] = {
    {"id", "msg_1"},
    {"content", R"({"type":"text","text":"hello"})"},
    {"stop", R"("stop_reason":"end_turn","stop_sequence":null)"},
    {"usage", R"("input_tokens":3,"output_tokens":2)"},
    {"more", ""},
};
constexpr AnswerProbe messages_probes[] = {
    {"id", "id", "msg_MARK", "MARK"},
    {"text", "content", R"({"type":"text","text":"MARK"})", "MARK"},
    {"text.citations", "content", R"({"type":"text","text":"hello","citations":[{"type":"web_search_result_location","url":"https://MARK.example","title":"t","cited_text":"c","encrypted_index":"e"}]})", "MARK"},
    {"thinking", "content", R"({"type":"thinking","thinking":"MARK","signature":"EqQBCkYIAxgC"},{"type":"text","text":"hello"})", "MARK"},
    {"thinking.signature", "content", R"({"type":"thinking","thinking":"why","signature":"EqQBCkYIAxgC"},{"type":"text","text":"hello"})", "EqQBCkYIAxgC", R"({"type":"thinking","thinking":"why","signature":""},{"type":"text","text":"hello"})"},
    {"thinking.signature, before a call", "content", R"({"type":"thinking","thinking":"why","signature":"EqQBCkYIAxgC"},{"type":"tool_use","id":"toolu_1","name":"t","input":{}})", "EqQBCkYIAxgC", R"({"type":"thinking","thinking":"why","signature":""},{"type":"tool_use","id":"toolu_1","name":"t","input":{}})"},
    {"redacted_thinking", "content", R"({"type":"redacted_thinking","data":"EqQBCkYIAxgC"},{"type":"text","text":"hello"})", "EqQBCkYIAxgC"},
    {"redacted_thinking, before a call", "content", R"({"type":"redacted_thinking","data":"EqQBCkYIAxgC"},{"type":"tool_use","id":"toolu_1","name":"t","input":{}})", "EqQBCkYIAxgC", R"({"type":"tool_use","id":"toolu_1","name":"t","input":{}})"},
    {"tool_use", "content", R"({"type":"tool_use","id":"toolu_1","name":"MARK","input":{}})", "MARK"},
    {"tool_use.id", "content", R"({"type":"tool_use","id":"toolu_MARK","name":"t","input":{}})", "MARK", R"({"type":"tool_use","id":"toolu_1","name":"t","input":{}})"},
    {"tool_use.input", "content", R"({"type":"tool_use","id":"toolu_1","name":"t","input":{"a":"MARK"}})", "MARK", R"({"type":"tool_use","id":"toolu_1","name":"t","input":{}})"},
    {"server_tool_use: web_search", "content", R"({"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"MARK"}},{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]},{"type":"text","text":"hello"})", "MARK"},
    {"web_search_tool_result", "content", R"({"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"q"}},{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[{"type":"web_search_result","url":"https://MARK.example","title":"t","encrypted_content":"e"}]},{"type":"text","text":"hello"})", "MARK", R"({"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"q"}},{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]},{"type":"text","text":"hello"})"},
    {"code_execution_tool_result", "content", R"({"type":"code_execution_tool_result","tool_use_id":"srvtoolu_1","content":{"type":"code_execution_result","stdout":"MARK"}},{"type":"text","text":"hello"})", "MARK"},
    {"a block that nobody knows", "content", R"({"type":"unheard_of","value":"MARK"},{"type":"text","text":"hello"})", "MARK"},
    {"stop_reason: max_tokens", "stop", R"("stop_reason":"max_tokens","stop_sequence":null)"},
    {"stop_reason: model_context_window_exceeded", "stop", R"("stop_reason":"model_context_window_exceeded","stop_sequence":null)"},
    {"stop_reason: refusal", "stop", R"("stop_reason":"refusal","stop_sequence":null)"},
    {"stop_reason: pause_turn", "stop", R"("stop_reason":"pause_turn","stop_sequence":null)"},
    {"stop_sequence", "stop", R"("stop_reason":"stop_sequence","stop_sequence":"MARK")", "MARK"},
    {"stop_reason: a word that nobody knows", "stop", R"("stop_reason":"unheard_of","stop_sequence":null)"},
    {"stop_details", "stop", R"("stop_reason":"refusal","stop_sequence":null,"stop_details":{"type":"refusal","explanation":"MARK"})", "MARK", R"("stop_reason":"refusal","stop_sequence":null)"},
    {"usage.input_tokens", "usage", R"("input_tokens":1777,"output_tokens":2)", "1777"},
    {"usage.output_tokens", "usage", R"("input_tokens":3,"output_tokens":1777)", "1777"},
    {"usage.cache_read_input_tokens", "usage", R"("input_tokens":3,"output_tokens":2,"cache_read_input_tokens":1777)", "1777"},
    {"usage.cache_creation_input_tokens", "usage", R"("input_tokens":3,"output_tokens":2,"cache_creation_input_tokens":1777)", "1777"},
    {"usage.cache_creation (by its lifetime)", "usage", R"("input_tokens":3,"output_tokens":2,"cache_creation":{"ephemeral_1h_input_tokens":1777})", "1777"},
    {"usage.output_tokens_details.thinking_tokens", "usage", R"("input_tokens":3,"output_tokens":1999,"output_tokens_details":{"thinking_tokens":1777})", "1777", R"("input_tokens":3,"output_tokens":1999)"},
    {"usage.server_tool_use", "usage", R"("input_tokens":3,"output_tokens":2,"server_tool_use":{"web_search_requests":1777})", "1777"},
    {"usage.service_tier", "usage", R"("input_tokens":3,"output_tokens":2,"service_tier":"priority")", "priority"},
    {"container", "more", R"(,"container":{"id":"MARK","expires_at":"2026-11-22T00:00:00Z"})", "MARK"},
    {"error", "", R"({"type":"error","error":{"type":"overloaded_error","message":"MARK"}})", "MARK"},
};

constexpr std::string_view chat_pattern = R"({"id":"%id%","object":"chat.completion","created":1,"model":"up","choices":[{"index":0,"message":{"role":"assistant",%message%},%choice%}%choices%],"usage":{%usage%}%more%})";
constexpr Hole chat_holes[] = {
    {"id", "chatcmpl-1"},
    {"message", R"("content":"hello")"},
    {"choice", R"("finish_reason":"stop")"},
    {"choices", ""},
    {"usage", R"("prompt_tokens":3,"completion_tokens":2)"},
    {"more", ""},
};
constexpr AnswerProbe chat_probes[] = {
    {"id", "id", "chatcmpl-MARK", "MARK"},
    {"message.content", "message", R"("content":"MARK")", "MARK"},
    {"message.content (parts)", "message", R"("content":[{"type":"text","text":"MARK"}])", "MARK"},
    {"message.content: a part that nobody knows", "message", R"("content":[{"type":"text","text":"hello"},{"type":"unheard_of","value":"MARK"}])", "MARK"},
    {"message.refusal", "message", R"("content":null,"refusal":"MARK")", "MARK"},
    {"message.reasoning_content", "message", R"("reasoning_content":"MARK","content":"hello")", "MARK"},
    {"message.reasoning (OpenRouter)", "message", R"("reasoning":"MARK","content":"hello")", "MARK"},
    {"message.reasoning_details: encrypted", "message", R"("reasoning_details":[{"type":"reasoning.encrypted","data":"MARK"}],"content":"hello")", "MARK"},
    {"message.tool_calls", "message", R"("tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"MARK","arguments":"{}"}}])", "MARK"},
    {"message.tool_calls[].id", "message", R"("tool_calls":[{"index":0,"id":"call_MARK","type":"function","function":{"name":"t","arguments":"{}"}}])", "MARK", R"("tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"t","arguments":"{}"}}])"},
    {"message.tool_calls[].function.arguments", "message", R"("tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"t","arguments":"{\"a\":\"MARK\"}"}}])", "MARK", R"("tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"t","arguments":"{}"}}])"},
    {"message.tool_calls[].extra_content (Google)", "message", R"("tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"t","arguments":"{}"},"extra_content":{"google":{"thought_signature":"TUFSSw=="}}}])", "TUFSSw==", R"("tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"t","arguments":"{}"}}])"},
    {"message.function_call", "message", R"("function_call":{"name":"MARK","arguments":"{}"})", "MARK"},
    {"message.annotations", "message", R"("content":"hello","annotations":[{"type":"url_citation","url_citation":{"url":"https://MARK.example","title":"t","start_index":0,"end_index":5}}])", "MARK"},
    {"message.audio", "message", R"("content":"hello","audio":{"id":"audio_1","data":"TUFSSw==","transcript":"MARK"})", "MARK"},
    {"message.images (OpenRouter)", "message", R"("content":"hello","images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,TUFSSw=="}}])", "TUFSSw=="},
    {"message: a member that nobody knows", "message", R"("content":"hello","unheard_of":"MARK")", "MARK"},
    {"logprobs", "choice", R"("logprobs":{"content":[{"token":"MARK","logprob":-0.5,"bytes":null,"top_logprobs":[]}]},"finish_reason":"stop")", "MARK"},
    {"finish_reason: length", "choice", R"("finish_reason":"length")"},
    {"finish_reason: content_filter", "choice", R"("finish_reason":"content_filter")"},
    {"finish_reason: a word that nobody knows", "choice", R"("finish_reason":"unheard_of")"},
    {"matched_stop (SGLang, vLLM)", "choice", R"("finish_reason":"stop","matched_stop":"MARK")", "MARK"},
    {"choices: a second one", "choices", R"(,{"index":1,"message":{"role":"assistant","content":"MARK"},"finish_reason":"stop"})", "MARK"},
    {"usage.prompt_tokens", "usage", R"("prompt_tokens":1777,"completion_tokens":2)", "1777"},
    {"usage.completion_tokens", "usage", R"("prompt_tokens":3,"completion_tokens":1777)", "1777"},
    {"usage: cached_tokens", "usage", R"("prompt_tokens":1999,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1777})", "1777", R"("prompt_tokens":1999,"completion_tokens":2)"},
    {"usage: cache_write_tokens", "usage", R"("prompt_tokens":1999,"completion_tokens":2,"prompt_tokens_details":{"cache_write_tokens":1777})", "1777", R"("prompt_tokens":1999,"completion_tokens":2)"},
    {"usage: reasoning_tokens", "usage", R"("prompt_tokens":3,"completion_tokens":1999,"completion_tokens_details":{"reasoning_tokens":1777})", "1777", R"("prompt_tokens":3,"completion_tokens":1999)"},
    {"usage: audio_tokens, accepted_prediction_tokens", "usage", R"("prompt_tokens":3,"completion_tokens":1999,"completion_tokens_details":{"audio_tokens":1777,"accepted_prediction_tokens":1777})", "1777", R"("prompt_tokens":3,"completion_tokens":1999)"},
    {"citations (Perplexity)", "more", R"(,"citations":["https://MARK.example"])", "MARK"},
    {"service_tier", "more", R"(,"service_tier":"priority")", "priority"},
    {"system_fingerprint", "more", R"(,"system_fingerprint":"fp_MARK")", "MARK"},
    {"error", "", R"({"error":{"message":"MARK","type":"server_error","param":null,"code":null}})", "MARK"},
};

constexpr std::string_view responses_pattern = R"({"id":"%id%","object":"response","created_at":1,"model":"up",%status%,"error":null,"output":[%output%],"usage":{%usage%}%more%})";
constexpr Hole responses_holes[] = {
    {"id", "resp_1"},
    {"status", R"("status":"completed","incomplete_details":null)"},
    {"output", R"({"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hello","annotations":[],"logprobs":[]}]})"},
    {"usage", R"("input_tokens":3,"output_tokens":2,"total_tokens":5)"},
    {"more", ""},
};
constexpr AnswerProbe responses_probes[] = {
    {"id", "id", "resp_MARK", "MARK"},
    {"output_text", "output", R"({"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"MARK","annotations":[]}]})", "MARK"},
    {"output_text.annotations", "output", R"({"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hello","annotations":[{"type":"url_citation","url":"https://MARK.example","title":"t","start_index":0,"end_index":5}]}]})", "MARK"},
    {"output_text.logprobs", "output", R"({"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hello","annotations":[],"logprobs":[{"token":"MARK","logprob":-0.5,"bytes":[],"top_logprobs":[]}]}]})", "MARK"},
    {"refusal", "output", R"({"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"refusal","refusal":"MARK"}]})", "MARK"},
    {"message.phase", "output", R"({"id":"msg_1","type":"message","role":"assistant","status":"completed","phase":"final_answer","content":[{"type":"output_text","text":"hello","annotations":[]}]})", "final_answer"},
    {"reasoning.summary", "output", R"({"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"MARK"}]},{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hello","annotations":[]}]})", "MARK"},
    {"reasoning.content", "output", R"({"id":"rs_1","type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"MARK"}]},{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hello","annotations":[]}]})", "MARK"},
    {"reasoning.encrypted_content", "output", R"({"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"gAAAAMARK"},{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hello","annotations":[]}]})", "gAAAAMARK"},
    {"reasoning.encrypted_content, before a call", "output", R"({"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"gAAAAMARK"},{"id":"fc_1","type":"function_call","status":"completed","call_id":"call_1","name":"t","arguments":"{}"})", "gAAAAMARK", R"({"id":"fc_1","type":"function_call","status":"completed","call_id":"call_1","name":"t","arguments":"{}"})"},
    {"function_call", "output", R"({"id":"fc_1","type":"function_call","status":"completed","call_id":"call_1","name":"MARK","arguments":"{}"})", "MARK"},
    {"function_call.call_id", "output", R"({"id":"fc_1","type":"function_call","status":"completed","call_id":"call_MARK","name":"t","arguments":"{}"})", "MARK", R"({"id":"fc_1","type":"function_call","status":"completed","call_id":"call_1","name":"t","arguments":"{}"})"},
    {"function_call.arguments", "output", R"({"id":"fc_1","type":"function_call","status":"completed","call_id":"call_1","name":"t","arguments":"{\"a\":\"MARK\"}"})", "MARK", R"({"id":"fc_1","type":"function_call","status":"completed","call_id":"call_1","name":"t","arguments":"{}"})"},
    {"function_call.namespace", "output", R"({"id":"fc_1","type":"function_call","status":"completed","call_id":"call_1","namespace":"MARK","name":"t","arguments":"{}"})", "MARK", R"({"id":"fc_1","type":"function_call","status":"completed","call_id":"call_1","name":"t","arguments":"{}"})"},
    {"custom_tool_call.input", "output", R"({"id":"ctc_1","type":"custom_tool_call","status":"completed","call_id":"call_1","name":"t","input":"MARK"})", "MARK", R"({"id":"ctc_1","type":"custom_tool_call","status":"completed","call_id":"call_1","name":"t","input":""})"},
    {"web_search_call", "output", R"({"id":"ws_1","type":"web_search_call","status":"completed","action":{"type":"search","query":"MARK"}},{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hello","annotations":[]}]})", "MARK"},
    {"web_search_call.action.sources", "output", R"({"id":"ws_1","type":"web_search_call","status":"completed","action":{"type":"search","query":"q","sources":[{"type":"url","url":"https://MARK.example"}]}},{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hello","annotations":[]}]})", "MARK", R"({"id":"ws_1","type":"web_search_call","status":"completed","action":{"type":"search","query":"q"}},{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hello","annotations":[]}]})"},
    {"code_interpreter_call", "output", R"({"id":"ci_1","type":"code_interpreter_call","status":"completed","container_id":"c","code":"MARK","outputs":[]},{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hello","annotations":[]}]})", "MARK"},
    {"image_generation_call", "output", R"({"id":"ig_1","type":"image_generation_call","status":"completed","result":"TUFSSw=="},{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hello","annotations":[]}]})", "TUFSSw=="},
    {"compaction", "output", R"({"id":"cmp_1","type":"compaction","encrypted_content":"gAAAAMARK"},{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hello","annotations":[]}]})", "gAAAAMARK"},
    {"message: a member that nobody knows", "output", R"({"id":"msg_1","type":"message","role":"assistant","status":"completed","unheard_of":"MARK","content":[{"type":"output_text","text":"hello","annotations":[]}]})", "MARK"},
    {"incomplete: max_output_tokens", "status", R"("status":"incomplete","incomplete_details":{"reason":"max_output_tokens"})"},
    {"incomplete: content_filter", "status", R"("status":"incomplete","incomplete_details":{"reason":"content_filter"})"},
    {"incomplete: a word that nobody knows", "status", R"("status":"incomplete","incomplete_details":{"reason":"unheard_of"})"},
    {"usage.input_tokens", "usage", R"("input_tokens":1777,"output_tokens":2)", "1777"},
    {"usage.output_tokens", "usage", R"("input_tokens":3,"output_tokens":1777)", "1777"},
    {"usage: cached_tokens", "usage", R"("input_tokens":1999,"output_tokens":2,"input_tokens_details":{"cached_tokens":1777})", "1777", R"("input_tokens":1999,"output_tokens":2)"},
    {"usage: cache_write_tokens", "usage", R"("input_tokens":1999,"output_tokens":2,"input_tokens_details":{"cache_write_tokens":1777})", "1777", R"("input_tokens":1999,"output_tokens":2)"},
    {"usage: reasoning_tokens", "usage", R"("input_tokens":3,"output_tokens":1999,"output_tokens_details":{"reasoning_tokens":1777})", "1777", R"("input_tokens":3,"output_tokens":1999)"},
    {"service_tier", "more", R"(,"service_tier":"priority")", "priority"},
    {"error", "", R"({"id":"resp_1","object":"response","status":"failed","error":{"code":"server_error","message":"MARK"},"output":[]})", "MARK"},
};

constexpr std::string_view gemini_pattern = R"({"responseId":"%id%","modelVersion":"up","candidates":[{"index":0,"content":{"role":"model","parts":[%parts%]},%candidate%}%candidates%],"usageMetadata":{%usage%}%more%})";
constexpr Hole gemini_holes[] = {
    {"id", "r1"},
    {"parts", R"({"text":"hello"})"},
    {"candidate", R"("finishReason":"STOP")"},
    {"candidates", ""},
    {"usage", R"("promptTokenCount":3,"candidatesTokenCount":2)"},
    {"more", ""},
};
constexpr AnswerProbe gemini_probes[] = {
    {"responseId", "id", "MARK", "MARK"},
    {"text", "parts", R"({"text":"MARK"})", "MARK"},
    {"thought", "parts", R"({"text":"MARK","thought":true},{"text":"hello"})", "MARK"},
    {"thoughtSignature of a text", "parts", R"({"text":"hello","thoughtSignature":"TUFSSw=="})", "TUFSSw=="},
    {"thoughtSignature of a call", "parts", R"({"functionCall":{"name":"t","args":{}},"thoughtSignature":"TUFSSw=="})", "TUFSSw==", R"({"functionCall":{"name":"t","args":{}}})"},
    {"functionCall", "parts", R"({"functionCall":{"name":"MARK","args":{}}})", "MARK"},
    {"functionCall.id", "parts", R"({"functionCall":{"id":"call_MARK","name":"t","args":{}}})", "MARK", R"({"functionCall":{"id":"call_1","name":"t","args":{}}})"},
    {"functionCall.args", "parts", R"({"functionCall":{"name":"t","args":{"a":"MARK"}}})", "MARK", R"({"functionCall":{"name":"t","args":{}}})"},
    {"inlineData (image)", "parts", R"({"text":"hello"},{"inlineData":{"mimeType":"image/png","data":"TUFSSw=="}})", "TUFSSw=="},
    {"inlineData (audio)", "parts", R"({"text":"hello"},{"inlineData":{"mimeType":"audio/wav","data":"TUFSSw=="}})", "TUFSSw=="},
    {"executableCode", "parts", R"({"executableCode":{"language":"PYTHON","code":"MARK"}},{"text":"hello"})", "MARK"},
    {"a part that nobody knows", "parts", R"({"unheardOf":"MARK"},{"text":"hello"})", "MARK"},
    {"groundingMetadata.webSearchQueries", "candidate", R"("finishReason":"STOP","groundingMetadata":{"webSearchQueries":["MARK"]})", "MARK"},
    {"groundingMetadata.groundingChunks", "candidate", R"("finishReason":"STOP","groundingMetadata":{"webSearchQueries":["q"],"groundingChunks":[{"web":{"uri":"https://MARK.example","title":"t"}}]})", "MARK", R"("finishReason":"STOP","groundingMetadata":{"webSearchQueries":["q"]})"},
    {"groundingMetadata.groundingSupports", "candidate", R"("finishReason":"STOP","groundingMetadata":{"webSearchQueries":["q"],"groundingSupports":[{"segment":{"endIndex":5,"text":"MARK"},"groundingChunkIndices":[0]}]})", "MARK", R"("finishReason":"STOP","groundingMetadata":{"webSearchQueries":["q"]})"},
    {"citationMetadata", "candidate", R"("finishReason":"STOP","citationMetadata":{"citationSources":[{"uri":"https://MARK.example"}]})", "MARK"},
    {"urlContextMetadata", "candidate", R"("finishReason":"STOP","urlContextMetadata":{"urlMetadata":[{"retrievedUrl":"https://MARK.example"}]})", "MARK"},
    {"logprobsResult", "candidate", R"("finishReason":"STOP","logprobsResult":{"chosenCandidates":[{"token":"MARK","logProbability":-0.5}]})", "MARK"},
    {"avgLogprobs", "candidate", R"("finishReason":"STOP","avgLogprobs":-0.1777)", "1777"},
    {"safetyRatings", "candidate", R"("finishReason":"STOP","safetyRatings":[{"category":"HARM_CATEGORY_HARASSMENT","probability":"NEGLIGIBLE"}])", "NEGLIGIBLE"},
    {"finishReason: MAX_TOKENS", "candidate", R"("finishReason":"MAX_TOKENS")"},
    {"finishReason: SAFETY", "candidate", R"("finishReason":"SAFETY")"},
    {"finishReason: MALFORMED_FUNCTION_CALL", "candidate", R"("finishReason":"MALFORMED_FUNCTION_CALL")"},
    {"finishReason: a word that nobody knows", "candidate", R"("finishReason":"UNHEARD_OF")"},
    {"candidates: a second one", "candidates", R"(,{"index":1,"content":{"role":"model","parts":[{"text":"MARK"}]},"finishReason":"STOP"})", "MARK"},
    {"promptTokenCount", "usage", R"("promptTokenCount":1777,"candidatesTokenCount":2)", "1777"},
    {"candidatesTokenCount", "usage", R"("promptTokenCount":3,"candidatesTokenCount":1777)", "1777"},
    {"cachedContentTokenCount", "usage", R"("promptTokenCount":1999,"candidatesTokenCount":2,"cachedContentTokenCount":1777)", "1777", R"("promptTokenCount":1999,"candidatesTokenCount":2)"},
    {"toolUsePromptTokenCount", "usage", R"("promptTokenCount":3,"candidatesTokenCount":2,"toolUsePromptTokenCount":1774)", "1777"},
    {"thoughtsTokenCount", "usage", R"("promptTokenCount":3,"candidatesTokenCount":2,"thoughtsTokenCount":1777)", "1777"},
    {"promptTokensDetails (by modality)", "usage", R"("promptTokenCount":1999,"candidatesTokenCount":2,"promptTokensDetails":[{"modality":"AUDIO","tokenCount":1777}])", "1777", R"("promptTokenCount":1999,"candidatesTokenCount":2)"},
    {"promptFeedback.blockReason", "", R"({"responseId":"r1","promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":3}})"},
    {"error", "", R"({"error":{"code":503,"message":"MARK","status":"UNAVAILABLE"}})", "MARK"},
};
// clang-format on

constexpr AnswerProbes lists[] = {
    {Dialect::anthropic, messages_pattern, messages_holes, messages_probes},
    {Dialect::openai_chat, chat_pattern, chat_holes, chat_probes},
    {Dialect::openai_responses, responses_pattern, responses_holes, responses_probes},
    {Dialect::gemini, gemini_pattern, gemini_holes, gemini_probes},
};

}  // namespace

constinit const std::span<const AnswerProbes> all_answer_probes = lists;

}  // namespace signalbox::native
