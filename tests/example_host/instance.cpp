#include "instance.h"

#include "base/sha256.h"
#include "config/json_source.h"
#include "config/load.h"
#include "performer.h"

namespace signalbox::example {

Instance::Instance(std::string_view text, const Environment& environment, uint32_t writer) {
  config::Source source = config::read_json_tree(text);
  const config::Lookup variable = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  };
  // Here the secrets leave the configuration; the core will only ever see their names.
  const auto keep = [&](config::CredentialText one) {
    secrets_[{std::move(one.provider), std::move(one.credential)}] = std::move(one.value);
  };
  config::Loaded loaded = config::load(source, {example_host, variable, variable, {keep, base::sha256}});
  for (const config::Problem& each : loaded.problems) problems_.push_back(config::sentence(each));
  gateway_ = std::make_unique<Gateway>(config::config_or_unusable(loaded), example_host, writer);
}

Answer Instance::serve(const Request& request) {
  Performer performer(*this, request);
  Answer answer = performer.serve();
  // Behind the answer, never before it.
  for (const std::string& delta : performer.deltas())
    for (Instance* sister : sisters_) sister->gateway().merge(delta);
  return answer;
}

const std::string* Instance::secret(std::string_view provider, std::string_view credential) const {
  const auto found = secrets_.find({std::string(provider), std::string(credential)});
  return found == secrets_.end() ? nullptr : &found->second;
}

const Upstream* Instance::upstream_of(std::string_view url) const {
  const size_t path = url.find('/', url.find("://") + 3);
  const auto found = upstreams.find(url.substr(0, path));
  return found == upstreams.end() ? nullptr : &found->second;
}

}  // namespace signalbox::example
