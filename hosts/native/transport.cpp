// Which of the two transports takes an attempt.
#include "connect_only.h"
#include "multi_transport.h"
#include "upstream.h"
#include "upstream_request.h"

namespace signalbox::native {

namespace {

class ChoosingTransport final : public Transport {
 public:
  ChoosingTransport(Loop& loop, const TransportSettings& settings)
      : plain_(make_connect_only_transport(loop, settings)), multi_(make_multi_transport(loop, settings)) {}

  Attempt* open(const AttemptRequest& request, AttemptListener& listener) override {
    UrlParts url;
    bool plain = split_url(request.url, url) && url.scheme == Scheme::http && url.user.empty();
    Transport& transport = plain && request.proxy.empty() ? *plain_ : *multi_;
    return transport.open(request, listener);
  }

  void adopt(const TransportSettings& settings) override {
    plain_->adopt(settings);
    multi_->adopt(settings);
  }

  void trim() override {
    plain_->trim();
    multi_->trim();
  }

 private:
  std::unique_ptr<Transport> plain_;
  std::unique_ptr<Transport> multi_;
};

}  // namespace

std::unique_ptr<Transport> make_transport(Loop& loop, const TransportSettings& settings) {
  return std::make_unique<ChoosingTransport>(loop, settings);
}

}  // namespace signalbox::native
