// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <map>
#include <memory>
#include <optional>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config/text.hpp"
#include "journal/descriptor.hpp"

namespace memhot::config {

using journal::Descriptor;

namespace {

Error error_at(const std::string& path, int error) {
    const bool denied = error == EACCES || error == EPERM;
    return {denied ? ErrorKind::not_permitted : ErrorKind::io,
            fmt::format("{}: {}", path, journal::errno_words(error))};
}

// A directory that paths beginning with / are meant below.
class Root {
public:
    explicit Root(const std::string& directory)
        : directory_(directory), fd_(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

    [[nodiscard]] bool is_there() const { return fd_.open(); }
    [[nodiscard]] std::string shown(const std::string& path) const {
        return directory_ == "/" ? path : directory_ + path;
    }
    // -1 with errno where it cannot.
    [[nodiscard]] Descriptor open(const std::string& path, int flags) const {
        const std::string inside = path.substr(std::min(path.find_first_not_of('/'), path.size()));
        open_how how{};
        how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
        how.resolve = RESOLVE_IN_ROOT;
        const char* name = inside.empty() ? "." : inside.c_str();
        long fd = ::syscall(SYS_openat2, fd_.get(), name, &how, sizeof(how));
        // before Linux 5.6, and filters that do not know openat2
        if (fd < 0 && (errno == ENOSYS || errno == EPERM)) fd = ::openat(fd_.get(), name, flags | O_CLOEXEC);
        return Descriptor(static_cast<int>(fd));
    }

private:
    std::string directory_;
    Descriptor fd_;
};

Result<Root> open_root(const std::string& directory) {
    Root root(directory);
    if (root.is_there()) return root;
    return error_at(directory, errno);
}

// Below another root there need not be a /dev/null: it is the text of the link that masks.
bool links_to_null(const Root& root, const std::string& path) {
    const Descriptor link = root.open(path, O_PATH | O_NOFOLLOW);
    if (!link.open()) return false;
    std::array<char, 64> target{};
    const ssize_t length = ::readlinkat(link.get(), "", target.data(), target.size());
    return length > 0 && std::string_view(target.data(), static_cast<std::size_t>(length)) == "/dev/null";
}

// Nothing where it is not there (any more), or a link that leads nowhere.
Result<std::optional<ConfigFile>> read_file(const Root& root, const std::string& path) {
    ConfigFile file{path, FileState::masking, "", ""};
    if (links_to_null(root, path)) return std::optional(file);
    // a FIFO must not hold us up
    const Descriptor fd = root.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!fd.open()) {
        if (errno == ENOENT) return std::optional<ConfigFile>();
        return error_at(root.shown(path), errno);
    }
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) return error_at(root.shown(path), errno);
    if (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode)) return std::optional(file);
    if (!S_ISREG(info.st_mode)) return bad_input(fmt::format("{}: expected a regular file", root.shown(path)));
    if (info.st_size > static_cast<off_t>(kLargestFile)) {
        return bad_input(fmt::format("{}: larger than {} bytes", root.shown(path), kLargestFile));
    }
    auto text = journal::read_all(fd.get(), root.shown(path));
    if (!text) return std::move(text).error();
    file.text = std::move(*text);
    if (!file.text.empty()) file.state = FileState::used;
    return std::optional(std::move(file));
}

Result<std::vector<std::string>> names_in(const Root& root, const std::string& directory, std::string_view suffix) {
    std::vector<std::string> names;
    const Descriptor fd = root.open(directory, O_RDONLY | O_DIRECTORY);
    if (!fd.open()) {
        if (errno == ENOENT) return names;
        return error_at(root.shown(directory), errno);
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(::dup(fd.get())), ::closedir);
    if (!stream) return error_at(root.shown(directory), errno);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is ours alone
    while (const dirent* entry = ::readdir(stream.get())) {
        const std::string_view name = entry->d_name;
        if (!name.starts_with('.') && name.size() > suffix.size() && name.ends_with(suffix)) names.emplace_back(name);
    }
    return names;
}

// Behind the files of that name in better directories, the best first. Only the first counts, be it one that masks, and
// only that is read: the others may be anything.
Status add_file(const Root& root, const std::string& path, std::vector<ConfigFile>& same_name) {
    if (same_name.empty()) {
        auto file = read_file(root, path);
        if (!file) return std::move(file).error();
        if (*file) same_name.push_back(std::move(**file));
        return Done{};
    }
    const bool is_there = root.open(path, O_PATH).open() || errno != ENOENT;
    if (is_there) same_name.push_back({path, FileState::hidden, same_name.front().path, ""});
    return Done{};
}

}   // namespace

std::string_view to_string(FileState state) {
    constexpr std::array<std::string_view, 3> kNames{"used", "hidden", "masking"};
    return kNames[static_cast<std::size_t>(state)];
}

std::vector<std::string> places_of(std::string_view name) {
    std::vector<std::string> out;
    for (const auto place : kPlaces) out.push_back(fmt::format("{}/{}", place, name));
    return out;
}

Result<std::vector<ConfigFile>> find_files(const std::string& root_directory, std::span<const std::string> directories,
                                           std::string_view suffix) {
    const auto root = open_root(root_directory);
    if (!root) return root.error();
    std::map<std::string, std::vector<ConfigFile>> by_name;
    for (const auto& directory : directories) {
        const auto names = names_in(*root, directory, suffix);
        if (!names) return names.error();
        for (const auto& name : *names) {
            if (auto added = add_file(*root, directory + "/" + name, by_name[name]); !added) return added.error();
        }
    }
    std::vector<ConfigFile> out;
    for (auto& [_, same_name] : by_name) std::ranges::move(same_name, std::back_inserter(out));
    return out;
}

Result<std::vector<ConfigFile>> find_file(const std::string& root_directory, std::string_view name) {
    const auto root = open_root(root_directory);
    if (!root) return root.error();
    std::vector<ConfigFile> out;
    for (const auto& path : places_of(name)) {
        if (auto added = add_file(*root, path, out); !added) return added.error();
    }
    return out;
}

}   // namespace memhot::config
