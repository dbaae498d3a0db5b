// JSON that tools carry: the arguments of calls, which models write and which are not always JSON, and schemas, which
// clients write.
//   arguments  any cut is followed alike; what is an object comes out as itself; what is read again stays
//   schemas    what comes out is an object's schema, and one that needs no second look
#include <cstdint>
#include <string>

#include "dialects/canonical/arguments.h"
#include "dialects/canonical/schema.h"
#include "json/writer.h"
#include "require.h"

using namespace signalbox;
using namespace signalbox::canonical;
using testing::require;

namespace {

void check_arguments(Escaped arguments, uint8_t seed) {
  ArgumentsScan whole, pieces;
  whole.feed(arguments);
  std::string_view rest = arguments.inside;
  while (!rest.empty()) {
    size_t bytes = 0;  // a few units: an escape is never cut
    for (size_t units = 0; units <= seed % 5u && bytes < rest.size(); ++units)
      bytes += json::first_unit(rest.substr(bytes)).bytes;
    pieces.feed({std::string(rest.substr(0, bytes))});
    rest.remove_prefix(bytes);
  }
  require(whole.blank() == pieces.blank() && whole.begins_object() == pieces.begins_object() &&
              whole.whole() == pieces.whole() && whole.object_may_follow() == pieces.object_may_follow(),
          "no cut matters", arguments.inside);
  require(whole.blank() == json::is_blank(arguments), "blank is blank");

  std::string object, mended, again, plain, inner;
  const ArgumentsKind kind = read_arguments(arguments, Repair::no, object);
  const ArgumentsKind with_repair = read_arguments(arguments, Repair::yes, mended);
  require(object.empty() == (kind != ArgumentsKind::object) && mended.empty() == (with_repair != ArgumentsKind::object),
          "an object where there is one");
  require(kind == ArgumentsKind::broken || (with_repair == kind && mended == object), "what is whole is not mended");
  json::unescape(arguments, plain);
  if (json::is_whole_object(plain))
    require(kind == ArgumentsKind::object && object == arguments.inside && whole.whole(), "an object stays as it is");
  if (with_repair != ArgumentsKind::object) return;
  json::unescape(Escaped{mended}, inner);
  require(json::is_whole_object(inner), "an object", inner);
  require(read_arguments(Escaped{mended}, Repair::yes, again) == ArgumentsKind::object && again == mended,
          "what is read again stays", mended);
}

void check_schema(std::string_view schema) {
  is_strict(schema);
  if (!schema.empty() && !json::is_whole_object(schema)) return;
  std::string once = "[", again;
  append_object_schema(once, schema);
  require(once.front() == '[', "what stood before stays");
  once.erase(0, 1);
  require(json::is_whole_object(once), "an object", once);
  require(json::member(once, "type") == "\"object\"" || schema.find('\\') != schema.npos, "of type object", once);
  require(append_object_schema(again, once) == SchemaChange::none && again == once, "nothing is left to complete",
          once);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0 || size > 8192) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  // As they stand in a body, where that is possible, and as what they spell.
  const std::string quoted = "\"" + std::string(text) + "\"";
  json::Reader reader(quoted);
  if (reader.next() == json::Token::string && reader.next() == json::Token::end) check_arguments({text}, data[0]);
  std::string inside;
  json::escape(text, inside);
  check_arguments({inside}, data[0]);
  check_schema(text);
  return 0;
}
