// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A kernel profile: everything that differs between releases, architectures and page sizes, as data. The model asks
// profile.has(Feature::...) and never compares versions.
#pragma once

#include <bitset>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "memhot/result.hpp"

namespace memhot {

// An upstream version. Distributions hide it: Debian's `uname -r` 6.1.0-54-amd64 is 6.1.190 in `uname -v`.
struct Version {
    unsigned major = 0;
    unsigned minor = 0;
    unsigned patch = 0;
    friend auto operator<=>(const Version&, const Version&) = default;
};
// "6.1.190" or "6.1"; what follows the numbers ("+deb13-amd64", "-rc5") is ignored.
Result<Version> parse_version(std::string_view text);
// Without a patch level of 0: "6.1", "6.1.190".
std::string to_string(const Version& version);

enum class Arch : std::uint8_t { x86_64, arm64, ppc64, s390x, riscv64, loongarch64 };
// Takes the names of uname -m and of Debian: x86_64 amd64, aarch64 arm64, ppc64le ppc64 powerpc64le, ...
Result<Arch> parse_arch(std::string_view text);
std::string_view to_string(Arch arch);

// Each is a row of lib/kernel/features.cpp that says since when, on which architectures, with which backports.
enum class Feature : std::uint8_t {
    subsection_map,               // sections are shared in units of 2 MiB
    early_memmap_kept,            // removing a part of an early section leaves its memmap
    online_page_by_subsection,    // pfn_to_online_page looks at bits and at device mappings
    hole_pages_in_zone,           // struct pages of boot holes carry the zone around them
    addressable_check_in_add_pages,   // E2BIG from __add_pages
    mem_limits_hotplug,           // mem= limits what can be added, not only what is booted with
    pluggable_range,              // mhp_range_allowed before everything else
    direct_map_limit,             // the direct map ends the range of all memory, device private included
    direct_map_full,              // KASLR no longer cuts the direct map down to RAM (in whole TiB) plus 10 TiB
    node_possible_check,          // add to an impossible node is refused
    misaligned_end_hex,           // "end: 0x1f" instead of "end: #1f"
    region_intersects_descends,   // RAM below a non-matching resource is seen
    driver_managed_ram,           // add_memory_driver_managed, "System RAM (x)"
    device_private_warning,       // "Unaddressable device ... conflicts with"
    memmap_on_memory,             // MHP_MEMMAP_ON_MEMORY exists here
    memmap_on_memory_force,       // =force, and page instead of PMD granularity
    memmap_on_memory_split,       // many blocks at once, silent fallback
    auto_movable,                 // memory_hotplug.online_policy
    block_remembers_zone,         // memory_block.zone
    hwpoison_blocks_online,       // EHWPOISON
    offline_checks_holes,         // EINVAL for a block that is not wholly RAM
    offlined_pages_message,       // "Offlined Pages N" at info level
    fallback_order_message,       // "Fallback order for Node N" whenever the zonelists are built again
    fallback_order_of_possible,   // ... for each node that is possible, not just for those online
    movable_watermark,            // an empty zone Movable has watermarks too
    probe_failed_by_device,       // "DRIVER DEVICE: probe with driver", before: "DRIVER: probe of DEVICE"
    memremap_devm_only,        // only devm_memremap_pages(), whose name is in its messages
    memremap_prints_resource,  // memremap_pages() prints a resource where it later prints addresses
    resource_message_prefix,   // "resource: Trying to free nonexistent resource <0x...>", before: no prefix, no 0x
    offline_and_remove,        // offline_and_remove_memory is there
    offline_and_remove_many,   // offline_and_remove_memory takes many blocks
    device_private,   // CONFIG_DEVICE_PRIVATE
    arm64_boot_memory_stays,   // boot memory cannot be offlined
    arm64_boot_memory_warns,   // ... and the kernel says so
    arm64_linear_range_in_arch,   // EINVAL from arch_add_memory
    arm64_partial_base_pages,   // partial pieces get base pages
    altmap_honoured,   // the architecture takes memmap from an altmap at all
    altmap_falls_back,   // arm64 5.11 to 6.1: where no PMD fits into an altmap, base pages may
    altmap_refused,   // s390 before 6.8: an altmap is EINVAL
    devdax_memmap_dedup,   // compound pages of device dax share the memmap of their tails
    soft_reserved_hidden,   // "Soft Reserved" is no longer in /proc/iomem
    free_region_steps_by_section,   // request_free_mem_region walks in sections
    memory_probe,   // CONFIG_ARCH_MEMORY_PROBE: /sys/devices/system/memory/probe
    default_online,   // new blocks are onlined unless told otherwise
    default_online_types,   // auto_online_blocks also takes online_kernel and online_movable
    nd_compat_align,   // regions have an align, starts lie on it; an info block that does not fit leaves no raw disk
    pfn_truncates_end,   // a pfn or dax instance cuts off what is behind the last multiple of its align
    pfn_records_page_size,   // info blocks carry page and struct page sizes, which are checked
    pfn_refuses_empty,   // a pfn or dax instance that nothing is left of is refused
    kmem_refuses_empty,   // kmem refuses a device that trims to nothing
    kmem_says_truncated,   // "DAX region truncated by ..."
    kmem_says_stuck,   // "stuck online until reboot" instead of "cannot be hotremoved until the next reboot"
    kmem_state,   // the file `state` of a device that kmem drives: all of its memory at once
    nd_align_label_less,   // the align of a region without DIMMs can be written
    nd_full_dimm_ignored,   // max_available_extent skips DIMMs that have nothing left
    pfn_checks_struct_page,   // map=dev is refused where struct page has more than 64 bytes
    pfn_align_by_cpu,   // 1 GiB is a supported alignment only where the CPU maps pages of it
    cpu_gigabyte_pages,   // the CPU does
    dax_partitions,   // dynamic dax regions are divided through sysfs
    dax_prepopulated_check,   // a dynamic dax device whose bind failed cannot be bound again
    dax_mapping_ignored,   // a misaligned range written to `mapping` is dropped without an error
    bind_tells_errno,   // a write to `bind` fails with the driver's errno, before: ENODEV
    hash_mmu,   // powerpc without radix: device memory starts and ends on 16 MiB
    count_
};
inline constexpr std::size_t kFeatureCount = static_cast<std::size_t>(Feature::count_);

struct Backport {
    unsigned major;
    unsigned minor;
    unsigned patch;   // the first patch level of that series that has it
};

struct FeatureRow {
    Feature feature;
    std::string_view name;   // as in snapshots and `--json`
    Version since;   // first upstream release that has it
    Version until;   // first one that no longer has it; {} where it stays
    std::vector<Arch> arches;   // empty: all
    std::vector<Backport> backports;
    std::string_view source;   // file, function, commit
};
// In the order of the enumeration. Rows of one feature stand together (architectures may get it at different times);
// one that fits is enough.
std::span<const FeatureRow> feature_rows();
std::optional<Feature> parse_feature(std::string_view name);
std::string_view to_string(Feature feature);

struct KernelProfile {
    std::string name;   // what it was asked for as: release, version or profile name
    std::string release;   // uname -r, may be empty
    Version version;
    Arch arch = Arch::x86_64;
    std::uint64_t page_size = 4096;
    unsigned section_size_bits = 27;
    unsigned max_physmem_bits = 46;
    unsigned struct_page_size = 64;
    std::uint64_t pmd_size = 2ULL << 20;
    std::uint64_t pageblock_size = 2ULL << 20;
    std::uint64_t max_order_size = 4ULL << 20;   // MAX_ORDER_NR_PAGES in bytes
    std::bitset<kFeatureCount> features;
    std::vector<std::string> assumptions;   // what the request did not say and the tables could only suppose

    [[nodiscard]] bool has(Feature feature) const { return features[static_cast<std::size_t>(feature)]; }
    [[nodiscard]] std::uint64_t section_size() const { return 1ULL << section_size_bits; }
    [[nodiscard]] std::uint64_t pages_per_section() const { return section_size() / page_size; }
    [[nodiscard]] std::uint64_t pages_per_subsection() const { return (2ULL << 20) / page_size; }
    [[nodiscard]] unsigned subsections_per_section() const { return 1U << (section_size_bits - 21); }
    [[nodiscard]] std::uint64_t pfn(std::uint64_t address) const { return address / page_size; }
};

// What is known of a kernel; what is left out comes from the tables of lib/kernel.
struct ProfileRequest {
    std::string release;
    std::optional<Version> version;   // else taken from release
    Arch arch = Arch::x86_64;
    std::optional<std::uint64_t> page_size;
    std::optional<unsigned> section_size_bits;
    std::optional<unsigned> max_physmem_bits;
    std::optional<unsigned> struct_page_size;
    std::vector<std::pair<Feature, bool>> found;   // seen on the host: wins over the version
};
// Errors: unsupported for a version without rules here (before 5.3), bad_input for impossible sizes, ambiguous for a
// release that hides a patch level which decides something that `found` does not say.
Result<KernelProfile> make_profile(const ProfileRequest& request);

// What --kernel takes: VERSION ("6.12", "6.1.190"; 6.12 is 6.12.0, without any stable update), RELEASE
// ("6.1.0-54-amd64") or PROFILE (ARCH-VERSION or ARCH-VERSION-PAGESIZE: "x86_64-6.12", "arm64-6.12.20-16k"). What it
// does not say (arch, page size, x86 physical address bits) is taken from base. ErrorKind::ambiguous names the
// candidates.
Result<KernelProfile> named_profile(std::string_view text, const KernelProfile& base);

// The profiles of mainline releases, newest last: what --kernel takes by name besides stable updates.
std::vector<std::string> profile_names();

// The memory block size that a kernel chooses at boot: on x86_64 by boot_end, the end of boot RAM (not its amount), and by
// whether it runs under a hypervisor; elsewhere a section. Advice of the CXL windows (6.15 and later) and uv_memblksize=
// are not known here. Where a host shows block_size_bytes, that counts.
std::uint64_t boot_block_size(const KernelProfile& profile, std::uint64_t boot_end, bool hypervisor);

}   // namespace memhot
