#include "upstream.h"

#include <algorithm>

namespace signalbox::simulation {
namespace {

using Kind = UpstreamStep::Kind;

const Trouble* trouble_of(const UpstreamRequest& request, const Plan& plan) {
  for (size_t i = 0; i < plan.troubles.size(); ++i) {
    const Trouble& trouble = plan.troubles[i];
    if (!trouble.there || trouble.provider != request.provider) continue;
    if (trouble.credential >= 0 && trouble.credential != request.credential) continue;
    if (request.at_ms < trouble.from_ms || request.at_ms >= trouble.to_ms) continue;
    if (Random(plan.seed, 100 + i, uint64_t(request.nonce * 64 + request.attempt)).percent(trouble.percent))
      return &trouble;
  }
  return nullptr;
}

class Writer {
 public:
  Writer(const UpstreamRequest& request, const Plan& plan, const Setting& setting)
      : request_(request),
        plan_(plan),
        provider_(setting.providers[size_t(request.provider)]),
        random_(plan.seed, 99, uint64_t(request.nonce * 64 + request.attempt)),
        ends_(plan.seed, 98, uint64_t(request.nonce * 64 + request.attempt)) {
    Said& said = script_.said;
    said.nonce = request.nonce;
    said.attempt = request.attempt;
    said.words = int(random_.between(1, 5));
    said.input_tokens = int(random_.between(1, 5'000));
    said.output_tokens = int(random_.between(2, 500));
    said.model = request.model;
  }

  UpstreamScript write() {
    const Trouble* trouble = trouble_of(request_, plan_);
    if (trouble) script_.trouble = trouble->kind;
    add(Kind::sent, random_.between(0, 20));
    latency_ms_ = random_.percent(90) ? random_.between(5, 300) : random_.between(300, 3'000);
    if (trouble) befall(*trouble);
    else good();
    keep_deadlines();
    if (plan_.hardships.cut_anywhere && ends_.percent(40)) end_with_bytes();
    return std::move(script_);
  }

 private:
  void add(Kind kind, int64_t after_ms, std::string bytes = {}, FaultKind fault = FaultKind::none) {
    script_.steps.push_back({kind, after_ms, std::move(bytes), fault});
  }

  void head(int status, std::string_view type) {
    script_.status = status;
    script_.headers.emplace_back("content-type", type);
    add(Kind::head, latency_ms_);
  }

  void fail(FaultKind kind, int64_t after_ms) {
    script_.fate = Fate::failing;
    add(Kind::failed, after_ms, {}, kind);
  }

  void error(int status, std::string_view type, std::string_view message) {
    script_.fate = Fate::failing;
    head(status, "application/json");
    script_.body = error_of(provider_.dialect, status, type, message);
    add(Kind::body, random_.between(0, 5), script_.body);
    add(Kind::end, 0);
  }

  void good() {
    head(200, request_.streamed ? "text/event-stream" : "application/json");
    std::vector<std::string> pieces;
    if (request_.streamed) {
      Frames frames = frames_of(provider_.dialect, script_.said);
      for (auto* list : {&frames.before, &frames.content, &frames.end})
        for (std::string& frame : *list) pieces.push_back(std::move(frame));
    } else {
      pieces.push_back(whole_of(provider_.dialect, script_.said));
    }
    // An event that its connection's end ends is one without its blank line, too (translation.md section 11.1).
    const bool blank_line = !request_.streamed || !plan_.hardships.cut_anywhere || !ends_.percent(15);
    if (!blank_line) pieces.back().resize(pieces.back().size() - (pieces.back().ends_with("\r\n\r\n") ? 2 : 1));
    for (const std::string& piece : pieces) script_.body += piece;
    script_.good_bytes = script_.body.size();
    const int64_t gap_ms = random_.percent(80) ? random_.between(0, 60) : random_.between(60, 900);
    if (plan_.hardships.cut_anywhere) pieces = cut_up(script_.body);
    for (std::string& piece : pieces) add(Kind::body, random_.between(0, gap_ms), std::move(piece));
    add(Kind::end, random_.between(0, 3));
  }

  std::vector<std::string> cut_up(const std::string& bytes) {
    std::vector<std::string> pieces;
    const int64_t most = random_.percent(10) ? 3 : random_.percent(50) ? 200 : 2'000;
    const size_t pieces_max = 64;
    for (size_t at = 0; at < bytes.size();) {
      const size_t n = pieces.size() + 1 == pieces_max ? bytes.size() - at
                                                       : std::min(bytes.size() - at, size_t(random_.between(1, most)));
      pieces.push_back(bytes.substr(at, n));
      at += n;
    }
    return pieces;
  }

  // A good answer up to a place before, or behind, its first word.
  void begin_well(bool late, bool half_frame) {
    head(200, request_.streamed ? "text/event-stream" : "application/json");
    if (request_.streamed) {
      const Frames frames = frames_of(provider_.dialect, script_.said);
      for (const std::string& frame : frames.before) script_.body += frame;
      const size_t said = late ? size_t(random_.between(1, script_.said.words)) : 0;
      for (size_t i = 0; i < said; ++i) script_.body += frames.content[i];
      if (!late && half_frame) script_.body += frames.content[0].substr(0, frames.content[0].size() / 2);
    } else {
      const std::string whole = whole_of(provider_.dialect, script_.said);
      script_.body = whole.substr(0, late ? whole.size() - 1 : whole.size() / 3);
    }
    script_.fate = Fate::failing;
    if (!script_.body.empty()) add(Kind::body, random_.between(0, 30), script_.body);
  }

  void befall(const Trouble& trouble) {
    const int64_t long_ms = 1'000'000'000;  // until a deadline ends it
    switch (trouble.kind) {
      case TroubleKind::refuses:
        script_.steps.clear();
        return fail(FaultKind::upstream_connect, random_.between(0, 30));
      case TroubleKind::no_connection:
        script_.steps.clear();
        return fail(FaultKind::upstream_connect_timeout, provider_.connect_ms);
      case TroubleKind::resets: return fail(FaultKind::upstream_reset, latency_ms_);
      case TroubleKind::no_head: return fail(FaultKind::upstream_first_byte_timeout, provider_.first_byte_ms);
      case TroubleKind::no_http: return fail(FaultKind::upstream_protocol, latency_ms_);
      case TroubleKind::limited:
        if (trouble.param >= 0) {
          script_.retry_after_ms = trouble.param;
          if (trouble.param % 1'000) script_.headers.emplace_back("retry-after-ms", std::to_string(trouble.param));
          else script_.headers.emplace_back("retry-after", std::to_string(trouble.param / 1'000));
        }
        return error(429, "", "too many requests");
      case TroubleKind::overloaded:
        return error(529, provider_.dialect == Dialect::anthropic ? "overloaded_error" : "", "busy");
      case TroubleKind::failing: return error(500, "", "something broke");
      case TroubleKind::not_again:
        script_.not_again = true;
        script_.headers.emplace_back("x-should-retry", "false");
        return error(500, "", "something broke for good");
      case TroubleKind::quotes_key:
        return error(500, "", std::string("key ") + quoted_key + " was not found in the pool");
      case TroubleKind::unauthorised: return error(401, "", "no such key");
      case TroubleKind::exhausted: return error(429, "insufficient_quota", "no money left");
      case TroubleKind::rejects:
        error(400, "", "temperature must be a number");
        script_.fate = Fate::rejected;
        return;
      case TroubleKind::overflows:
        error(400, "", "This model's maximum context length is 9 tokens");
        script_.fate = Fate::overflow;
        return;
      case TroubleKind::page:
        head(200, "text/html");
        script_.body = "<html>welcome</html>";
        break;
      case TroubleKind::garbage:
        head(200, request_.streamed ? "text/event-stream" : "application/json");
        script_.body = request_.streamed ? "data: {\"\xff\\u12\n\nfoo\n\n\xf0\x9f: x\n\n" : "{\"a\":[}";
        break;
      case TroubleKind::error_inside:
        begin_well(random_.percent(50), false);
        if (!request_.streamed) script_.body = error_of(provider_.dialect, 500, "", "inside");
        else script_.body += error_frame_of(provider_.dialect, "inside");
        script_.steps.back().kind == Kind::body ? void(script_.steps.back().bytes = script_.body)
                                                : add(Kind::body, 3, script_.body);
        add(Kind::end, 0);
        return;
      case TroubleKind::cut_early:
      case TroubleKind::cut_late:
        begin_well(trouble.kind == TroubleKind::cut_late, random_.percent(50));
        if (random_.percent(50)) add(Kind::end, 1);
        else add(Kind::failed, 1, {}, FaultKind::upstream_reset);
        return;
      case TroubleKind::silent_early:
      case TroubleKind::silent_late:
        begin_well(trouble.kind == TroubleKind::silent_late, random_.percent(50));
        add(Kind::end, long_ms);
        return;
      case TroubleKind::slow: latency_ms_ = random_.between(1'000, 30'000); return good();
      case TroubleKind::empty:
        script_.said.words = 0;
        script_.fate = Fate::empty;
        return good();
      case TroubleKind::count_: break;
    }
    script_.fate = Fate::failing;
    add(Kind::body, 1, script_.body);
    add(Kind::end, 1);
  }

  // The transport's: from the request sent to the head, and between two pieces of the answer.
  void keep_deadlines() {
    for (size_t i = 0; i < script_.steps.size(); ++i) {
      UpstreamStep& step = script_.steps[i];
      if (step.kind == Kind::sent || step.kind == Kind::failed) continue;
      const bool is_head = step.kind == Kind::head;
      const int64_t most_ms = is_head ? provider_.first_byte_ms : provider_.idle_ms;
      if (step.after_ms < most_ms) continue;
      script_.steps.resize(i);
      script_.fate = Fate::failing;
      return add(Kind::failed, most_ms, {},
                 is_head ? FaultKind::upstream_first_byte_timeout : FaultKind::upstream_idle_timeout);
    }
  }

  // The last bytes come together with the end, as they do from most hosts.
  void end_with_bytes() {
    auto& steps = script_.steps;
    const size_t n = steps.size();
    if (n < 2 || steps[n - 1].kind != Kind::end || steps[n - 1].after_ms > 100 || steps[n - 2].kind != Kind::body)
      return;
    steps[n - 1].bytes = std::move(steps[n - 2].bytes);
    steps[n - 1].after_ms = steps[n - 2].after_ms;
    steps.erase(steps.end() - 2);
  }

  const UpstreamRequest& request_;
  const Plan& plan_;
  const ProviderSpec& provider_;
  Random random_;
  Random ends_;  // how answers end
  int64_t latency_ms_ = 0;
  UpstreamScript script_;
};

}  // namespace

UpstreamScript answer_to(const UpstreamRequest& request, const Plan& plan, const Setting& setting) {
  return Writer(request, plan, setting).write();
}

}  // namespace signalbox::simulation
