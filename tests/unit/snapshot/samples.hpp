// SPDX-License-Identifier: GPL-2.0-or-later
//
// Snapshots for tests: one with everything in it, and arbitrary valid ones.
#pragma once

#include <rapidcheck.h>

#include "memhot/snapshot.hpp"
#include "memhot/units.hpp"

namespace memhot::test {

inline Snapshot full_snapshot() {
    Snapshot s;
    s.hostname = "pmem1";
    s.release = "6.1.0-54-amd64";
    s.version_text = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.190-1 (2026-09-30)";
    s.version = Version{6, 1, 190};
    s.arch = "x86_64";
    s.page_size = 4096;
    s.section_size_bits = 27;
    s.max_physmem_bits = 46;
    s.struct_page_size = 64;
    s.cmdline = "root=/dev/vda \"quoted\"";
    s.features = {{Feature::subsection_map, true}, {Feature::memory_probe, false}};
    s.memory_block_size = 128 * kMiB;
    s.iomem = "00000000-00000fff : Reserved\n00001000-0009ffff : System RAM\n";
    s.blocks = {{{0, "online", "none", true, 0},
                 {1, "online", "DMA32", true, 0},
                 {2, "online", "DMA32", true, 0},
                 {8, "offline", "Normal Movable", std::nullopt, 1},
                 {9, "going-offline", "", false, std::nullopt}}};
    s.block_nodes = {{0, 0}, {100, 1}};
    s.possible_nodes = "0-1";
    s.zones = {{0, "DMA", 1, 4095, 3998, 3840, 0}, {1, "Normal", 0x240000, 65536, 65536, 60000, 7}};
    s.auto_online_blocks = "offline";
    s.parameters = {{"memmap_on_memory", "N"}, {"online_policy", "contig-zones"}};
    s.probe = false;
    s.firmware_ram = {"00000000-0009fbff", "00100000-bfffffff"};
    return s;
}

template <class T>
std::optional<T> maybe(T value) {
    return *rc::gen::arbitrary<bool>() ? std::optional<T>(std::move(value)) : std::nullopt;
}

inline std::string some_text() { return *rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127)); }

inline std::vector<BlockRecord> arbitrary_blocks() {
    std::vector<BlockRecord> blocks;
    std::uint64_t number = *rc::gen::inRange<std::uint64_t>(0, 10000);
    const auto count = *rc::gen::inRange(0, 20);
    for (int i = 0; i < count; ++i) {
        blocks.push_back({number, *rc::gen::element<std::string>("online", "offline", "going-offline"),
                          *rc::gen::element<std::string>("", "none", "Normal", "Normal Movable"),
                          maybe(*rc::gen::arbitrary<bool>()), maybe(*rc::gen::inRange(0, 3))});
        number += *rc::gen::element<std::uint64_t>(1, 1, 1, 2, 50);
    }
    return blocks;
}

inline Snapshot arbitrary_snapshot() {
    Snapshot s;
    s.hostname = some_text();
    s.release = some_text();
    s.version_text = some_text();
    s.arch = some_text();
    s.cmdline = some_text();
    if (*rc::gen::arbitrary<bool>())
        s.version = Version{*rc::gen::inRange(2U, 9U), *rc::gen::inRange(0U, 30U), *rc::gen::inRange(0U, 200U)};
    s.page_size = *rc::gen::element<std::uint64_t>(0, 4096, 16384, 65536);
    s.section_size_bits = maybe(*rc::gen::inRange(21U, 28U));
    s.max_physmem_bits = maybe(*rc::gen::inRange(40U, 60U));
    s.struct_page_size = maybe(*rc::gen::element(56U, 64U, 80U));
    for (std::size_t i = 0; i < kFeatureCount; ++i) {
        if (*rc::gen::inRange(0, 4) == 0) s.features.emplace_back(static_cast<Feature>(i), *rc::gen::arbitrary<bool>());
    }
    s.memory_block_size = maybe(*rc::gen::element<std::uint64_t>(256 * kMiB, 2 * kGiB));
    if (s.memory_block_size && *rc::gen::arbitrary<bool>()) s.blocks = arbitrary_blocks();
    if (!s.blocks)
        s.block_nodes = *rc::gen::container<std::map<std::uint64_t, int>>(rc::gen::arbitrary<std::uint64_t>(),
                                                                          rc::gen::inRange(0, 1024));
    s.possible_nodes = maybe(*rc::gen::element<std::string>("0", "0-3", "0,2"));
    const auto nodes = *rc::gen::inRange(0, 3);
    for (int node = 0; node < nodes; ++node) {
        const auto spanned = *rc::gen::inRange<std::uint64_t>(0, 1000000);
        s.zones.push_back(
            {node, "Normal", *rc::gen::inRange<std::uint64_t>(0, 1000000), spanned, spanned / 2, spanned / 3, 0});
    }
    s.auto_online_blocks = maybe(some_text());
    s.parameters =
        *rc::gen::container<std::map<std::string, std::string>>(rc::gen::exec(some_text), rc::gen::exec(some_text));
    s.probe = maybe(*rc::gen::arbitrary<bool>());
    if (*rc::gen::arbitrary<bool>()) s.firmware_ram = {"00000000-0009fbff", "0-ffffffffffffffff"};
    if (*rc::gen::arbitrary<bool>()) {
        s.iomem = some_text();
    } else {
        s.iomem_hidden = some_text();
    }
    return s;
}

}   // namespace memhot::test
