// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "execute/target.hpp"
#include "journal/descriptor.hpp"
#include "memhot/snapshot.hpp"

namespace memhot::execute {

namespace {

Attempt write_file(const std::string& path, const std::string& text, bool answers) {
    // A file of sysfs is there or not; a plain one is emptied first, as the shell's > does.
    const int flags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW | (answers ? 0 : O_TRUNC);
    const journal::Descriptor file(::open(path.c_str(), flags));
    if (!file.open()) return {errno, "opening " + path};
    // One write: the kernel takes each as a request of its own.
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0) return {errno, "writing " + path};
    if (static_cast<std::size_t>(written) != text.size()) return {EIO, "short write to " + path};
    return {};
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
