#include "exchange/translated_answer.h"

namespace signalbox::exchange {

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
  if (stops_.looks()) stops_.take(deltas_.items(), searched_);
  const canonical::Deltas& passed = stops_.looks() ? searched_ : deltas_;
  for (const canonical::Delta& delta : passed.items()) {
    if (auto* failed = std::get_if<canonical::AnswerFailed>(&delta)) {
      fault_ = failed->fault;
      break;
    }
    if (canonical::is_content(delta)) seen_.content = true;
    if (auto* fragment = std::get_if<canonical::Fragment>(&delta)) said_bytes_ += fragment->text.size();
    if (auto* usage = std::get_if<canonical::UsageSeen>(&delta)) canonical::take_later(seen_.usage, usage->usage);
    if (auto* stopped = std::get_if<canonical::Stopped>(&delta)) seen_.stop_reason = name_of(stopped->reason);
    if (std::holds_alternative<canonical::AnswerEnd>(delta)) seen_.terminal = true;
    encoder_->encode(delta, out_);
  }
  begun_ = begun_ || !out_.empty();
  seen_.may_end = !fault_ && (seen_.terminal || decoder_->may_end());
  deltas_.clear();
  if (stops_.looks()) searched_.clear();
}

void TranslatedAnswer::fail(const Fault& fault) { encoder_->encode(canonical::AnswerFailed{fault}, out_); }

}  // namespace signalbox::exchange
