// SPDX-License-Identifier: GPL-2.0-or-later
//
// ndctl's way to the info block (ndctl/namespace.c zero_info_block): with force_raw the kernel looks for no instance and
// shows all of the namespace as a disk.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>

#include "execute/nd_calls.hpp"
#include "journal/descriptor.hpp"

namespace memhot::execute {

namespace {

constexpr std::size_t kInfoBytes = 8192;   // info_size there: a btt's lies at 0 or 4 KiB, the others' at 4 KiB

// O_DIRECT wants its memory aligned.
struct alignas(4096) Buffer {
    std::array<char, kInfoBytes> bytes{};
};

std::string disk_of(ndctl_namespace* ns) { return std::string("/dev/") + ndctl_namespace_get_block_device(ns); }

// The namespace is driven raw as long as this lives.
class Raw {
public:
    Raw(NdContext& context, ndctl_namespace* ns) : ns_(ns) {
        const std::string name = ndctl_namespace_get_devname(ns);
        attempt_ = context.answer(ndctl_namespace_set_raw_mode(ns, 1), "setting force_raw of " + name);
        if (!attempt_.ok()) return;
        forced_ = true;
        attempt_ = context.answer(ndctl_namespace_enable(ns), "enabling " + name + " in raw mode");
    }
    Raw(const Raw&) = delete;
    Raw& operator=(const Raw&) = delete;
    ~Raw() {
        if (!forced_) return;
        ndctl_namespace_set_raw_mode(ns_, 0);
        ndctl_namespace_disable_invalidate(ns_);
    }
    [[nodiscard]] const Attempt& attempt() const { return attempt_; }

private:
    ndctl_namespace* ns_;
    Attempt attempt_;
    bool forced_ = false;
};

Attempt read_disk(const std::string& disk, std::string& bytes) {
    const journal::Descriptor file(::open(disk.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
    if (!file.open()) return {errno, "opening " + disk};
    const auto buffer = std::make_unique<Buffer>();
    const ssize_t got = ::pread(file.get(), buffer->bytes.data(), kInfoBytes, 0);
    if (got < 0) return {errno, "reading the first 8 KiB of " + disk};
    if (static_cast<std::size_t>(got) != kInfoBytes) return {EIO, "short read of " + disk};
    bytes.assign(buffer->bytes.data(), kInfoBytes);
    return {};
}

Attempt write_disk(const std::string& disk, const std::string& bytes) {
    const journal::Descriptor file(::open(disk.c_str(), O_RDWR | O_DIRECT | O_EXCL | O_CLOEXEC));
    if (!file.open()) return {errno, "opening " + disk};
    const auto buffer = std::make_unique<Buffer>();
    std::memcpy(buffer->bytes.data(), bytes.data(), kInfoBytes);
    const ssize_t put = ::pwrite(file.get(), buffer->bytes.data(), kInfoBytes, 0);
    if (put < 0) return {errno, "writing the first 8 KiB of " + disk};
    if (static_cast<std::size_t>(put) != kInfoBytes) return {EIO, "short write to " + disk};
    return ::fsync(file.get()) == 0 ? Attempt{} : Attempt{errno, "fsync of " + disk};
}

Attempt active(ndctl_namespace* ns) {
    return {EINVAL, std::string(ndctl_namespace_get_devname(ns)) +
                        " is active in another mode than raw, which hides its first bytes: disable it first"};
}

}   // namespace

Attempt read_info_block(NdContext& context, ndctl_namespace* ns, std::string& bytes) {
    // Enabled itself, not by way of an instance.
    if (ndctl_namespace_is_enabled(ns) > 0) return read_disk(disk_of(ns), bytes);
    if (ndctl_namespace_is_active(ns)) return active(ns);
    const Raw raw(context, ns);
    return raw.attempt().ok() ? read_disk(disk_of(ns), bytes) : raw.attempt();
}

Attempt write_info_block(NdContext& context, ndctl_namespace* ns, const std::string& bytes) {
    if (bytes.size() != kInfoBytes) return {EINVAL, "an info block is 8 KiB with what lies before it"};
    if (ndctl_namespace_is_active(ns)) return active(ns);
    const Raw raw(context, ns);
    return raw.attempt().ok() ? write_disk(disk_of(ns), bytes) : raw.attempt();
}

}   // namespace memhot::execute
