// The other half of the stage: what the core asks for, written down and held against the contract
// between core and host (effect.h, event.h, architecture.md section 2).
#include <algorithm>

#include "json/reader.h"
#include "stage.h"

namespace signalbox::scenario {
namespace {

std::vector<Field> copy(std::span<const Header> headers) {
  std::vector<Field> fields;
  for (const Header& header : headers) fields.push_back({std::string(header.name), std::string(header.value), false});
  return fields;
}

// The members of the report's own line, each with its JSON text.
std::vector<Field> report_fields(const Report& report) {
  std::string line;
  write_json_line(line, report);
  std::vector<Field> fields;
  json::Reader reader(line);
  if (reader.next() != json::Token::begin_object) return fields;
  while (reader.next() == json::Token::key) {
    Field field;
    field.name = std::string(reader.raw());
    if (const auto value = reader.skip_value()) field.value = std::string(*value);
    fields.push_back(std::move(field));
  }
  return fields;
}

std::string_view name_of(BodyMode mode) {
  switch (mode) {
    case BodyMode::pass: return "pass";
    case BodyMode::observe: return "observe";
    default: return "rewrite";
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = char(c + 32);
  return out;
}

// The header of `headers` that a host would have to choke on; empty when there is none.
std::string bad_header(const std::vector<Field>& headers, const std::vector<std::string_view>& host_owned) {
  for (const Field& field : headers) {
    const std::string name = lower(field.name);
    for (const std::string_view owned : host_owned)
      if (name == owned) return name;
    for (const char c : field.name + field.value)
      if (c == '\r' || c == '\n' || c == '\0') return name;
  }
  return {};
}

void append_entry(std::string& out, const Entry& entry) {
  Entry whole = entry;
  whole.origin = Origin::own;
  write_entry(out, whole);
}

}  // namespace

// One event, and all that is asked for in answer, in order.
void Stage::tell(const Event& event) {
  if (finished_) {
    if (!exchange_->handle(event, now_).effects.empty()) broken("an effect after Finish");
    return;
  }
  const Step step = exchange_->handle(event, now_);
  if (step.effects.empty() && step.wake_at_ms < now_.monotonic_ms) broken("wake_at lies in the past");
  wake_at_ms_ = step.wake_at_ms;
  for (const Effect& effect : step.effects) {
    if (finished_) broken("an effect behind Finish");
    perform(effect);
  }
  if (finished_ != exchange_->finished()) broken("finished() and Finish differ");
}

void Stage::perform(const Effect& effect) {
  if (auto* open = std::get_if<OpenUpstream>(&effect)) {
    if (attempts_.count(open->attempt) || open->attempt != attempts_.size() + 1) broken("attempts count from 1");
    if (answer_begun()) broken("an attempt after the commit point");
    if (request_released_) broken("an attempt after ReleaseRequest");
    for (auto& [number, earlier] : attempts_)
      if (earlier.open) broken("two attempts at once");
    Attempt& it = attempts_[open->attempt];
    it.open = true;
    for (const std::string_view piece : open->body) {
      it.body.push_back(piece);
      it.body_copy.append(piece);
    }
    Entry entry;
    entry.text = "upstream " + std::to_string(open->attempt) + " open " + std::string(open->method) + " " +
                 std::string(open->url);
    entry.fields = copy(open->headers);
    const std::string bad = bad_header(entry.fields, {"host", "content-length", "connection", "transfer-encoding"});
    if (!bad.empty()) broken("OpenUpstream has the header " + bad);
    entry.bytes = it.body_copy;
    if (it.body_copy == *request_) entry.origin = Origin::same;
    std::string essence;
    append_entry(essence, entry);
    essence_ += essence;
    add(std::move(entry));
    Entry lane;
    lane.sigil = '.';
    lane.text = "credential";
    static constexpr std::string_view places[] = {"none", "x-api-key", "bearer", "x-goog-api-key", "api-key"};
    lane.fields = {{"place", std::string(places[size_t(open->credential.place)]), false},
                   {"provider", std::string(open->credential.provider), false},
                   {"name", std::string(open->credential.credential), false}};
    add(std::move(lane));
    Entry times;
    times.sigil = '.';
    times.text = "timeouts";
    times.fields = {{"connect_ms", std::to_string(open->timeouts.connect_ms), false},
                    {"first_byte_ms", std::to_string(open->timeouts.first_byte_ms), false},
                    {"idle_ms", std::to_string(open->timeouts.idle_ms), false}};
    add(std::move(times));
  } else if (auto* cancel = std::get_if<CancelUpstream>(&effect)) {
    if (!attempts_.count(cancel->attempt)) return broken("an attempt is cancelled that was never opened");
    Attempt& it = attempts_[cancel->attempt];
    if (it.open) {
      Entry entry;
      entry.text = "upstream " + std::to_string(cancel->attempt) + " cancel";
      add(std::move(entry));
    }
    it.open = false;
  } else if (auto* head = std::get_if<SendClientHead>(&effect)) {
    if (head_sent_) broken("a second client head");
    head_sent_ = true;
    mode_ = head->mode;
    answering_ = head->attempt;
    announced_bytes_ = head->body_bytes;
    const bool answers = attempts_.count(answering_) && (attempts_[answering_].open || answering_ == ending_);
    if (mode_ != BodyMode::rewrite && !answers) broken("the answer is that of an attempt which is not open");
    Entry entry;
    entry.text = "client head " + std::to_string(head->status);
    entry.fields = copy(head->headers);
    const std::string bad = bad_header(entry.fields, {"transfer-encoding", "connection", "date"});
    if (!bad.empty()) broken("SendClientHead has the header " + bad);
    append_entry(essence_, entry);
    add(std::move(entry));
    add({'.', "mode " + std::string(name_of(mode_)), {}, {}, Origin::own});
  } else if (auto* body = std::get_if<SendClientBody>(&effect)) {
    if (!head_sent_) broken("a client body before its head");
    add_client_bytes(body->bytes, Origin::own);
  } else if (auto* release = std::get_if<ReleaseBody>(&effect)) {
    if (!attempts_.count(release->attempt)) return broken("bytes are released of an attempt that was never opened");
    Attempt& it = attempts_[release->attempt];
    if (release->bytes > it.window.size()) return broken("more is released than the window holds");
    const bool relayed = release->to == ReleaseTo::client;
    if (relayed && !head_sent_) broken("a client body before its head");
    // A head of our own names no attempt; from the first bytes on the answer is one attempt's alone.
    if (relayed && relaying_ == 0) relaying_ = mode_ == BodyMode::rewrite ? release->attempt : answering_;
    if (relayed && release->attempt != relaying_) broken("another attempt's bytes are released");
    add({'.',
         "upstream " + std::to_string(release->attempt) + " release " + std::to_string(release->bytes),
         {},
         {},
         Origin::own});
    const std::string out = it.window.substr(0, release->bytes);
    it.window.erase(0, release->bytes);
    if (relayed) add_client_bytes(out, it.window.empty() ? Origin::relayed : Origin::own);
  } else if (auto* decode = std::get_if<DecodeRequest>(&effect)) {
    const auto codings = capabilities_.request_codings;
    if (std::find(codings.begin(), codings.end(), decode->coding) == codings.end())
      broken("a coding that the host has not");
    if (!request_->empty() || request_whole_) broken("DecodeRequest behind the head");
    add({'.',
         "decode " + std::string(name_of(decode->coding)) + " " + std::to_string(decode->bytes_max),
         {},
         {},
         Origin::own});
  } else if (std::holds_alternative<ReleaseRequest>(effect)) {
    if (request_released_) broken("ReleaseRequest twice");
    check_request_views();
    request_released_ = true;
    std::fill(request_->begin(), request_->end(), char(0xDD));
    request_ = std::make_unique<std::string>();
    request_headers_.overwrite();
    std::fill(target_.begin(), target_.end(), char(0xDD));
    std::fill(method_.begin(), method_.end(), char(0xDD));
    for (auto& [number, it] : attempts_) it.body.clear();
    add({'.', "request released", {}, {}, Origin::own});
  } else if (auto* share = std::get_if<ShareState>(&effect)) {
    const std::string delta(share->delta);
    Gateway& other = serving_ == gateway_.get() ? *sister_ : *gateway_;
    if (!other.merge(delta)) broken("a sister does not take the delta");
    Entry entry;
    entry.sigil = '.';
    entry.text = "share";
    entry.bytes = delta;
    add(std::move(entry));
  } else if (auto* finish = std::get_if<Finish>(&effect)) {
    if (!request_released_) check_request_views();
    finished_ = true;
    if (!finish->report) return broken("Finish without a report");
    if (!head_sent_ && !client_gone_) broken("Finish without an answer");
    for (auto& [number, it] : attempts_)
      if (it.open) broken("attempt " + std::to_string(number) + " is neither ended nor cancelled at Finish");
    const bool complete = finish->ending == Ending::complete;
    if (complete && announced_bytes_ >= 0 && announced_bytes_ != client_bytes_)
      broken("a complete answer has other bytes than its head announced");
    Entry ending;
    ending.sigil = client_gone_ ? '.' : '<';  // nobody is there to see how it ends
    ending.text = complete ? "client end" : "client cut";
    essence_ += client_answer_ + "\n" + ending.text + "\n";
    add(std::move(ending));
    Entry report;
    report.sigil = '.';
    report.text = "report";
    report.fields = report_fields(*finish->report);
    append_entry(essence_, report);
    add(std::move(report));
  }
}

// Whether the client has more than a head of our own and comments, which say nothing yet.
bool Stage::answer_begun() const {
  if (!head_sent_) return false;
  if (mode_ != BodyMode::rewrite || relaying_ != 0) return true;
  for (std::string_view rest = client_answer_; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size() - 1);
    if (end > 0 && rest.front() != ':') return true;
    rest.remove_prefix(end + 1);
  }
  return false;
}

void Stage::add_client_bytes(std::string_view bytes, Origin origin) {
  if (bytes.empty()) return;
  client_answer_.append(bytes);
  client_bytes_ += int64_t(bytes.size());
  if (announced_bytes_ >= 0 && client_bytes_ > announced_bytes_) broken("more bytes than the client's head announced");
  if (head_request_) return;  // a host sends the head alone (RFC 9110 section 9.3.2)
  if (body_entry_ == SIZE_MAX) {
    body_entry_ = entries_.size();
    Entry entry;
    entry.text = "client body";
    entry.bytes = std::string(bytes);
    entry.origin = origin;
    return add(std::move(entry));
  }
  // What a socket shows has no borders: all of one statement is one run of bytes. It is `relayed` when
  // nothing of ours is in it and nothing of the upstream's is kept back behind it.
  Entry& entry = entries_[body_entry_];
  entry.bytes->append(bytes);
  entry.origin = origin;
}

// The gather list and the request's head stay what they were until the core lets go of them.
void Stage::check_request_views() {
  for (auto& [number, it] : attempts_) {
    if (!it.open || it.body.empty()) continue;
    std::string now;
    for (const std::string_view piece : it.body) now.append(piece);
    if (now != it.body_copy) broken("the request's bytes changed under an open attempt");
  }
}

std::vector<Entry> Stage::close() {
  entries_.clear();
  body_entry_ = SIZE_MAX;
  if (!exchange_) {
    return {};
  }
  if (!finished_) {
    broken("the exchange has not finished");
    exchange_.reset();
    return std::move(entries_);
  }
  // What is on its way while an exchange ends arrives after it, and must not matter.
  tell(Woken{});
  tell(ClientGone{});
  tell(ClientBody{"late", true});
  for (uint32_t number = 1; number <= attempts_.size() + 1; ++number) {
    tell(UpstreamSent{number});
    tell(UpstreamBody{number, "late", 4});
    tell(UpstreamFailed{number, FaultKind::upstream_reset});
    tell(UpstreamEnd{number, {}});
  }
  exchange_.reset();
  return std::move(entries_);
}

}  // namespace signalbox::scenario
