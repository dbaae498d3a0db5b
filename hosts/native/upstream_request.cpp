#include "upstream_request.h"

#include "http1/bytes.h"

namespace signalbox::native {

namespace {

bool take_scheme(std::string_view& url, std::string_view scheme) {
  if (url.size() < scheme.size() || !http1::same_name(url.substr(0, scheme.size()), scheme)) return false;
  url.remove_prefix(scheme.size());
  return true;
}

}  // namespace

bool split_url(std::string_view url, UrlParts& out) {
  if (http1::next_control(url.data(), 0, url.size()) != url.size() || url.find(' ') != url.npos) return false;
  out = {};
  if (take_scheme(url, "https://")) out.scheme = Scheme::https;
  else if (!take_scheme(url, "http://")) return false;
  url = url.substr(0, url.find('#'));
  size_t end = 0;
  while (end < url.size() && url[end] != '/' && url[end] != '?') ++end;
  out.authority = url.substr(0, end);
  out.target = url.substr(end);
  size_t at = out.authority.rfind('@');
  if (at != std::string_view::npos) {
    out.user = out.authority.substr(0, at);
    out.authority.remove_prefix(at + 1);
  }
  return !out.authority.empty() && out.authority[0] != ':';
}

bool can_be_sent(const AttemptRequest& request) {
  if (!http1::is_token(request.method)) return false;
  for (const Header& header : request.headers)
    if (!http1::is_token(header.name) || !http1::is_field_value(header.value)) return false;
  const Header& credential = request.credential;
  return credential.name.empty() || (http1::is_token(credential.name) && http1::is_field_value(credential.value));
}

bool is_framing(std::string_view name) {
  switch (name.size()) {
    case 4: return http1::same_name(name, "host");
    case 6: return http1::same_name(name, "expect");
    case 10: return http1::same_name(name, "connection") || http1::same_name(name, "keep-alive");
    case 14: return http1::same_name(name, "content-length");
    case 17: return http1::same_name(name, "transfer-encoding");
    default: return false;
  }
}

void Upload::assign(std::string_view head, std::span<const std::string_view> pieces) {
  clear();
  if (!head.empty()) pieces_.push_back(head);
  for (std::string_view piece : pieces) {
    if (piece.empty()) continue;
    pieces_.push_back(piece);
    body_bytes_ += piece.size();
  }
}

void Upload::rewind() {
  piece_ = 0;
  offset_ = 0;
}

void Upload::clear() {
  pieces_.clear();
  rewind();
  body_bytes_ = 0;
}

size_t Upload::peek(std::string_view* out, size_t out_max) const {
  size_t count = 0;
  for (size_t i = piece_; i < pieces_.size() && count < out_max; ++i)
    out[count++] = i == piece_ ? pieces_[i].substr(offset_) : pieces_[i];
  return count;
}

void Upload::advance(size_t bytes) {
  while (bytes > 0 && piece_ < pieces_.size()) {
    size_t left = pieces_[piece_].size() - offset_;
    if (bytes < left) {
      offset_ += bytes;
      return;
    }
    bytes -= left;
    ++piece_;
    offset_ = 0;
  }
}

}  // namespace signalbox::native
