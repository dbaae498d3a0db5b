// The state file: it outlives, it adds, and it destroys nothing that is not its own.
#include "state_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "routing/health.h"

using namespace signalbox;
using namespace signalbox::native;
namespace fs = std::filesystem;

namespace {

int64_t now_ms() { return int64_t(time(nullptr)) * 1000; }

std::string cooling(std::string_view lane) {
  routing::Health health(7);
  health.cool(lane, now_ms() + 3'600'000, now_ms());
  return std::string(health.take_delta());
}

bool cools(std::string_view state, std::string_view lane) {
  routing::Health health(8);
  return health.merge(state) && health.cooled(lane, now_ms());
}

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void put(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc).write(text.data(), std::streamsize(text.size()));
}

// A folder of its own for each test, gone afterwards, and the log of all files in it.
class Place {
 public:
  Place() {
    char name[] = "/tmp/signalbox-state-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    folder_ = name;
    log_ = open((folder_ + "/log").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
  }
  ~Place() {
    close(log_);
    chmod(folder_.c_str(), 0700);
    fs::remove_all(folder_);
  }
  const std::string& folder() const { return folder_; }
  std::string state() const { return folder_ + "/state"; }
  int log_descriptor() const { return log_; }
  std::string log() const { return text_of(folder_ + "/log"); }

  // What one server does that reads, learns of `lane`, and ends. Answers what it read.
  std::string run(std::string_view lane, const std::string& path) const {
    Log log(log_, Log::Form::json, LogLevel::info);
    StateFile file(path, log);
    std::string kept = file.read();
    file.add(cooling(lane));
    file.write_last();
    return kept;
  }
  std::string run(std::string_view lane) const { return run(lane, state()); }

 private:
  std::string folder_;
  int log_ = -1;
};

size_t count(const std::string& text, std::string_view part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("state file: what one server learnt the next one reads, and adds to") {
  const Place place;
  CHECK(place.run("a/main/m").empty());
  struct stat status{};
  REQUIRE(stat(place.state().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(cools(place.run("b/main/m"), "a/main/m"));
  CHECK(cools(text_of(place.state()), "a/main/m"));
  CHECK(cools(text_of(place.state()), "b/main/m"));
  CHECK(place.log().empty());
}

TEST_CASE("state file: its content is what Gateway::snapshot answers, both ways") {
  const Place place;
  Gateway other(std::make_shared<const Config>(), Capabilities{}, 1);
  other.health().cool("a/main/m", now_ms() + 60'000, now_ms());
  put(place.state(), other.snapshot());  // as the other hosts write theirs
  CHECK(place.run("b/main/m") == other.snapshot());
  const std::string kept = text_of(place.state());
  REQUIRE(other.merge(kept));
  CHECK(other.snapshot() == kept);
}

TEST_CASE("state file: processes that share one only add to it") {
  const Place place;
  constexpr int process_count = 4, lane_count = 12;
  std::vector<pid_t> children;
  for (int process = 0; process < process_count; ++process) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      for (int lane = 0; lane < lane_count; ++lane)
        place.run("p" + std::to_string(process) + "/main/m" + std::to_string(lane));
      _exit(0);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  const std::string kept = text_of(place.state());
  for (int process = 0; process < process_count; ++process)
    for (int lane = 0; lane < lane_count; ++lane)
      CHECK(cools(kept, "p" + std::to_string(process) + "/main/m" + std::to_string(lane)));
  CHECK(place.log().empty());
}

TEST_CASE("state file: what is not its own is named in the log and left as it is") {
  const Place place;
  place.run("a/main/m", place.folder() + "/good");
  const std::string good = text_of(place.folder() + "/good");
  std::string flipped = good, newer = good;
  flipped[flipped.size() / 2] ^= 1;
  newer[0] = 99;
  const auto sample = GENERATE_COPY(as<std::string>(), "export PATH=$PATH:/opt\n", good.substr(0, good.size() - 1),
                                    flipped, newer, good + "x", std::string(1, '\0'));
  put(place.state(), sample);
  CHECK(place.run("b/main/m").empty());
  CHECK(text_of(place.state()) == sample);
  CHECK(count(place.log(), place.state() + ": it is no state") == 1);
  CHECK(fault_of_state_file(place.state()).find("it is no state") == 0);
}

TEST_CASE("state file: what is no ordinary file, and what is too large") {
  const Place place;
  std::string reason;
  SECTION("a directory") {
    fs::create_directory(place.state());
    reason = "it is a directory";
  }
  SECTION("a pipe, at which nobody waits") {
    REQUIRE(mkfifo(place.state().c_str(), 0600) == 0);
    reason = "it is no regular file";
  }
  SECTION("huge") {
    put(place.state(), "");
    fs::resize_file(place.state(), state_bytes_max + 1);
    reason = "it is larger than any state";
  }
  SECTION("a link to nothing") {
    fs::create_symlink(place.state() + "-elsewhere", place.state());
    reason = "it is a link to a file that is not there";
  }
  SECTION("a link to itself") {
    fs::create_symlink(place.state(), place.state());
    reason = "it cannot be read";
  }
  const fs::file_status before = fs::symlink_status(place.state());
  CHECK(place.run("a/main/m").empty());
  CHECK(fs::symlink_status(place.state()).type() == before.type());
  CHECK(count(place.log(), place.state() + ": " + reason) == 1);
  CHECK(fault_of_state_file(place.state()).find(reason) == 0);
}

TEST_CASE("state file: what may not be read or written") {
  if (geteuid() != 0) return;  // root can be anybody
  const Place place;
  place.run("a/main/m");
  const std::string before = text_of(place.state());
  std::string reason, kept;
  bool is_read = false;
  SECTION("the file, for reading") {
    chmod(place.folder().c_str(), 0777);
    reason = "it cannot be read: Permission denied";
  }
  SECTION("the file, for writing") {
    chmod(place.folder().c_str(), 0777);
    chmod(place.state().c_str(), 0444);
    reason = "it cannot be written: Permission denied";
    is_read = true;
  }
  SECTION("the folder") {
    chmod(place.folder().c_str(), 0755);
    chmod(place.state().c_str(), 0666);
    reason = "its folder cannot be written: Permission denied";
    is_read = true;
  }
  REQUIRE(seteuid(65534) == 0);
  const std::string fault = fault_of_state_file(place.state());
  kept = place.run("b/main/m");
  REQUIRE(seteuid(0) == 0);
  CHECK(fault == reason);
  CHECK(cools(kept, "a/main/m") == is_read);
  CHECK(text_of(place.state()) == before);
  CHECK(count(place.log(), reason) == 1);
}

TEST_CASE("state file: without its folder it is said, and no folder is made") {
  const Place place;
  const std::string path = place.folder() + "/nowhere/state";
  CHECK(place.run("a/main/m", path).empty());
  CHECK(!fs::exists(place.folder() + "/nowhere"));
  CHECK(count(place.log(), path + ": its folder cannot be written: No such file or directory") == 1);
}

TEST_CASE("state file: an empty one, and what a killed writer left, are in nobody's way") {
  const Place place;
  put(place.state(), "");
  put(place.state() + std::string(state_passing_suffix), "half a sta");
  place.run("a/main/m");
  CHECK(cools(text_of(place.state()), "a/main/m"));
  CHECK(!fs::exists(place.state() + std::string(state_passing_suffix)));
  CHECK(place.log().empty());
}

TEST_CASE("state file: a link to it stays a link") {
  const Place place;
  fs::create_directory(place.folder() + "/disk");
  put(place.folder() + "/disk/real", "");
  fs::create_symlink("disk/real", place.state());
  place.run("a/main/m");
  CHECK(fs::is_symlink(place.state()));
  CHECK(cools(text_of(place.folder() + "/disk/real"), "a/main/m"));
}

TEST_CASE("state file: changes gather, and nothing new is not written") {
  const Place place;
  Log log(place.log_descriptor(), Log::Form::json, LogLevel::info);
  StateFile file(place.state(), log);
  CHECK(file.wait_ms() == -1);
  const std::string delta = cooling("a/main/m");
  CHECK(!file.add("no delta"));
  CHECK(file.wait_ms() == -1);
  CHECK(file.add(delta));
  CHECK(!file.add(cooling("b/main/m")));
  CHECK(file.wait_ms() > 0);
  CHECK(file.wait_ms() <= state_write_after_ms);
  file.write_if_due();
  CHECK(!fs::exists(place.state()));
  file.write_last();
  CHECK(file.wait_ms() == -1);
  CHECK(cools(text_of(place.state()), "b/main/m"));

  struct stat before{}, after{};
  stat(place.state().c_str(), &before);
  file.add(delta);
  file.write_last();
  stat(place.state().c_str(), &after);
  CHECK(before.st_ino == after.st_ino);
}

TEST_CASE("state file: a failure is said once, and tried again") {
  const Place place;
  const std::string notes = "somebody's notes";
  {
    Log log(place.log_descriptor(), Log::Form::json, LogLevel::info);
    StateFile file(place.state(), log);
    for (int i = 0; i < 2; ++i) {
      put(place.state(), notes);
      file.add(cooling("a/main/m"));
      file.write_last();
      CHECK(file.wait_ms() > state_write_after_ms);
      CHECK(file.wait_ms() <= state_retry_after_ms);
      file.write_last();
      CHECK(text_of(place.state()) == notes);
      fs::remove(place.state());
      file.write_last();
      CHECK(file.wait_ms() == -1);
      CHECK(cools(text_of(place.state()), "a/main/m"));
    }
  }
  CHECK(count(place.log(), "it is no state") == 2);  // it had been good in between
}
