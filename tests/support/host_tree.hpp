// SPDX-License-Identifier: GPL-2.0-or-later
//
// A directory that looks like some host's /proc and /sys, made for one test and removed with it.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>

namespace memhot::test {

class HostTree {
public:
    HostTree() {
        std::string path = (std::filesystem::temp_directory_path() / "memhot-tree-XXXXXX").string();
        if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp: " + path);
        root_ = path;
        std::filesystem::permissions(root_, std::filesystem::perms(0755));
    }
    HostTree(const HostTree&) = delete;
    HostTree& operator=(const HostTree&) = delete;
    ~HostTree() {
        std::error_code ignored;
        std::filesystem::remove_all(root_, ignored);
    }

    [[nodiscard]] std::string root() const { return root_.string(); }
    [[nodiscard]] std::string path(const std::string& name) const { return (root_ / name).string(); }

    void directory(const std::string& name) const { std::filesystem::create_directories(root_ / name); }

    void file(const std::string& name, std::string_view text) const {
        std::filesystem::create_directories((root_ / name).parent_path());
        std::ofstream out(root_ / name, std::ios::binary | std::ios::trunc);
        out << text;
        if (!out.flush()) throw std::runtime_error("cannot write " + name);
    }

    void link(const std::string& name, const std::string& target) const {
        std::filesystem::create_directories((root_ / name).parent_path());
        std::filesystem::create_symlink(target, root_ / name);
    }

    void remove(const std::string& name) const { std::filesystem::remove_all(root_ / name); }

    // A memory block as sysfs shows it; node < 0: none. Links both ways, as the kernel makes them.
    void block(std::uint64_t number, std::string_view state, std::string_view zones, int node) const {
        const std::string name = "memory" + std::to_string(number);
        const std::string directory = kMemory + ("/" + name);
        file(directory + "/state", std::string(state) + "\n");
        file(directory + "/removable", "1\n");
        if (!zones.empty()) file(directory + "/valid_zones", std::string(zones) + "\n");
        if (node < 0) return;
        own_link(number, node);
        node_link(number, node);
    }
    void own_link(std::uint64_t number, int node) const {
        const std::string target = "node" + std::to_string(node);
        link(kMemory + ("/memory" + std::to_string(number)) + "/" + target, "../../node/" + target);
    }
    void node_link(std::uint64_t number, int node) const {
        const std::string name = "memory" + std::to_string(number);
        link("sys/devices/system/node/node" + std::to_string(node) + "/" + name, "../../memory/" + name);
    }
    void block_size(std::string_view hex) const {
        file(std::string(kMemory) + "/block_size_bytes", std::string(hex) + "\n");
    }

    static constexpr const char* kMemory = "sys/devices/system/memory";

private:
    std::filesystem::path root_;
};

// Gives up root's right to read everything for as long as it lives, where the tests run as root.
class Unprivileged {
public:
    explicit Unprivileged(unsigned user = 65534) : was_root_(::geteuid() == 0) {
        if (was_root_ && ::seteuid(user) != 0) throw std::runtime_error("seteuid");
    }
    Unprivileged(const Unprivileged&) = delete;
    Unprivileged& operator=(const Unprivileged&) = delete;
    ~Unprivileged() {
        if (was_root_ && ::seteuid(0) != 0) std::abort();
    }

private:
    bool was_root_;
};

}   // namespace memhot::test
