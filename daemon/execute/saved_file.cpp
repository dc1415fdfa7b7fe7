// SPDX-License-Identifier: GPL-2.0-or-later
#include "execute/saved_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "journal/descriptor.hpp"

namespace memhot::execute {

namespace {

Attempt write_new(const std::string& path, std::string_view bytes) {
    const journal::Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.open()) return {errno, "opening " + path};
    if (const int error = journal::write_at(file.get(), bytes, 0); error != 0) return {error, "writing " + path};
    if (::fsync(file.get()) != 0) return {errno, "fsync of " + path};
    return {};
}

bool holds(const std::string& path, std::string_view bytes) {
    const journal::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    const auto there = file.open() ? journal::read_all(file.get(), path) : Result<std::string>(std::string());
    return there.ok() && *there == bytes;
}

std::string copy_path(const std::string& directory, const std::string& name, unsigned number) {
    return directory + "/" + name + (number == 1 ? "" : fmt::format(".{}", number));
}

Attempt sync_directory(const std::string& path) {
    const journal::Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.open()) return {errno, "opening " + path};
    return ::fsync(directory.get()) == 0 ? Attempt{} : Attempt{errno, "fsync of " + path};
}

}   // namespace

Attempt save_file(const std::string& directory, const std::string& name, std::string_view bytes) {
    if (auto made = journal::make_directory(directory); !made) return {ENOENT, made.error().message()};
    const std::string part = directory + "/" + name + ".part";
    Attempt written = write_new(part, bytes);
    for (unsigned number = 1; written.ok(); ++number) {
        const std::string path = copy_path(directory, name, number);
        // A link refuses to replace what is there, which rename() would not.
        if (::link(part.c_str(), path.c_str()) == 0) break;
        if (errno != EEXIST) written = {errno, "naming " + path};
        // A job that is taken up behind a crash saves what it may have saved before.
        if (written.ok() && holds(path, bytes)) break;
    }
    ::unlink(part.c_str());
    return written.ok() ? sync_directory(directory) : written;
}

std::optional<bool> is_saved(const std::string& directory, const std::string& name, std::string_view bytes) {
    std::optional<bool> out;
    for (unsigned number = 1; out != true; ++number) {
        const std::string path = copy_path(directory, name, number);
        if (::access(path.c_str(), F_OK) != 0) break;
        out = holds(path, bytes);
    }
    return out;
}

}   // namespace memhot::execute
