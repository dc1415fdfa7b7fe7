// SPDX-License-Identifier: GPL-2.0-or-later
//
// libudev has no call that sends. The message is that of systemd's src/libsystemd/sd-device/device-monitor.c: struct
// monitor_netlink_header and the properties behind it, each with its NUL; the hash by which the listener's socket filter
// chooses is MurmurHash2 with seed 0 (src/basic/MurmurHash2.c).
#include "udev/own_udev.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <tuple>

namespace memhot::test {

namespace {

constexpr std::uint32_t kMagic = 0xfeedcafe;
constexpr std::uint32_t kUdevGroup = 2;   // 1 is the kernel's

struct Header {
    char prefix[8] = "libudev";
    std::uint32_t magic = ::htonl(kMagic);
    std::uint32_t header_size = sizeof(Header);
    std::uint32_t properties_off = sizeof(Header);
    std::uint32_t properties_len = 0;
    std::uint32_t filter_subsystem_hash = 0;
    std::uint32_t filter_devtype_hash = 0;
    std::uint32_t filter_tag_bloom_hi = 0;
    std::uint32_t filter_tag_bloom_lo = 0;
};

// Of a text whose length leaves a rest of two bytes, as that of "memory" does.
std::uint32_t murmur2_of_six(std::string_view text) {
    constexpr std::uint32_t kMultiplier = 0x5bd1e995;
    std::uint32_t word = 0;
    std::memcpy(&word, text.data(), sizeof word);
    word *= kMultiplier;
    word ^= word >> 24;
    std::uint32_t hash = 6;
    hash = (hash * kMultiplier) ^ (word * kMultiplier);
    hash ^= static_cast<std::uint32_t>(text[5]) << 8;
    hash = (hash ^ static_cast<std::uint32_t>(text[4])) * kMultiplier;
    hash = (hash ^ (hash >> 13)) * kMultiplier;
    return hash ^ (hash >> 15);
}

std::string message_of(const std::string& action, unsigned block, std::size_t padding) {
    std::string properties;
    const auto add = [&](const std::string& line) { properties += line + '\0'; };
    add("ACTION=" + action);
    add("DEVPATH=/devices/system/memory/memory" + std::to_string(block));
    add("SUBSYSTEM=memory");
    add("SEQNUM=1");
    if (padding > 0) add("PADDING=" + std::string(padding, 'x'));
    Header header;
    header.properties_len = static_cast<std::uint32_t>(properties.size());
    header.filter_subsystem_hash = ::htonl(murmur2_of_six("memory"));
    std::string message(sizeof header, '\0');
    std::memcpy(message.data(), &header, sizeof header);
    return message + properties;
}

int open_file(const char* path, int flags) { return ::open(path, flags | O_CLOEXEC, 0644); }

// libudev listens to nobody where neither this file nor a devtmpfs is (sd_device_monitor_new()).
bool pretend_udevd() {
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
    if (::mount("tmpfs", "/run", "tmpfs", 0, "size=64k") != 0 || ::mkdir("/run/udev", 0755) != 0) return false;
    const int control = open_file("/run/udev/control", O_CREAT | O_WRONLY);
    return control >= 0 && ::close(control) == 0;
}

// How many messages the listeners of this network namespace had no room for.
std::uint64_t drops() {
    std::ifstream table("/proc/thread-self/net/netlink");
    std::uint64_t sum = 0;
    std::string line;
    std::getline(table, line);   // "sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode"
    while (std::getline(table, line)) {
        std::istringstream words(line);
        std::string word;
        for (int column = 0; column < 8; ++column) words >> word;
        std::uint64_t dropped = 0;
        words >> dropped;
        sum += dropped;
    }
    return sum;
}

}   // namespace

OwnUdev::OwnUdev()
    : network_(open_file("/proc/self/ns/net", O_RDONLY)), mounts_(open_file("/proc/self/ns/mnt", O_RDONLY)) {
    const auto step = [&](bool done, const char* what) {
        if (!done) missing_ = std::string(what) + ": " + std::strerror(errno);
        return done;
    };
    if (!step(::unshare(CLONE_NEWNET | CLONE_NEWNS) == 0, "namespaces of one's own (root has them)")) return;
    if (!step(pretend_udevd(), "a /run of one's own")) return;
    socket_ = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    step(socket_ >= 0, "a netlink socket");
}

OwnUdev::~OwnUdev() {
    if (socket_ >= 0) ::close(socket_);
    for (const int old : {network_, mounts_}) {
        if (old < 0) continue;
        std::ignore = ::setns(old, 0);
        ::close(old);
    }
}

bool OwnUdev::say(const std::string& action, unsigned block, std::size_t padding) const {
    const std::string message = message_of(action, block, padding);
    sockaddr_nl to{};
    to.nl_family = AF_NETLINK;
    to.nl_groups = kUdevGroup;
    const std::uint64_t before = drops();   // the sender is not told
    if (::sendto(socket_, message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0)
        throw std::runtime_error(std::string("an event cannot be sent: ") + std::strerror(errno));
    return drops() == before;
}

unsigned OwnUdev::overflow(unsigned block) const {
    constexpr std::size_t kLong = 7000;   // libudev reads messages of up to 8 KiB
    unsigned had_room = 0;
    while (say("change", block, kLong))
        if (++had_room > 1'000'000) throw std::runtime_error("nothing overflows");
    return had_room;
}

}   // namespace memhot::test
