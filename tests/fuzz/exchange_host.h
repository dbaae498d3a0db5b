// The host's side of one exchange under a fuzzer: it performs what is asked for, keeps the client's bytes, and
// stops the program when the core breaks a promise of effect.h or of translation.md sections 0.6 and 11.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "anthropic_stream_checker.h"
#include "dialects/dialect.h"
#include "require.h"
#include "signalbox/exchange.h"
#include "sse/frame_reader.h"

namespace signalbox::testing {

class Host {
 public:
  explicit Host(Exchange& exchange) : exchange_(exchange) {}

  void tell(const Event& event, Now now) {
    if (auto* end = std::get_if<UpstreamEnd>(&event)) ended(end->attempt);
    if (auto* failed = std::get_if<UpstreamFailed>(&event)) ended(failed->attempt);
    if (auto* piped = std::get_if<UpstreamPiped>(&event)) ended(piped->attempt);
    if (std::holds_alternative<ClientGone>(event)) client_gone_ = true;
    const Step step = exchange_.handle(event, now);
    require(!finished_ || step.effects.empty(), "nothing behind Finish");
    for (const Effect& effect : step.effects) {
      require(!finished_, "Finish is the last");
      std::visit([this](const auto& e) { perform(e); }, effect);
    }
    require(finished_ == exchange_.finished(), "finished() says what was said");
  }

  // The attempt the host has open, or had last.
  uint32_t attempt() const { return attempt_; }
  bool open() const { return open_; }
  bool pipes() const { return head_sent_ && mode_ == BodyMode::pass; }
  std::string& window() { return window_; }
  void asks_for(bool stream, bool anthropic) { streamed_ = stream, anthropic_ = anthropic; }

 private:
  void ended(uint32_t attempt) {
    if (attempt == attempt_) open_ = false;
  }

  void perform(const OpenUpstream& open) {
    require(!open_, "one attempt at a time");
    require(!request_released_, "no attempt behind ReleaseRequest");
    require(open.attempt == attempt_ + 1, "attempts are counted");
    for (size_t at = 0; at < client_.size(); at = client_.find('\n', at) + 1)
      require(client_[at] == ':' || client_[at] == '\n', "no attempt behind content", client_);
    require(!head_sent_ || mode_ == BodyMode::rewrite, "no attempt behind another's head");
    attempt_ = open.attempt;
    open_ = true;
    window_.clear();
    body_.assign(open.body.begin(), open.body.end());
    sent_ = joined();
    require(sent_.size() <= 16'384, "a request grows by little");
  }

  void perform(const CancelUpstream& cancel) {
    require(cancel.attempt >= 1 && cancel.attempt <= attempt_, "only what was opened is cancelled");
    if (cancel.attempt == attempt_) open_ = false;
  }

  void perform(const SendClientHead& head) {
    require(!head_sent_, "one head");
    require(head.status >= 100 && head.status < 600, "a status");
    head_sent_ = true;
    mode_ = head.mode;
    status_ = head.status;
  }

  void perform(const SendClientBody& body) {
    require(head_sent_, "a head before a body");
    client_ += body.bytes;
  }

  void perform(const ReleaseBody& release) {
    require(release.attempt == attempt_ && release.bytes <= window_.size(), "what is released is there");
    if (release.to == ReleaseTo::client) {
      require(head_sent_ && mode_ != BodyMode::pass, "a head before a body");
      require(relayed_ == 0 || relayed_ == release.attempt, "one attempt's bytes in an answer");
      relayed_ = release.attempt;
      client_.append(window_, 0, release.bytes);
    }
    window_.erase(0, release.bytes);
  }

  void perform(const DecodeRequest&) { require(false, "no coding beyond the host's"); }

  void perform(const ReleaseRequest&) {
    require(!request_released_, "ReleaseRequest once");
    request_released_ = true;
    require(joined() == sent_, "the request stays as it was until it is let go");
    body_.clear();
  }

  void perform(const ShareState&) {}
  void perform(const AwaitTurn&) {}
  void perform(const GiveTurn&) {}
  void perform(const AwaitTaking&) {}
  void perform(const SetPace&) {}
  void perform(const AskPlace&) {}

  void perform(const Finish& finish) {
    finished_ = true;
    require(!open_, "every attempt has ended or is cancelled");
    require(finish.report != nullptr, "a report");
    require(joined() == sent_ || request_released_, "the request stays as it was until it is let go");
    std::string line;
    write_json_line(line, *finish.report);
    write_terminal_line(line, *finish.report);
    if (client_gone_) return;
    require(head_sent_, "an answer");
    if (mode_ == BodyMode::pass) return;
    size_t speakers = 0;
    for (char n = '1'; n <= '9'; ++n) speakers += client_.find(std::string("said-in-attempt-") + n) != client_.npos;
    require(speakers <= 1, "one attempt's content in an answer", client_);
    if (finish.ending == Ending::complete && streamed_ && status_ == 200) check_stream_end();
  }

  // A stream never just stops.
  void check_stream_end() {
    if (anthropic_ && mode_ == BodyMode::rewrite && relayed_ == 0) {
      const AnthropicAnswer read = check_anthropic_stream(client_);
      if (!read.problems.empty()) require(false, read.problems.front().c_str(), client_);
      return;
    }
    const dialects::DialectRow& row = dialects::row_of(anthropic_ ? Dialect::anthropic : Dialect::openai_chat);
    dialects::Observation seen;
    sse::FrameReader reader(client_.size() + 1);
    sse::Frame frame;
    reader.feed(client_);
    while (reader.next(frame)) row.observe_frame(frame, seen);
    // What is left may be an end too, though its blank line is missing.
    if (reader.finish(frame)) row.observe_frame(frame, seen);
    require(seen.terminal || seen.may_end || seen.error, "an end, or an error that says why there is none", client_);
  }

  std::string joined() const {
    std::string all;
    for (const std::string_view piece : body_) all += piece;
    return all;
  }

  Exchange& exchange_;
  uint32_t attempt_ = 0, relayed_ = 0;
  bool open_ = false, finished_ = false, head_sent_ = false, request_released_ = false, client_gone_ = false;
  bool streamed_ = false, anthropic_ = false;
  int status_ = 0;
  BodyMode mode_ = BodyMode::rewrite;
  std::string window_;  // of the attempt's answer
  std::string client_;  // what the client has got
  std::vector<std::string_view> body_;
  std::string sent_;
};

}  // namespace signalbox::testing
