// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Loading and saving snapshots (file.hpp).
#include "snapshot/file.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/root.hpp"
#include "memhot/snapshot.hpp"

namespace memhot {
namespace snapshot {
namespace {

using host::Descriptor;
using host::file_error;

// A file with a name of its own that goes away again unless it was kept.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& beside) : path_(beside + ".XXXXXX") {
        descriptor_ = Descriptor(::mkostemp(path_.data(), O_CLOEXEC));
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() {
        if (descriptor_.is_open() && !kept_) ::unlink(path_.c_str());
    }

    [[nodiscard]] int fd() const { return descriptor_.get(); }
    [[nodiscard]] bool is_open() const { return descriptor_.is_open(); }
    bool rename_to(const std::string& path) {
        kept_ = ::rename(path_.c_str(), path.c_str()) == 0;
        return kept_;
    }

private:
    std::string path_;
    Descriptor descriptor_;
    bool kept_ = false;
};

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

std::string directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

// The new name itself must survive a crash, too.
Status sync_directory(const std::string& path) {
    const std::string name = directory_of(path);
    const Descriptor directory(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // EINVAL: a file system that has nothing to sync there.
    if (!directory.is_open() || (::fsync(directory.get()) != 0 && errno != EINVAL)) return file_error(name, errno);
    return Done{};
}

// rename() would replace a device, a FIFO or a socket as readily as a file.
Status check_target(const std::string& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return Done{};
        return file_error(path, errno);
    }
    if (S_ISREG(status.st_mode)) return Done{};
    return bad_input(fmt::format("{}: there and no regular file, expected one or a new name", path));
}

}   // namespace

Status replace_file(const std::string& path, std::string_view text) {
    if (path.empty() || path.back() == '/') return bad_input(fmt::format("\"{}\": expected the name of a file", path));
    if (auto good = check_target(path); !good) return good;
    TemporaryFile file(path);
    if (!file.is_open()) return file_error(path, errno);
    if (!write_all(file.fd(), text) || ::fsync(file.fd()) != 0) return file_error(path, errno);
    if (!file.rename_to(path)) return file_error(path, errno);
    return sync_directory(path);
}

}   // namespace snapshot

Result<Snapshot> load_snapshot(const std::string& path) {
    // A FIFO that nobody writes to is an empty file, not one to wait for.
    const host::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!file.is_open()) return host::file_error(path, errno);
    ::fcntl(file.get(), F_SETFL, 0);
    const auto text = host::read_all(file.get(), path, snapshot::kMaxFileSize);
    if (!text) return text.error();
    return snapshot_from_json(*text).with_context(path);
}

Status save_snapshot(const Snapshot& snapshot, const std::string& path) {
    return snapshot::replace_file(path, to_json(snapshot)).with_context("saving the snapshot");
}

}   // namespace memhot
