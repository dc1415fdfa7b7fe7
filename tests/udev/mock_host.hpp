// SPDX-License-Identifier: GPL-2.0-or-later
//
// A host below any directory, whose memory blocks and devices come and go as the kernel lets them, and the events of
// umockdev that tell so.
#pragma once

#include <umockdev.h>

#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "dbus/harness.hpp"
#include "memhot/snapshot.hpp"
#include "state/block_table.hpp"

namespace memhot::test {

namespace fs = std::filesystem;

inline constexpr unsigned kBoot = 4;   // blocks that are there from the beginning

// A host below any directory, whose blocks come and go as the kernel lets them.
class Host {
public:
    explicit Host(std::string root) : root_(std::move(root)) {
        file("proc/sys/kernel/osrelease", "6.1.0-54-amd64\n");
        file("proc/sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.190-1 (2026-09-30)\n");
        file("proc/sys/kernel/hostname", "mock\n");
        file("proc/cmdline", "quiet\n");
        file("proc/iomem", "00000000-00000fff : Reserved\n00001000-1fffffff : System RAM\n");
        file("proc/zoneinfo",
             "Node 0, zone DMA32\n  pages free 1\n spanned 5\n present 4\n managed 3\n  start_pfn: 1\n");
        file("sys/devices/system/node/possible", "0\n");
        fs::create_directories(root_ + "/sys/devices/system/node/node0");
        file("sys/devices/system/memory/auto_online_blocks", "offline\n");
        file("sys/devices/system/memory/block_size_bytes", "8000000\n");
        for (unsigned i = 0; i < kBoot; ++i) add(i, "online", "DMA32");
    }
    void add(unsigned number, const char* state, const char* zones) const {
        const std::string block = path(number);
        fs::create_directories(root_ + block);
        file(block.substr(1) + "/uevent", "");
        file(block.substr(1) + "/state", std::string(state) + "\n");
        file(block.substr(1) + "/valid_zones", std::string(zones) + "\n");
        const std::string name = "memory" + std::to_string(number);
        fs::create_symlink("../../../../bus/memory", root_ + block + "/subsystem");
        fs::create_symlink("../../node/node0", root_ + block + "/node0");
        fs::create_symlink("../../memory/" + name, root_ + "/sys/devices/system/node/node0/" + name);
    }
    void set(unsigned number, const char* state, const char* zones) const {
        file(path(number).substr(1) + "/state", std::string(state) + "\n");
        file(path(number).substr(1) + "/valid_zones", std::string(zones) + "\n");
    }
    // What is left tells umockdev which device an event is about; a block without `state` is none.
    void begin_removing(unsigned number) const { fs::remove(root_ + path(number) + "/state"); }
    void remove(unsigned number) const {
        fs::remove_all(root_ + path(number));
        fs::remove(root_ + "/sys/devices/system/node/node0/memory" + std::to_string(number));
    }
    using Files = std::vector<std::pair<std::string, std::string>>;
    // A device below /sys/devices (where: "platform/hmem.0/dax0.0") with attributes of one line each; its path for events.
    std::string device(const std::string& bus, const std::string& where, const Files& attributes,
                       const std::string& driver = "") const {
        const std::string path = "sys/devices/" + where;
        for (const auto& [name, text] : attributes) file(path + "/" + name, text + "\n");
        file(path + "/uevent", "");
        fs::create_directories(root_ + "/sys/bus/" + bus + "/devices");
        fs::create_symlink("/sys/bus/" + bus, root_ + "/" + path + "/subsystem");
        if (!driver.empty())
            fs::create_symlink("/sys/bus/" + bus + "/drivers/" + driver, root_ + "/" + path + "/driver");
        const std::string name = fs::path(where).filename();
        fs::create_symlink("../../../devices/" + where, root_ + "/sys/bus/" + bus + "/devices/" + name);
        return "/" + path;
    }
    // It is on its bus no more.
    void leave(const std::string& bus, const std::string& path) const {
        fs::remove(root_ + "/sys/bus/" + bus + "/devices/" + fs::path(path).filename().string());
    }
    // 1 GiB of Soft Reserved memory; size: of its device.
    [[nodiscard]] std::string dax_device(const std::string& driver, const std::string& target_node = "0",
                                         const std::string& size = "1073741824", const std::string& end = "0x33fffffff",
                                         const std::string& claims = "") const {
        const std::string region = "platform/hmem.0";
        file("sys/devices/" + region + "/dax_region/id", "0\n");
        file("sys/devices/" + region + "/dax_region/size", "1073741824\n");
        file("sys/devices/" + region + "/dax_region/align", "2097152\n");
        iomem("300000000-33fffffff : Soft Reserved\n" + claims);
        Files files = {{"size", size},
                       {"align", "2097152"},
                       {"resource", "0x300000000"},
                       {"numa_node", "0"},
                       {"mapping0/start", "0x300000000"},
                       {"mapping0/end", end},
                       {"mapping0/page_offset", "0"}};
        if (!target_node.empty()) files.emplace_back("target_node", target_node);
        return device("dax", region + "/dax0.0", files, driver);
    }
    // Behind the RAM of boot.
    void iomem(const std::string& lines) const {
        file("proc/iomem", "00000000-00000fff : Reserved\n00001000-1fffffff : System RAM\n" + lines);
    }
    // Memory that the firmware's map has was there at boot.
    void firmware_map() const {
        file("sys/firmware/memmap/0/start", "0x0\n");
        file("sys/firmware/memmap/0/end", "0x1fffffff\n");
        file("sys/firmware/memmap/0/type", "System RAM\n");
    }
    static std::string path(unsigned number) { return "/sys/devices/system/memory/memory" + std::to_string(number); }
    // As a fresh look has them.
    [[nodiscard]] std::string lines() const {
        const auto snapshot = memhot::read_host(root_);
        if (!snapshot || !snapshot->blocks)
            return "unreadable: " + (snapshot ? "no blocks" : snapshot.error().message());
        return memhot::state::BlockTable(*snapshot->blocks).lines();
    }
    [[nodiscard]] const std::string& root() const { return root_; }

    void file(const std::string& name, const std::string& text) const {
        fs::create_directories(fs::path(root_ + "/" + name).parent_path());
        std::FILE* out = std::fopen((root_ + "/" + name).c_str(), "w");
        if (out == nullptr) throw std::runtime_error("cannot write " + name);
        std::fputs(text.c_str(), out);
        std::fclose(out);
    }

private:
    std::string root_;
};

// As memhotd has them.
inline std::string known_blocks(Client& client) {
    const auto answer = client.manager("DumpBlocks", {});
    int fd = -1;
    if (!answer.ok() || ::sd_bus_message_read(answer.reply.get(), "h", &fd) < 0) return answer.error;
    return read_text("/proc/self/fd/" + std::to_string(fd));
}

class Testbed {
public:
    Testbed() : testbed_(::umockdev_testbed_new()) {}
    Testbed(const Testbed&) = delete;
    Testbed& operator=(const Testbed&) = delete;
    ~Testbed() { ::g_object_unref(testbed_); }
    [[nodiscard]] std::string root() const {
        gchar* path = ::umockdev_testbed_get_root_dir(testbed_);
        std::string out = path;
        ::g_free(path);
        return out;
    }
    void event(unsigned block, const char* action) const { event(Host::path(block), action); }
    // path: "/sys/devices/..."
    void event(const std::string& path, const char* action) const {
        ::umockdev_testbed_uevent(testbed_, path.c_str(), action);
    }

private:
    UMockdevTestbed* testbed_;
};

}   // namespace memhot::test
