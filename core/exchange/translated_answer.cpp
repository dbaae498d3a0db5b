#include "exchange/translated_answer.h"

namespace signalbox::exchange {
namespace {

// Later counts replace earlier ones, each by itself (translation.md section 10).
void merge(Usage& into, const Usage& later) {
  auto take = [](int64_t& held, int64_t count) {
    if (count >= 0) held = count;
  };
  take(into.input_tokens, later.input_tokens);
  take(into.output_tokens, later.output_tokens);
  take(into.cache_read_tokens, later.cache_read_tokens);
  take(into.cache_creation_tokens, later.cache_creation_tokens);
  take(into.reasoning_tokens, later.reasoning_tokens);
}

}  // namespace

void TranslatedAnswer::feed(const sse::Frame& frame) {
  if (fault_ || seen_.terminal) return;
  decoder_->feed(frame, deltas_);
  pass_on();
}

void TranslatedAnswer::feed_whole(std::string_view body) {
  if (fault_ || seen_.terminal) return;
  decoder_->feed_whole(body, deltas_);
  pass_on();
}

void TranslatedAnswer::finish() {
  if (fault_ || seen_.terminal) return;
  decoder_->finish(deltas_);
  pass_on();
}

void TranslatedAnswer::pass_on() {
  for (const canonical::Delta& delta : deltas_.items()) {
    if (auto* failed = std::get_if<canonical::AnswerFailed>(&delta)) {
      fault_ = failed->fault;
      break;
    }
    if (canonical::is_content(delta)) seen_.content = true;
    if (auto* usage = std::get_if<canonical::UsageSeen>(&delta)) merge(seen_.usage, usage->usage);
    if (auto* stopped = std::get_if<canonical::Stopped>(&delta)) seen_.stop_reason = name_of(stopped->reason);
    if (std::holds_alternative<canonical::AnswerEnd>(delta)) seen_.terminal = true;
    encoder_->encode(delta, out_);
  }
  begun_ = begun_ || !out_.empty();
  deltas_.clear();
}

void TranslatedAnswer::fail(const Fault& fault) { encoder_->encode(canonical::AnswerFailed{fault}, out_); }

}  // namespace signalbox::exchange
