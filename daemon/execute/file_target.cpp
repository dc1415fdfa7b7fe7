// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <tuple>

#include "execute/target.hpp"
#include "journal/descriptor.hpp"
#include "memhot/snapshot.hpp"

namespace memhot::execute {

namespace {

// One write: the kernel takes each as a request of its own.
Attempt write_text(const journal::Descriptor& file, const std::string& text, const std::string& path) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0) return {errno, "writing " + path};
    if (static_cast<std::size_t>(written) != text.size()) return {EIO, "short write to " + path};
    return {};
}

// Whoever reads a plain file finds the old text or the new one, also where this process was killed in between.
Attempt replace_file(const std::string& path, const std::string& text, const struct stat& was) {
    const auto name = path.rfind('/') + 1;
    // One name for all, so that what a killed process left is written over.
    const std::string part = path.substr(0, name) + "." + path.substr(name) + ".memhot";
    const journal::Descriptor file(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.open()) return {errno, "opening " + part};
    Attempt done = write_text(file, text, part);
    std::ignore = ::fchown(file.get(), was.st_uid, was.st_gid);   // root may; of others it is theirs
    if (done.ok() && ::fchmod(file.get(), was.st_mode & 07777) != 0) done = {errno, "setting the mode of " + part};
    if (done.ok() && ::fsync(file.get()) != 0) done = {errno, "fsync of " + part};
    if (done.ok() && ::rename(part.c_str(), path.c_str()) != 0) done = {errno, "renaming " + part};
    if (!done.ok()) ::unlink(part.c_str());
    return done;
}

Attempt write_file(const std::string& path, const std::string& text, bool answers) {
    // Also of a file that is replaced: whether it is there, and may be written.
    const journal::Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file.open()) return {errno, "opening " + path};
    struct stat was{};
    if (!answers && ::fstat(file.get(), &was) == 0 && S_ISREG(was.st_mode)) return replace_file(path, text, was);
    return write_text(file, text, path);
}

std::optional<std::string> word_in(const std::string& path) {
    const journal::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.open()) return std::nullopt;
    const auto text = journal::read_all(file.get(), path);
    if (!text) return std::nullopt;
    return text->substr(0, text->find('\n'));
}

// Whether a block is what is expected, from its own three files: reading all of a large host around each write to one
// block would take longer than the writes. Only a yes counts, what else is there is for a whole look.
bool shows(const std::string& root, const Fact& fact) {
    if (fact.kind != Fact::Kind::block) return false;
    const auto node = fact.value.find(", node");
    if (node == std::string::npos) return false;
    const std::string block = root + "/sys/devices/system/memory/" + fact.name;
    const auto state = word_in(block + "/state");
    const std::string place = fact.value.substr(node + 2, fact.value.find(',', node + 2) - node - 2);
    if (!state || ::access((block + "/" + place).c_str(), F_OK) != 0) return false;
    if (*state != "online") return fact.value == *state + ", " + place;
    const auto zones = word_in(block + "/valid_zones");
    return zones && fact.value == "online, " + place + ", zones " + *zones;
}

}   // namespace

Attempt FileTarget::carry_out(const Action& action) {
    const auto* write = std::get_if<WriteAction>(&action);
    if (write == nullptr)
        return {EOPNOTSUPP, to_string(action) + ": only writes are carried out below a root directory"};
    look_anew();
    const std::string root = root_ == "/" ? "" : root_;
    return write_file(root + write->path, write->text, answers_);
}

Result<std::optional<std::string>> FileTarget::look(const Fact& fact) {
    if (!answers_) return std::optional<std::string>();
    if (!host_ && shows(root_ == "/" ? "" : root_, fact)) return std::optional<std::string>(fact.value);
    if (!host_) {
        const auto snapshot = read_host(root_);
        if (!snapshot) return snapshot.error();
        auto host = SimulatedHost::from_snapshot(*snapshot);
        if (!host) return std::move(host).error();
        host_ = std::move(*host);
    }
    return std::optional<std::string>(host_->value(fact.kind, fact.name));
}

}   // namespace memhot::execute
