// SPDX-License-Identifier: GPL-2.0-or-later
//
// A tree of 65,536 memory blocks as sysfs has it on a host of two nodes, on tmpfs where /dev/shm is one.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

namespace memhot::bench {

inline constexpr unsigned kBlocks = 65536;
inline constexpr unsigned kHole = 8;   // blocks without memory from number 24 on

inline void require(bool good, const std::string& what) {
    if (good) return;
    std::perror(what.c_str());
    std::exit(1);
}

// A tree that is removed at the end. It takes about 2 GiB.
class Tree {
public:
    explicit Tree(bool node_directories) {
        const bool shm = ::access("/dev/shm", W_OK) == 0;
        root_ = std::string(shm ? "/dev/shm" : "/tmp") + "/memhot-bench-XXXXXX";
        require(::mkdtemp(root_.data()) != nullptr, root_);
        for (const char* part : {"/sys", "/sys/devices", "/sys/devices/system", "/sys/devices/system/memory"})
            make(part);
        write("/sys/devices/system/memory/block_size_bytes", "8000000\n");
        write("/sys/devices/system/memory/auto_online_blocks", "offline\n");
        if (node_directories) {
            for (const char* part :
                 {"/sys/devices/system/node", "/sys/devices/system/node/node0", "/sys/devices/system/node/node1"}) {
                make(part);
            }
            write("/sys/devices/system/node/possible", "0-1\n");
        }
        for (unsigned i = 0; i < kBlocks; ++i)
            add_block(i < 24 ? i : i + kHole, i >= kBlocks / 2 ? 1 : 0, node_directories);
    }
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;
    ~Tree() {
        std::error_code ignored;
        std::filesystem::remove_all(root_, ignored);
    }
    [[nodiscard]] const std::string& root() const { return root_; }

private:
    void make(const std::string& path) { require(::mkdir((root_ + path).c_str(), 0755) == 0, path); }

    void write(const std::string& path, const std::string& text) {
        std::FILE* file = std::fopen((root_ + path).c_str(), "w");
        require(file != nullptr && std::fputs(text.c_str(), file) >= 0 && std::fclose(file) == 0, path);
    }

    void add_block(unsigned number, int node, bool node_directories) {
        const std::string block = "/sys/devices/system/memory/memory" + std::to_string(number);
        make(block);
        const bool movable = number >= kBlocks / 4 * 3;
        const std::array<std::pair<const char*, const char*>, 5> attributes = {{
            {"state", number % 97 == 0 ? "offline\n" : "online\n"},
            {"online", number % 97 == 0 ? "0\n" : "1\n"},
            {"removable", "1\n"},
            {"valid_zones", number % 97 == 0 ? "Normal Movable\n"
                            : movable        ? "Movable\n"
                                             : "Normal\n"},
            {"phys_device", "0\n"},
        }};
        for (const auto& [name, text] : attributes) write(block + "/" + name, text);
        const std::string link = "node" + std::to_string(node);
        require(::symlink(("../../node/" + link).c_str(), (root_ + block + "/" + link).c_str()) == 0, block);
        if (!node_directories) return;
        const std::string name = "memory" + std::to_string(number);
        const std::string back = "/sys/devices/system/node/" + link + "/" + name;
        require(::symlink(("../../memory/" + name).c_str(), (root_ + back).c_str()) == 0, back);
    }

    std::string root_;
};

}   // namespace memhot::bench
