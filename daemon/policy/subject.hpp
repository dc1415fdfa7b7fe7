// SPDX-License-Identifier: GPL-2.0-or-later
//
// What a policy may be about: a memory block, a dax device or a namespace of a snapshot, with what the host shows of it.
// What it does not show is said to be unknown, never guessed.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/own_knobs.hpp"
#include "memhot/doctor.hpp"
#include "memhot/iomem.hpp"
#include "memhot/snapshot.hpp"
#include "policy/policy.hpp"

namespace memhot::policy {

enum class Tri : std::uint8_t { no, yes, unknown };
std::string_view to_string(Tri value);

// How much of a device is there.
struct BlockCount {
    std::uint64_t present = 0;
    std::uint64_t all = 0;
};

// A snapshot with what is worked out of it once. The snapshot must outlive it.
struct Host {
    // knobs: what memhotd set itself, as far as anybody remembers.
    explicit Host(const Snapshot& snapshot, const journal::OwnKnobs& knobs = {});

    const Snapshot& snapshot;
    NvdimmRecord nd;   // empty where the host has none
    std::optional<ResourceTree> iomem;   // absent: hidden or unreadable, and no_iomem says why
    std::string no_iomem;
    journal::OwnKnobs own_knobs;   // of them, those that still have what memhotd set
    std::vector<OnliningOwner> owners;   // others: memhotd's own value of a knob is nobody else's
    std::map<std::uint64_t, std::string> dax_of_block;   // also blocks that would come with the device
    std::map<std::string, BlockCount> blocks_of_dax;
};

// Those who would do it, too. The kernel counts for blocks, where it does something else than is wanted.
std::vector<std::string> owners_of(const Host& host, OnliningOwner::Kind kind);
// What stands in a file of the kernel's own policy; nothing where this kernel has none.
std::optional<std::string> knob_value(const Snapshot& snapshot, std::string_view path);

struct Subject {
    enum class Kind : std::uint8_t { block, dax, name_space };
    Kind kind = Kind::block;
    std::string name;   // "memory40", "dax0.0", "namespace0.0"
    std::uint64_t block = 0;   // its number
    bool present = true;   // a block that would come with its device is not there yet
    std::string state;   // of a block: "online", "offline"; of a device its driver
    // Of a device: "system-ram", "devdax", "fsdax", "sector", "raw"; "memory" of a legacy range with its pages in RAM.
    // Empty: none of these, or nobody can see it.
    std::string mode;
    std::string zones;   // valid_zones of a block
    std::vector<Range> ranges;   // empty: hidden
    std::optional<std::uint64_t> size;   // of the device, or of the block where it has none
    std::optional<int> node;
    std::array<Tri, kSources> sources{};   // by Source; several can be true
    bool source_is_acpi_or_probe = false;   // surely one of the two
    std::string source_note;   // why one of them cannot be told
    std::vector<std::string> devices;   // the names that Device= is compared with, its own first
    std::vector<std::string> uuids;   // of the namespace or the CXL region; empty: it has none
    std::string dax;   // of a block: the dax device that it belongs to
    std::optional<Range> whole;   // of a block without dax device: the resource that was added at once
};

// "memory", "dax" and "namespace".
std::string_view to_string(Subject::Kind kind);

// A block may be one that is not there yet.
Subject block_subject(const Host& host, std::uint64_t number);
Subject dax_subject(const Host& host, const DaxDeviceRecord& device);
// Plain memory that nobody has seen yet, as far as one can tell beforehand where it would come from.
Subject coming_subject(const Host& host);
Subject namespace_subject(const Host& host, const NamespaceRecord& ns);

// The blocks of a whole device: of a dax device those that it has or would get, else those of the resource in which the
// block lies. Empty where it cannot be told.
std::vector<std::uint64_t> blocks_of_device(const Host& host, const Subject& subject);

// How many of those there are, without looking at each; none where it cannot be told.
BlockCount count_blocks(const Host& host, const Subject& subject);

}   // namespace memhot::policy
