#include "state_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <utility>

namespace signalbox::native {

namespace {

// A lock is held for as long as writing takes. Whoever holds a folder longer is not one of us, or its disk hangs: better
// to write beside it than never.
constexpr int lock_tries = 40;
constexpr auto lock_pause = std::chrono::milliseconds(25);

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int operator*() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

// Only ever merges: deltas come from others.
std::unique_ptr<Gateway> empty_gateway() {
  return std::make_unique<Gateway>(std::make_shared<const Config>(), Capabilities{}, 0);
}

std::string reason_of(const char* what, int error) { return std::string(what) + ": " + std::strerror(error); }

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

// Through symbolic links, so that a link stays one when the file behind it is replaced.
std::string resolved(std::string path) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr), &std::free);
  return real ? std::string(real.get()) : std::move(path);
}

struct Content {
  std::string bytes;   // a state, or empty
  std::string reason;  // why the file must stay as it is; empty: it may be replaced
};

Content read_content(const std::string& path) {
  // Not blocking, for the path may name a pipe.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!file) {
    if (errno != ENOENT) return {{}, reason_of("it cannot be read", errno)};
    // A link would be replaced by the file.
    return {{}, lstat(path.c_str(), &status) == 0 ? "it is a link to a file that is not there" : ""};
  }
  if (fstat(*file, &status) != 0) return {{}, reason_of("it cannot be read", errno)};
  if (S_ISDIR(status.st_mode)) return {{}, "it is a directory"};
  if (!S_ISREG(status.st_mode)) return {{}, "it is no regular file"};
  if (size_t(status.st_size) > state_bytes_max) return {{}, "it is larger than any state"};
  std::string bytes(size_t(status.st_size), '\0');
  size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t n = ::read(*file, bytes.data() + filled, bytes.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return {{}, reason_of("it cannot be read", errno)};
    if (n == 0) break;
    filled += size_t(n);
  }
  bytes.resize(filled);
  if (bytes.empty() || empty_gateway()->merge(bytes)) {
    // Renaming would go over it: who took the right away did not mean that.
    const bool may_write = faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0;
    return {std::move(bytes), may_write ? std::string() : reason_of("it cannot be written", errno)};
  }
  return {{}, "it is no state, or a damaged one, or another version's; remove it if nobody needs it"};
}

std::string folder_fault(const std::string& path) {
  if (faccessat(AT_FDCWD, folder_of(path).c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  return reason_of("its folder cannot be written", errno);
}

// Puts `bytes` in the place of the file, whole or not at all. Answers why it could not.
std::string replace(const std::string& path, std::string_view bytes) {
  const std::string passing = path + std::string(state_passing_suffix);
  unlink(passing.c_str());  // of one that was killed at it
  std::string reason;
  {
    const Descriptor file(open(passing.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file) return reason_of("it cannot be written", errno);
    while (!bytes.empty() && reason.empty()) {
      const ssize_t n = ::write(*file, bytes.data(), bytes.size());
      if (n >= 0) bytes.remove_prefix(size_t(n));
      else if (errno != EINTR) reason = reason_of("it cannot be written", errno);
    }
    // Or a power cut leaves the new name with nothing behind it. Whether the old or the new one is there then does not
    // matter, so the folder is not synced.
    if (reason.empty() && fsync(*file) != 0) reason = reason_of("it cannot be written", errno);
  }
  if (reason.empty() && rename(passing.c_str(), path.c_str()) != 0) reason = reason_of("it cannot be replaced", errno);
  if (!reason.empty()) unlink(passing.c_str());
  return reason;
}

// Of the folder, because the file itself is another one after each writing. Gone with the descriptor.
void lock(const Descriptor& folder) {
  for (int i = 0; folder && i < lock_tries && flock(*folder, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; ++i)
    std::this_thread::sleep_for(lock_pause);
}

}  // namespace

StateFile::StateFile(std::string path, Log& log)
    : path_(resolved(std::move(path))), log_(log), told_(std::make_shared<const Config>(), Capabilities{}, 0) {}

std::string fault_of_state_file(const std::string& path) {
  const std::string real = resolved(path);
  std::string reason = read_content(real).reason;
  return reason.empty() ? folder_fault(real) : reason;
}

std::string StateFile::read() {
  Content content = read_content(path_);
  std::string reason = content.reason.empty() ? folder_fault(path_) : std::move(content.reason);
  if (!reason.empty()) warn(std::move(reason));
  return std::move(content.bytes);
}

bool StateFile::add(std::string_view delta) {
  const std::lock_guard guard(mutex_);
  if (!told_.merge(delta) || due_) return false;
  due_ = Clock::now() + std::chrono::milliseconds(state_write_after_ms);
  return true;
}

int StateFile::wait_ms() const {
  const std::lock_guard guard(mutex_);
  if (!due_) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due_ - Clock::now()).count();
  return int(std::max<int64_t>(left, 0));
}

void StateFile::write_if_due() {
  if (wait_ms() == 0) write();
}

void StateFile::write_last() {
  if (wait_ms() >= 0) write();
}

void StateFile::write() {
  std::string told;
  {
    const std::lock_guard guard(mutex_);
    told = told_.snapshot();
    due_.reset();
  }
  std::string reason;
  {
    const Descriptor folder(open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    lock(folder);
    Content content = read_content(path_);
    reason = std::move(content.reason);
    if (reason.empty()) {
      const std::unique_ptr<Gateway> whole = empty_gateway();
      whole->merge(content.bytes);
      whole->merge(told);
      const std::string bytes = whole->snapshot();
      if (bytes != content.bytes) reason = replace(path_, bytes);
    }
  }
  if (reason.empty()) {
    warned_.clear();
    return;
  }
  warn(std::move(reason));
  const std::lock_guard guard(mutex_);
  due_ = Clock::now() + std::chrono::milliseconds(state_retry_after_ms);
}

void StateFile::warn(std::string reason) {
  if (reason == warned_) return;
  log_.message(LogLevel::warn, "Cool-downs of lanes are not kept in " + path_ + ": " + reason + ".");
  warned_ = std::move(reason);
}

}  // namespace signalbox::native
