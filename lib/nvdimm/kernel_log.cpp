// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nvdimm/kernel_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "model/state.hpp"

namespace memhot {

namespace {

// grow_dpa_allocation(), which is a part of its caller in the kernels that people run
constexpr std::string_view kWarnGrow = "WARNING in drivers/nvdimm/namespace_devs.c size_store";

// %pR of a resource with no flag but IORESOURCE_MEM
std::string resource(const Range& range) { return fmt::format("[mem {:#010x}-{:#010x}]", range.start, range.last); }

// CONFIG_ARCH_HAS_PMEM_API and CONFIG_ARCH_HAS_UACCESS_FLUSHCACHE
bool can_flush_caches(Arch arch) { return arch == Arch::x86_64 || arch == Arch::arm64 || arch == Arch::ppc64; }

struct InfoFacts {
    const KernelProfile& profile;
    const NdRegion& region;
    const NdNamespace& ns;
    const InfoBlock& info;
};

// nd_pfn_validate(), in its order (drivers/nvdimm/pfn_devs.c).
struct InfoLine {
    RuleId rule;
    std::string (*text)(const InfoFacts&);
};
constexpr std::array kInfoLines{
    InfoLine{RuleId::nd_info_page_size,
             [](const InfoFacts& f) { return fmt::format("init failed, page size mismatch {}", f.info.page_size); }},
    InfoLine{RuleId::nd_info_struct_page,
             [](const InfoFacts& f) {
                 return fmt::format("init failed, struct page size mismatch {}", f.info.struct_page_size);
             }},
    // nd_pfn_devinit(): an instance that is only probed has the default alignment, a PMD
    InfoLine{RuleId::nd_info_align_unsupported,
             [](const InfoFacts& f) {
                 return fmt::format("init failed, alignment mismatch: {}:{}", f.profile.pmd_size, f.info.align);
             }},
    InfoLine{RuleId::nd_info_exceeds_capacity,
             [](const InfoFacts& f) {
                 return fmt::format("alignment: {:x} exceeds capacity {:x}", f.info.align, f.ns.size());
             }},
    InfoLine{RuleId::nd_info_array_exceeds,
             [](const InfoFacts& f) {
                 return fmt::format("pfn array size exceeds capacity of {}", name_of(f.region, f.ns));
             }},
    InfoLine{RuleId::nd_info_bad_offset,
             [](const InfoFacts& f) {
                 return fmt::format("bad offset: {:#x} dax disabled align: {:#x}", f.info.geometry.data_offset,
                                    f.info.align);
             }},
    InfoLine{RuleId::nd_info_start_misaligned,
             [](const InfoFacts&) { return std::string("resource start misaligned"); }},
    InfoLine{RuleId::nd_info_end_misaligned, [](const InfoFacts&) { return std::string("resource end misaligned"); }},
    InfoLine{RuleId::nd_info_empty, [](const InfoFacts&) { return std::string("bad offset with small namespace"); }},
};

// Which of a device's ranges that is: kmem counts its mappings.
std::size_t index_of(const NdBus& bus, const DaxDevice& device, const Range& blocks) {
    const auto found = std::ranges::find_if(
        device.ranges, [&](const Range& range) { return kmem_blocks(range, bus.model.block_size()) == blocks; });
    return static_cast<std::size_t>(found - device.ranges.begin());
}

void log_mapping(NdBus& bus, const DaxDevice& device, std::size_t index, const Range& range, std::string_view what) {
    log_line(bus, log_device(device, DaxDriver::kmem),
             fmt::format("mapping{}: {:#x}-{:#x} {}", index, range.start, range.last, what));
}

void note_unmapped(NdBus& bus, const op::Unmap& unmap) {
    const Mapping* mapping = bus.model.state().pgmaps->find(unmap.handle);
    if (mapping != nullptr) bus.unmapped.push_back({*mapping, memmap_losses(bus.model.state(), mapping->range)});
}

}   // namespace

LogDevice log_device(const NdRegion& region, const NdNamespace& ns) { return {"nd_pmem", name_of(region, ns)}; }

LogDevice log_device(const DaxDevice& device, DaxDriver driver) { return {to_string(driver), device.name()}; }

void log_line(NdBus& bus, const LogDevice& device, std::string_view text) {
    bus.log.push_back({fmt::format("{} {}: {}", device.driver, device.name, text)});
}

void log_probe_failed(NdBus& bus, const LogDevice& device, int error) {
    if (error == 0 || error == ENODEV || error == ENXIO) return;
    if (bus.model.profile().has(Feature::probe_failed_by_device)) {
        log_line(bus, device, fmt::format("probe with driver {} failed with error -{}", device.driver, error));
    } else {
        bus.log.push_back({fmt::format("{}: probe of {} failed with error -{}", device.driver, device.name, error)});
    }
}

Outcome carry_out(NdBus& bus, const Operation& operation, int handle) {
    const Outcome answer = bus.model.outcome(operation);
    carry_out(bus, operation, answer, handle);
    return answer;
}

void carry_out(NdBus& bus, const Operation& operation, const Outcome& answer, int handle) {
    if (const auto* unmap = std::get_if<op::Unmap>(&operation)) note_unmapped(bus, *unmap);
    auto lines = bus.model.messages(operation, answer);
    bus.model.said(lines);
    bus.model.apply(operation, answer, handle);
    std::ranges::move(lines, std::back_inserter(bus.log));
}

// nvdimm_has_flush() does not know of a region without DIMMs (drivers/nvdimm/region_devs.c).
void log_no_flush(NdBus& bus, const NdRegion& region, const LogDevice& device) {
    if (region.ways != 0 && can_flush_caches(bus.model.profile().arch)) return;
    log_line(bus, device, "unable to guarantee persistence of writes");
}

void log_region_taken(NdBus& bus, const LogDevice& device, const NdNamespace& ns) {
    log_line(bus, device, "could not reserve region " + resource(ns.space));
}

// %pr shows the flags
void log_misaligned(NdBus& bus, const NdRegion& region, const NdNamespace& ns) {
    log_line(
        bus, log_device(region, ns),
        fmt::format("[mem {:#010x}-{:#010x} flags 0x200] misaligned, unable to map", ns.space.start, ns.space.last));
}

void log_read_only_disk(NdBus& bus, const NdRegion& region, const NdNamespace& ns, const LogDevice& device) {
    if (!region.read_only) return;
    log_line(bus, device, fmt::format("{} read-only, marking {} read-only", name_of(region), disk_name(region, ns)));
}

void log_info_refused(NdBus& bus, const NdRegion& region, const NdNamespace& ns, const InfoBlock& info,
                      const LogDevice& device, RuleId rule) {
    const auto* found = std::ranges::find(kInfoLines, rule, &InfoLine::rule);
    if (found != kInfoLines.end()) log_line(bus, device, found->text({bus.model.profile(), region, ns, info}));
}

void log_not_created(NdBus& bus, const NdRegion& region, const NdNamespace& ns, const LogDevice& device, RuleId rule) {
    const std::string name = name_of(region, ns);
    switch (rule) {
        case RuleId::nd_pfn_read_only:
            log_line(bus, device, name_of(region) + " is read-only, unable to init metadata");
            break;
        case RuleId::nd_pfn_start_misaligned:   // %pa of a 64-bit address
            log_line(bus, device,
                     fmt::format("{}: start {:#018x} misaligned to {:#x}", name, ns.space.start,
                                 compat_align(bus.model.profile())));
            break;
        case RuleId::nd_pfn_no_room: log_line(bus, device, name + " unable to satisfy requested alignment"); break;
        case RuleId::nd_pfn_struct_page:
            log_line(bus, device, "Memory debug options prevent using pmem for the page map");
            break;
        default: break;
    }
}

void log_pages_cut(NdBus& bus, const LogDevice& device, const InfoBlock& info, std::uint64_t usable) {
    const std::uint64_t pages = usable / bus.model.profile().page_size;
    if (info.map == PageMap::ram || info.npfns <= pages) return;
    log_line(bus, device, fmt::format("number of pfns truncated from {} to {}", info.npfns, pages));
}

void log_underrun(NdBus& bus, const NdRegion& region, std::uint64_t more) {
    const int site = static_cast<int>(Once::nd_underrun);
    if (bus.model.state().said[static_cast<std::size_t>(site)]) return;
    const std::vector<KernelMessage> lines{{fmt::format("nd_region {}: allocation underrun: 0x0 of {:#x} bytes",
                                                        name_of(region), more / std::max(1U, region.ways)),
                                            site},
                                           {std::string(kWarnGrow), site}};
    bus.model.said(lines);
    std::ranges::copy(lines, std::back_inserter(bus.log));
}

void log_range_taken(NdBus& bus, const DaxDevice& device, std::size_t index) {
    const LogDevice on = log_device(device, DaxDriver::device_dax);
    const Range& range = device.ranges[index];
    if (bus.model.profile().has(Feature::dax_partitions)) {
        log_line(bus, on,
                 fmt::format("mapping{}: {:#x}-{:#x} could not reserve range", index, range.start, range.last));
    } else {
        log_line(bus, on, "could not reserve region " + resource(range));
    }
}

// 5.9 and earlier name the region, that of a namespace's device
void log_kmem_no_node(NdBus& bus, const DaxDevice& device) {
    const bool named = !bus.model.profile().has(Feature::dax_partitions);
    const std::string region = named ? " " + resource(device.ranges.front()) : std::string();
    log_line(bus, log_device(device, DaxDriver::kmem),
             fmt::format("rejecting DAX region{} with invalid node: {}", region, device.target_node));
}

void log_kmem_trimming(NdBus& bus, const DaxDevice& device) {
    const KernelProfile& profile = bus.model.profile();
    if (!profile.has(Feature::dax_partitions)) return;
    std::uint64_t left = 0;
    for (std::size_t i = 0; i < device.ranges.size(); ++i) {
        if (const auto blocks = kmem_blocks(device.ranges[i], bus.model.block_size())) {
            left += blocks->size();
        } else {
            log_mapping(bus, device, i, device.ranges[i], "too small after alignment");
        }
    }
    const LogDevice on = log_device(device, DaxDriver::kmem);
    if (left == 0 && profile.has(Feature::kmem_refuses_empty)) {
        log_line(bus, on, "rejecting DAX region without any memory after alignment");
    } else if (left != device.size() && profile.has(Feature::kmem_says_truncated)) {
        log_line(bus, on,
                 fmt::format("DAX region truncated by {} due to alignment", kernel_size(device.size() - left)));
    }
}

void log_kmem_range(NdBus& bus, const DaxDevice& device, const Range& blocks, bool claimed) {
    if (bus.model.profile().has(Feature::dax_partitions)) {
        log_mapping(bus, device, index_of(bus, device, blocks), blocks,
                    claimed ? "memory add failed" : "could not reserve region");
    } else if (!claimed) {
        log_line(bus, log_device(device, DaxDriver::kmem),
                 fmt::format("could not reserve region [{:#018x}-{:#018x}]", blocks.start, blocks.last + 1));
    }
}

void log_kmem_stuck(NdBus& bus, const DaxDevice& device, const Range& blocks) {
    const KernelProfile& profile = bus.model.profile();
    if (!profile.has(Feature::dax_partitions)) {
        log_line(bus, log_device(device, DaxDriver::kmem),
                 fmt::format("DAX region {} cannot be hotremoved until the next reboot", resource(blocks)));
        return;
    }
    log_mapping(bus, device, index_of(bus, device, blocks), blocks,
                profile.has(Feature::kmem_says_stuck) ? "stuck online until reboot"
                                                      : "cannot be hotremoved until the next reboot");
}

void log_kmem_all_stuck(NdBus& bus, const DaxDevice& device) {
    if (!bus.model.profile().has(Feature::kmem_says_stuck)) return;
    log_line(bus, log_device(device, DaxDriver::kmem), "Hotplug regions stuck online until reboot");
}

std::string kernel_size(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 7> kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    constexpr std::array<std::uint64_t, 3> kRounding{500, 50, 5};
    std::size_t unit = 0;
    std::uint64_t rest = 0;
    for (; bytes >= 1024; bytes /= 1024, ++unit) rest = bytes % 1024;
    std::size_t digits = 0;   // behind the point, of three in all
    for (std::uint64_t shown = bytes; shown * 10 < 1000 && bytes != 0; shown *= 10) ++digits;
    rest = rest * 1000 / 1024 + kRounding[digits];
    if (rest >= 1000) {
        rest -= 1000;
        ++bytes;
    }
    const std::string fraction = digits == 0 ? "" : "." + fmt::format("{:03}", rest).substr(0, digits);
    return fmt::format("{}{} {}", bytes, fraction, kUnits[unit]);
}

}   // namespace memhot
