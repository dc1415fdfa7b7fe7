// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/subject.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace memhot::policy {

namespace {

constexpr std::string_view kRam = "System RAM";

Tri& source_of(Subject& subject, Source source) { return subject.sources[static_cast<std::size_t>(source)]; }
void is_from(Subject& subject, Source source) { source_of(subject, source) = Tri::yes; }

void add_once(std::vector<std::string>& names, const std::string& name) {
    if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
}

const BlockRecord* find_block(const Snapshot& snapshot, std::uint64_t number) {
    if (!snapshot.blocks) return nullptr;
    const auto found = std::ranges::lower_bound(*snapshot.blocks, number, {}, &BlockRecord::number);
    return found != snapshot.blocks->end() && found->number == number ? &*found : nullptr;
}

// The namespace below a dax device of the nvdimm bus: its parent is the instance that claims it.
const NamespaceRecord* namespace_below(const Host& host, const DaxDeviceRecord& device) {
    const auto* instance = host.nd.instance(device.parent);
    return instance == nullptr ? nullptr : host.nd.find_namespace(instance->namespace_name);
}

void take_namespace(const NamespaceRecord& ns, Subject& subject) {
    add_once(subject.devices, ns.name);
    add_once(subject.devices, ns.region);
    add_once(subject.uuids, ns.uuid);
}

void take_cxl_region(const Host& host, const std::string& name, Subject& subject) {
    add_once(subject.devices, name);
    const auto region = std::ranges::find(host.nd.cxl_regions, name, &CxlRegionRecord::name);
    if (region == host.nd.cxl_regions.end()) return;
    add_once(subject.devices, region->decoder);
    add_once(subject.uuids, region->uuid);
}

// Names, uuids and sources that a dax device gives itself and its memory blocks.
void take_dax(const Host& host, const DaxDeviceRecord& device, Subject& subject) {
    add_once(subject.devices, device.name);
    if (device.driver == "kmem") is_from(subject, Source::kmem);
    if (const auto* ns = namespace_below(host, device)) take_namespace(*ns, subject);
    const auto* region = host.nd.dax_region(device.parent);
    if (region == nullptr) return;
    if (region->kind == "hmem") is_from(subject, Source::hmem);
    if (region->kind != "cxl") return;
    is_from(subject, Source::cxl);
    take_cxl_region(host, region->cxl_region, subject);
}

// The System RAM in which a block lies: its driver's name ("kmem" of "System RAM (kmem)") and the resource.
struct Ram {
    bool found = false;
    std::string driver;
    Range range;
    unsigned depth = 0;
};

Ram ram_of(const ResourceTree& tree, const Range& block) {
    Ram ram;
    tree.walk(block, [&](const Resource& resource, unsigned depth) {
        const bool is_ram = resource.name == kRam || resource.name.starts_with("System RAM (");
        if (!is_ram || (ram.found && !ram.driver.empty())) return;
        ram = {true, "", resource.range, depth};
        if (resource.name != kRam) ram.driver = resource.name.substr(12, resource.name.size() - 13);
    });
    return ram;
}

// What instance, label or info block say it was made into, also where it failed to come up or is switched off: what it is
// by them is not destroyed to become the same. force_raw is how somebody looks at what lies on it. The words of ndctl.
std::string mode_of(const Host& host, const NamespaceRecord& ns) {
    constexpr std::array<std::string_view, 3> kModes{"fsdax", "devdax", "sector"};   // by InstanceKind
    // holder_class_show() of drivers/nvdimm/namespace_devs.c
    constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kHolders{
        {{"pfn", "fsdax"}, {"dax", "devdax"}, {"btt", "sector"}, {"btt2", "sector"}}};
    if (const auto* instance = host.nd.instance_over(ns.name))
        return std::string(kModes[static_cast<std::size_t>(instance->kind)]);
    for (const auto& [holder, mode] : kHolders) {
        if (ns.holder_class == holder) return std::string(mode);
    }
    const auto* info = host.nd.info_block(ns.name);
    const bool hides = ns.driver.empty() || ns.force_raw.value_or(false);
    if (info != nullptr && info->checksum_ok && hides) return std::string(kModes[static_cast<std::size_t>(info->kind)]);
    if (ns.driver.empty()) return "";
    return ns.mode == "memory" ? "memory" : "raw";
}

std::string mode_of(const DaxDeviceRecord& device) {
    if (device.driver == "kmem") return "system-ram";
    return device.driver == "device_dax" ? "devdax" : "";
}

bool in_firmware_map(const Snapshot& snapshot, const Range& range) {
    return std::ranges::any_of(snapshot.firmware_ram, [&](const std::string& text) {
        const auto entry = parse_range(text, {});
        return entry && entry->overlaps(range);
    });
}

void unknown_plain(Subject& subject, std::string why) {
    source_of(subject, Source::acpi) = Tri::unknown;
    source_of(subject, Source::probe) = Tri::unknown;
    subject.source_note = std::move(why);
}

// Added by add_memory() without a driver's name: by ACPI, the file `probe` or a balloon (hv_balloon, Xen), which leave
// nothing behind that tells them apart.
void added_ram(const Host& host, Subject& subject) {
    const Snapshot& snapshot = host.snapshot;
    if (snapshot.firmware_ram.empty()) {
        return unknown_plain(subject, "without /sys/firmware/memmap memory of boot and hot-added memory look alike");
    }
    if (snapshot.probe == false) {
        is_from(subject, Source::acpi);
        subject.source_note = "plain System RAM that was added: a balloon (Hyper-V, Xen) would look like ACPI";
        return;
    }
    subject.source_is_acpi_or_probe = true;
    unknown_plain(subject, "memory of ACPI and of the file probe have the same name in /proc/iomem");
}

void without_iomem(const Host& host, Subject& subject) {
    for (const auto source : {Source::kmem, Source::virtio_mem, Source::acpi, Source::probe}) {
        if (source_of(subject, source) == Tri::no) source_of(subject, source) = Tri::unknown;
    }
    subject.source_note = "/proc/iomem: " + host.no_iomem;
}

void take_iomem(const Host& host, Subject& subject) {
    const auto& block = subject.ranges.front();
    if (!host.iomem) return without_iomem(host, subject);
    const Ram ram = ram_of(*host.iomem, block);
    if (!ram.found) return;
    subject.whole = ram.range;
    if (ram.driver == "kmem") is_from(subject, Source::kmem);
    if (ram.driver == "virtio_mem") is_from(subject, Source::virtio_mem);
    // memory that is called System RAM and nothing more: of boot, or added since
    const bool plain = ram.driver.empty() && ram.depth == 0;
    if (plain && !in_firmware_map(host.snapshot, ram.range)) added_ram(host, subject);
}

// What the kernel did before memhotd told it otherwise is what it would do.
void own_is_no_owner(const journal::OwnKnob& knob, std::vector<OnliningOwner>& owners) {
    std::erase_if(owners, [](const auto& owner) { return owner.kind == OnliningOwner::Kind::kernel; });
    if (knob.was == "offline") return;
    owners.push_back({OnliningOwner::Kind::kernel,
                      fmt::format("the kernel (auto_online_blocks was {} before memhotd set it)", knob.was)});
}

std::uint64_t size_of(const std::vector<Range>& ranges) {
    std::uint64_t sum = 0;
    for (const auto& range : ranges) sum += range.size();
    return sum;
}

// The blocks that lie wholly in the resource that was added at once: the first, and the one behind the last.
std::pair<std::uint64_t, std::uint64_t> blocks_of_resource(const Host& host, const Subject& subject) {
    const std::uint64_t bytes = host.snapshot.memory_block_size.value_or(0);
    if (!subject.whole || bytes == 0) return {0, 0};
    const auto source = [&](Source one) { return subject.sources[static_cast<std::size_t>(one)]; };
    // memory of boot is no device, and virtio-mem plugs and unplugs its blocks one by one
    if (source(Source::virtio_mem) == Tri::yes) return {0, 0};
    if (source(Source::kmem) != Tri::yes && source(Source::acpi) == Tri::no) return {0, 0};
    const std::uint64_t first = subject.whole->start / bytes + (subject.whole->start % bytes == 0 ? 0 : 1);
    const std::uint64_t end = subject.whole->last / bytes + (subject.whole->last % bytes == bytes - 1 ? 1 : 0);
    return {first, std::max(first, end)};
}

}   // namespace

std::string_view to_string(Tri value) {
    constexpr std::array<std::string_view, 3> kNames{"no", "yes", "unknown"};
    return kNames[static_cast<std::size_t>(value)];
}

std::string_view to_string(Subject::Kind kind) {
    constexpr std::array<std::string_view, 3> kNames{"memory", "dax", "namespace"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::vector<std::string> owners_of(const Host& host, OnliningOwner::Kind kind) {
    std::vector<std::string> names;
    for (const auto& owner : host.owners) {
        if (owner.kind == kind) names.push_back(owner.name);
    }
    return names;
}

std::optional<std::string> knob_value(const Snapshot& snapshot, std::string_view path) {
    const auto name = path.substr(path.rfind('/') + 1);
    if (name == "auto_online_blocks") return snapshot.auto_online_blocks;
    const auto found = snapshot.parameters.find(std::string(name));
    return found == snapshot.parameters.end() ? std::nullopt : std::optional(found->second);
}

Host::Host(const Snapshot& of, const journal::OwnKnobs& knobs)
    : snapshot(of), nd(of.nvdimm.value_or(NvdimmRecord{})), owners(onlining_owners(of)) {
    for (const auto& knob : knobs) {
        const auto now = knob_value(of, knob.path);
        if (!now || !knob.is_ours(*now)) continue;
        own_knobs.push_back(knob);
        if (knob.path.ends_with("/auto_online_blocks")) own_is_no_owner(knob, owners);
    }
    for (const auto& device : nd.dax_devices) {
        BlockCount& count = blocks_of_dax[device.name];
        for (const auto& block : dax_blocks(of, device)) {
            dax_of_block.emplace(block.number, device.name);
            ++count.all;
            if (block.present) ++count.present;
        }
    }
    if (!of.iomem) {
        no_iomem = of.iomem_hidden.empty() ? "not there" : of.iomem_hidden;
        return;
    }
    auto tree = ResourceTree::parse(*of.iomem, of.arch);
    if (tree) {
        iomem = *std::move(tree);
    } else {
        no_iomem = tree.error().message();
    }
}

Subject block_subject(const Host& host, std::uint64_t number) {
    Subject subject;
    subject.name = fmt::format("memory{}", number);
    subject.block = number;
    subject.devices.push_back(subject.name);
    const auto* record = find_block(host.snapshot, number);
    subject.present = record != nullptr;
    if (record != nullptr) {
        subject.state = record->state;
        subject.zones = record->valid_zones;
        subject.node = record->node;
    } else if (const auto node = host.snapshot.block_nodes.find(number); node != host.snapshot.block_nodes.end()) {
        subject.node = node->second;
    }
    const std::uint64_t bytes = host.snapshot.memory_block_size.value_or(0);
    const auto range = Range::from_size(number * bytes, bytes);
    if (!range) return subject;
    subject.ranges = {*range};
    subject.size = bytes;
    if (const auto over = host.dax_of_block.find(number); over != host.dax_of_block.end()) {
        const auto* device = host.nd.dax_device(over->second);
        subject.dax = device->name;
        take_dax(host, *device, subject);
        // it comes from kmem or not at all
        if (!subject.present) is_from(subject, Source::kmem);
        if (!subject.node && device->target_node) subject.node = device->target_node;
        subject.size = size_of(ranges_of(*device));
        if (subject.present && source_of(subject, Source::kmem) != Tri::yes) take_iomem(host, subject);
        return subject;
    }
    if (subject.present) take_iomem(host, subject);
    const bool driver_managed = source_of(subject, Source::kmem) == Tri::yes;
    const bool plain = source_of(subject, Source::acpi) != Tri::no;
    if (subject.whole && (driver_managed || plain)) subject.size = subject.whole->size();
    return subject;
}

Subject dax_subject(const Host& host, const DaxDeviceRecord& device) {
    Subject subject;
    subject.kind = Subject::Kind::dax;
    subject.name = device.name;
    subject.state = device.driver;
    subject.mode = mode_of(device);
    subject.ranges = ranges_of(device);
    subject.size = device.size;
    if (!subject.size && !subject.ranges.empty()) subject.size = size_of(subject.ranges);
    // the node that its memory has, or would have
    subject.node = device.target_node ? device.target_node : device.numa_node;
    take_dax(host, device, subject);
    return subject;
}

Subject coming_subject(const Host& host) {
    Subject subject;
    subject.name = "memory to come";
    subject.present = false;
    if (host.iomem) {
        added_ram(host, subject);
    } else {
        without_iomem(host, subject);
    }
    return subject;
}

Subject namespace_subject(const Host& host, const NamespaceRecord& ns) {
    Subject subject;
    subject.kind = Subject::Kind::name_space;
    subject.name = ns.name;
    subject.state = ns.driver;
    subject.mode = mode_of(host, ns);
    subject.size = ns.size;
    subject.node = ns.target_node ? ns.target_node : ns.numa_node;
    if (ns.resource && ns.size) {
        if (const auto range = Range::from_size(*ns.resource, *ns.size)) subject.ranges = {*range};
    }
    take_namespace(ns, subject);
    return subject;
}

std::vector<std::uint64_t> blocks_of_device(const Host& host, const Subject& subject) {
    std::vector<std::uint64_t> out;
    const std::string& name = subject.kind == Subject::Kind::dax ? subject.name : subject.dax;
    if (const auto* device = host.nd.dax_device(name)) {
        for (const auto& block : dax_blocks(host.snapshot, *device)) out.push_back(block.number);
        return out;
    }
    const auto [first, end] = blocks_of_resource(host, subject);
    for (std::uint64_t number = first; number < end; ++number) out.push_back(number);
    return out;
}

BlockCount count_blocks(const Host& host, const Subject& subject) {
    const auto dax = host.blocks_of_dax.find(subject.kind == Subject::Kind::dax ? subject.name : subject.dax);
    if (dax != host.blocks_of_dax.end()) return dax->second;
    const auto [first, end] = blocks_of_resource(host, subject);
    if (!host.snapshot.blocks) return {0, end - first};
    const auto& blocks = *host.snapshot.blocks;
    const auto begin_there = std::ranges::lower_bound(blocks, first, {}, &BlockRecord::number);
    const auto end_there = std::ranges::lower_bound(blocks, end, {}, &BlockRecord::number);
    return {static_cast<std::uint64_t>(end_there - begin_there), end - first};
}

}   // namespace memhot::policy
