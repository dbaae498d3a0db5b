// The body of a request, from the socket to the window that the handler sees.
//
//   one that fits behind its head   is read there, and taken out of its chunks where it stands
//   a larger one                    has a BodyBuffer, of the announced size, or growing where it comes in chunks
//   one in a content coding         has a growing BodyBuffer for what comes out of it; behind the head stand only the
//                                   coded bytes of one read, which are decoded in pieces
#include <algorithm>
#include <cstring>

#include "client_connection.h"

namespace signalbox::native {

namespace {

// One read of a large body: more would only keep other connections waiting.
constexpr size_t receive_bytes_max = 256 << 10;

// A body of unknown length begins with this, and so does what comes out of a coding.
constexpr size_t growing_bytes_min = RequestBuffer::bytes_max * 4;

// One turn of the loop decodes this much, of all connections together: about a millisecond of it, also where a bomb comes out
// of it or where a coding spends its bytes on tables instead of content.
constexpr size_t coded_bytes_a_piece = (16 << 10) / Loop::pieces_per_turn;
constexpr size_t decoded_bytes_a_piece = (256 << 10) / Loop::pieces_per_turn;

}  // namespace

// A body of known length that does not fit behind its head gets memory of its own, once.
bool ClientConnection::place_body() {
  if (coded_body_) return bool(body_ = host_.buffers().take_decoded_body(growing_bytes_min));
  if (framing_ != http1::Framing::length || content_ + uint64_t(length_) <= RequestBuffer::bytes_max) return true;
  body_ = host_.buffers().take_body(size_t(length_));
  if (!body_) return false;
  body_bytes_ = end_ - content_;  // all of it is body: the body is longer than the buffer
  std::memcpy(body_.data(), buffer_->bytes + content_, body_bytes_);
  end_ = content_;
  return true;
}

ClientConnection::Progress ClientConnection::read_body() {
  if (released_) return Progress::stuck;
  if (coded_body_) return take_coded_body();
  return framing_ == http1::Framing::chunked ? take_chunked_body() : take_length_body();
}

ClientConnection::Progress ClientConnection::take_length_body() {
  if (body_) return Progress::stuck;  // grows in receive
  const size_t there = std::min(size_t(end_ - content_), size_t(length_));
  if (there == body_bytes_) return Progress::stuck;
  body_bytes_ = there;
  const bool last = there == size_t(length_);
  if (last) {
    rest_ = content_ + uint32_t(length_);
    state_ = State::answering;
  }
  tell_body(last);
  return Progress::more;
}

// In the buffer:    | head | content | coded, fresh | room |
// What is decoded joins the content; when all is decoded the next read goes right behind it.
ClientConnection::Progress ClientConnection::take_chunked_body() {
  if (coded_ == end_ || body_) return Progress::stuck;
  char* const content = buffer_->bytes + content_ + body_bytes_;
  const auto r = decoder_.feed(buffer_->bytes + coded_, end_ - coded_, content);
  body_bytes_ += r.produced;
  coded_ += uint32_t(r.consumed);
  if (r.outcome == http1::Outcome::refused) {
    body_failed({FaultKind::bad_request});
    return Progress::stuck;
  }
  const bool last = r.outcome == http1::Outcome::complete;
  if (last) {
    rest_ = coded_;
    state_ = State::answering;
  } else {
    end_ = coded_ = content_ + uint32_t(body_bytes_);
  }
  if (last || r.produced > 0) tell_body(last);
  return Progress::more;
}

// One read of a body that has memory of its own.
bool ClientConnection::receive_body() {
  size_t got = 0;
  if (framing_ == http1::Framing::length) {
    const size_t room = std::min(size_t(length_) - body_bytes_, receive_bytes_max);
    if (!receive_into(body_.data() + body_bytes_, room, got)) return false;
    body_bytes_ += got;
    const bool last = body_bytes_ == size_t(length_);
    if (last) {
      rest_ = content_;
      state_ = State::answering;
    }
    tell_body(last);
    return true;
  }
  // Chunked: no more at once than fits in the buffer, should it belong to the next request.
  const size_t room = RequestBuffer::bytes_max - content_;
  const int64_t allowed = host_.limits().request_bytes_max + int64_t(room);
  if (body_bytes_ + room > body_.capacity()) {
    if (int64_t(body_bytes_) > allowed || !body_.reserve(std::max(body_.capacity() * 2, body_bytes_ + room))) {
      body_failed({FaultKind::request_too_large});
      return false;
    }
  }
  char* const fresh = body_.data() + body_bytes_;
  if (!receive_into(fresh, room, got)) return false;
  const auto r = decoder_.feed(fresh, got, fresh);
  body_bytes_ += r.produced;
  if (r.outcome == http1::Outcome::refused) {
    body_failed({FaultKind::bad_request});
    return false;
  }
  const bool last = r.outcome == http1::Outcome::complete;
  if (last) {
    std::memcpy(buffer_->bytes + content_, fresh + r.consumed, got - r.consumed);
    rest_ = content_;
    end_ = content_ + uint32_t(got - r.consumed);
    state_ = State::answering;
  }
  if (last || r.produced > 0) tell_body(last);
  return true;
}

// A chunked body outgrows the place behind its head.
bool ClientConnection::move_body() {
  body_ = host_.buffers().take_body(growing_bytes_min);
  if (!body_) {
    body_failed({FaultKind::overloaded});
    return false;
  }
  std::memcpy(body_.data(), buffer_->bytes + content_, body_bytes_);
  end_ = coded_ = content_;
  return true;
}

void ClientConnection::decode_request(const DecodeRequest& decode) {
  coded_body_ = std::make_unique<CodedBody>();
  coded_body_->coding = decode.coding;
  coded_body_->bytes_max = decode.bytes_max;
  coded_body_->decoder = make_content_decoder(decode.coding);
}

// Whether there is something to decode, or to be read for it, that waits for a piece of the loop's.
bool ClientConnection::decoding() const {
  if (!coded_body_ || released_) return false;
  const CodedBody& coded = *coded_body_;
  return readable_ || coded.holds_more || coded_ < (coded.whole ? coded.ready_end : end_);
}

void ClientConnection::on_piece() {
  // Nobody waits for what would come out of it.
  if (coded_body_ && (reset_ || (peer_closed_ && coded_body_->whole))) return lost();
  in_piece_ = true;
  pump();
  in_piece_ = false;
}

// In the buffer:    | head | decoded | coded, ready | not yet taken out of its framing, or the next request's | room |
ClientConnection::Progress ClientConnection::take_coded_body() {
  if (!in_piece_) return Progress::enough;
  CodedBody& coded = *coded_body_;
  if (coded_ >= coded.ready_end && !coded.holds_more && !coded.whole && !unframe()) return Progress::stuck;

  const size_t room_max = size_t(coded.bytes_max) + 1 - body_bytes_;
  const size_t room = std::min(decoded_bytes_a_piece, room_max);
  if (body_bytes_ + room > body_.capacity() &&
      !body_.reserve(body_bytes_ + std::max(room, std::min(body_bytes_, room_max)))) {
    body_failed({FaultKind::overloaded});
    return Progress::stuck;
  }
  const std::string_view ready(buffer_->bytes + coded_,
                               std::min<size_t>(coded.ready_end - coded_, coded_bytes_a_piece));
  const ContentDecoder::Result r = coded.decoder->feed(ready, body_.data() + body_bytes_, room);
  coded_ += uint32_t(r.consumed);
  body_bytes_ += r.produced;
  coded.holds_more = r.produced == room;
  const bool last = coded.whole && coded_ == coded.ready_end && !coded.holds_more;
  ContentDecoder::Flaw flaw = r.flaw;
  if (flaw == ContentDecoder::Flaw::none && last && !coded.decoder->complete()) flaw = ContentDecoder::Flaw::cut;
  if (flaw == ContentDecoder::Flaw::no_memory) {
    body_failed({FaultKind::overloaded});
    return Progress::stuck;
  }
  if (flaw != ContentDecoder::Flaw::none) {
    const std::string detail = sentence(flaw, coded.coding);
    body_failed({FaultKind::bad_coding, detail});
    return Progress::stuck;
  }
  if (int64_t(body_bytes_) > coded.bytes_max) {
    body_failed({FaultKind::request_too_large});
    return Progress::stuck;
  }
  if (last) {
    state_ = State::answering;
    coded_body_.reset();
  } else if (coded_ == coded.ready_end && !coded.whole) {
    coded_ = coded.ready_end = end_ = content_;
  }
  if (last || r.produced > 0) tell_body(last);
  return Progress::enough;
}

// Makes what has come ready for the decoder. False when nothing has, or when it cannot be.
bool ClientConnection::unframe() {
  CodedBody& coded = *coded_body_;
  if (coded_ == end_) return false;
  const size_t there = end_ - coded_;
  size_t taken = there;
  if (framing_ == http1::Framing::length) {
    taken = size_t(std::min(int64_t(there), length_ - coded.coded_bytes));
    coded.ready_end = coded_ + uint32_t(taken);
    coded.coded_bytes += int64_t(taken);
    coded.whole = coded.coded_bytes == length_;
  } else {
    char* const bytes = buffer_->bytes + coded_;
    const auto r = decoder_.feed(bytes, there, bytes);
    if (r.outcome == http1::Outcome::refused) {
      body_failed({FaultKind::bad_request});
      return false;
    }
    taken = r.consumed;
    coded.ready_end = coded_ + uint32_t(r.produced);
    coded.coded_bytes += int64_t(r.produced);
    coded.whole = r.outcome == http1::Outcome::complete;
  }
  // Before anything is answered: what is whole may keep the connection, and then the next request is read from there.
  if (coded.whole) rest_ = coded_ + uint32_t(taken);
  if (coded.coded_bytes > coded.bytes_max) {
    body_failed({FaultKind::request_too_large});
    return false;
  }
  return true;
}

void ClientConnection::tell_body(bool last) {
  ClientBody told;
  told.window =
      body_ ? std::string_view(body_.data(), body_bytes_) : std::string_view(buffer_->bytes + content_, body_bytes_);
  told.last = last;
  handler_->on_client_body(told);
}

void ClientConnection::body_failed(const ClientFailed& failed) {
  handler_->on_client_failed(failed);
  if (exchange_open_) lost();
}

// Whether nothing of the request is still on its way.
bool ClientConnection::request_whole() const {
  if (coded_body_ && state_ == State::body) return coded_body_->whole;
  return state_ == State::answering ||
         (state_ == State::body && framing_ == http1::Framing::length && !body_ && length_ <= int64_t(end_ - content_));
}

void ClientConnection::release_request() {
  released_ = true;
  host_.buffers().give_back(std::move(body_));
  body_ = {};
  if (state_ == State::answering && rest_ == end_) drop_input();
}

}  // namespace signalbox::native
