// SPDX-License-Identifier: GPL-2.0-or-later
//
// The hosts that plans are made for (tests/golden/plans): a snapshot of tests/data and what differs there, as words behind
// its name. "auto_online_blocks=online": with that policy; "kernel=7.3": booted with that; "dax0.1=unplugged": by its file
// `state`; "offline=35-36": with those memory blocks offline.
#pragma once

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "memhot/simulated.hpp"
#include "memhot/snapshot.hpp"

namespace memhot::test {

inline std::vector<std::string> words_in(const std::string& line) {
    std::istringstream in(line);
    std::vector<std::string> out;
    for (std::string word; in >> word;) out.push_back(word);
    return out;
}

// The same host with another kernel; no kernel of 7.3 was recorded.
inline void boot(Snapshot& snapshot, const std::string& version) {
    snapshot.release = version;
    snapshot.version_text = "#1 SMP PREEMPT_DYNAMIC " + version;
    snapshot.version = *parse_version(version);
    snapshot.features.clear();
}

// /proc/iomem without the lines of a name and what is below them.
inline std::string without(const std::string& iomem, const std::string& name) {
    std::istringstream in(iomem);
    std::string out;
    std::size_t depth = std::string::npos;   // of the line that goes
    for (std::string line; std::getline(in, line);) {
        const std::size_t own = line.find_first_not_of(' ');
        if (own > depth && depth != std::string::npos) continue;
        depth = line.ends_with(" : " + name) ? own : std::string::npos;
        if (depth == std::string::npos) out += line + "\n";
    }
    return out;
}

// kmem has given its memory back and still drives the device.
inline void unplug(Snapshot& snapshot, const std::string& name) {
    for (auto& device : snapshot.nvdimm->dax_devices) {
        if (device.name != name) continue;
        device.state = "unplugged";
        snapshot.iomem = without(*snapshot.iomem, name);
        for (const auto& range : ranges_of(device)) {
            std::erase_if(*snapshot.blocks, [&](const BlockRecord& block) {
                const std::uint64_t start = block.number * *snapshot.memory_block_size;
                return range.contains(Range{start, start + *snapshot.memory_block_size - 1});
            });
        }
    }
}

// Somebody took the blocks FIRST-LAST offline.
inline void take_offline(Snapshot& snapshot, const std::string& blocks) {
    auto host = *SimulatedHost::from_snapshot(snapshot);
    const auto dash = blocks.find('-');
    for (auto number = std::stoul(blocks); number <= std::stoul(blocks.substr(dash + 1)); ++number) {
        host.carry_out(WriteAction{"/sys/devices/system/memory/memory" + std::to_string(number) + "/state", "offline"});
    }
    snapshot = host.snapshot();
}

inline Result<Snapshot> golden_host(const std::string& line) {
    const auto words = words_in(line);
    auto snapshot = load_snapshot(std::string(MEMHOT_TEST_DATA) + "/" + words.front());
    for (std::size_t i = 1; i < words.size() && snapshot; ++i) {
        const auto equals = words[i].find('=');
        const std::string value = words[i].substr(equals + 1);
        if (words[i].starts_with("auto_online_blocks=")) snapshot->auto_online_blocks = value;
        if (words[i].starts_with("kernel=")) boot(*snapshot, value);
        if (words[i].starts_with("offline=")) take_offline(*snapshot, value);
        if (words[i].starts_with("dax")) unplug(*snapshot, words[i].substr(0, equals));
    }
    return snapshot;
}

}   // namespace memhot::test
