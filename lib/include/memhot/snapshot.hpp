// SPDX-License-Identifier: LGPL-2.1-or-later
//
// All that was read of a host at one moment: immutable, can be saved, and everything that only reads works on a saved
// one. What a host does not show is absent, never a default.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/nvdimm.hpp"
#include "memhot/profile.hpp"
#include "memhot/result.hpp"

namespace memhot {

// A memory block as sysfs shows it (drivers/base/memory.c).
struct BlockRecord {
    std::uint64_t number = 0;
    std::string state;         // "online", "offline", "going-offline"
    std::string valid_zones;   // empty: the file is not there
    std::optional<bool> removable;
    std::optional<int> node;
    friend bool operator==(const BlockRecord&, const BlockRecord&) = default;
};

// One "Node N, zone NAME" of /proc/zoneinfo; pages.
struct ZoneRecord {
    int node = 0;
    std::string name;
    std::uint64_t start_pfn = 0;
    std::uint64_t spanned = 0;
    std::uint64_t present = 0;
    std::uint64_t managed = 0;
    std::uint64_t cma = 0;
    std::optional<std::uint64_t> high{};   // high watermark; absent: not known
    friend bool operator==(const ZoneRecord&, const ZoneRecord&) = default;
};

// A line of a udev rule that is about memory blocks or dax devices (/etc, /run, /usr/lib and /lib udev/rules.d).
struct UdevRuleRecord {
    std::string path;
    std::uint64_t line = 0;   // from 1
    std::string text;         // continuation lines joined
    friend bool operator==(const UdevRuleRecord&, const UdevRuleRecord&) = default;
};

struct Snapshot {
    // the kernel
    std::string hostname;
    std::string release;                    // uname -r
    std::string version_text;               // uname -v
    std::optional<Version> version;         // upstream, where it can be told
    std::string arch;                       // uname -m
    std::uint64_t page_size = 0;
    std::optional<unsigned> section_size_bits;
    std::optional<unsigned> max_physmem_bits;
    std::optional<unsigned> struct_page_size;
    std::string cmdline;
    std::vector<std::pair<Feature, bool>> features;   // seen on the host, not derived from the version

    // memory
    std::optional<std::uint64_t> memory_block_size;   // absent: a kernel without memory hotplug
    std::optional<std::string> iomem;   // exact text; absent: hidden from the reader, and iomem_hidden says why
    std::string iomem_hidden;
    std::optional<std::vector<BlockRecord>> blocks;   // ascending; absent: derive them from iomem (boot state)
    std::map<std::uint64_t, int> block_nodes;   // where blocks are absent but their nodes are known
    std::optional<std::string> possible_nodes;   // a cpulist such as "0-1"
    std::vector<ZoneRecord> zones;   // empty: derive them (boot state)
    std::optional<std::string> auto_online_blocks;
    std::map<std::string, std::string> parameters;   // /sys/module/memory_hotplug/parameters
    std::optional<bool> probe;   // whether the file `probe` is there
    std::optional<std::uint64_t> available_memory;   // bytes, MemAvailable of /proc/meminfo
    std::vector<std::string> firmware_ram;   // "START-END" of /sys/firmware/memmap entries of type System RAM

    std::optional<NvdimmRecord> nvdimm;   // absent: a host without /sys/bus/nd, /sys/bus/dax and /sys/bus/cxl

    // Asked about as the next boot of such a host would find it: each device comes up by itself, whatever drives it now.
    // Not of the file.
    bool boots_anew = false;

    std::vector<UdevRuleRecord> udev_rules;   // those that count: a masked file is left out

    // The kernel profile of this host. Errors: not_found where it does not say which kernel or architecture, bad_input for
    // an architecture without rules here, and those of make_profile().
    [[nodiscard]] Result<KernelProfile> profile() const;
};

struct ReadOptions {
    // memoryN/removable: an estimate before Linux 5.7, a constant since, so a caller who does not show it may leave it
    // out; every third system call is for it.
    bool removable = true;
    // A caller who keeps them himself (read_blocks) may leave them out; they are absent then.
    bool blocks = true;
};
// Reads a host below root ("/" is this one). Needs no privilege; what is hidden is absent.
Result<Snapshot> read_host(const std::string& root, const ReadOptions& options = {});
// Those of the memory blocks with these numbers that are there, in the order of the numbers: for a caller who knows which
// have changed. Errors as of read_host().
Result<std::vector<BlockRecord>> read_blocks(const std::string& root, const std::vector<std::uint64_t>& numbers,
                                             const ReadOptions& options = {});
// The same host for others to see: without what the kernel shows only to the privileged (addresses), and with numbers for
// what names this machine and its parts (hostname, uuids, serial numbers). Memory block numbers, which everybody may read
// in sysfs, stay.
Snapshot redacted(Snapshot snapshot);
inline constexpr std::string_view kSnapshotFormat = "memhot-snapshot/1";
// JSON text, format kSnapshotFormat.
std::string to_json(const Snapshot& snapshot);
// bad_input, with the field, where it is no such document: another format, an unknown field, a value out of range, too
// large or too deep.
Result<Snapshot> snapshot_from_json(std::string_view text);
// The same of a file, which is named in the error; also not_found, not_permitted and io.
Result<Snapshot> load_snapshot(const std::string& path);
// Atomically: a temporary file beside it, fsync, rename.
Status save_snapshot(const Snapshot& snapshot, const std::string& path);

}   // namespace memhot
