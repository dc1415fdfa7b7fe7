// SPDX-License-Identifier: LGPL-2.1-or-later
//
// For each rule about namespaces and dax devices the numbers that it compared.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <span>

#include "model/state.hpp"
#include "nvdimm/dax_region.hpp"
#include "predict/nd_parts.hpp"

namespace memhot {

namespace {

using Values = std::vector<Value>;

struct Facts {
    const NdBus& bus;
    const NdSubject& subject;

    [[nodiscard]] const KernelProfile& profile() const { return bus.model.profile(); }
    [[nodiscard]] const NdRegion* region() const { return subject.regions.empty() ? nullptr : subject.regions.front(); }
    // The place that a command works on: of the namespace, or where a new one would land.
    [[nodiscard]] std::optional<Range> place() const {
        if (subject.ns != nullptr && subject.ns->allocated) return subject.ns->space;
        if (region() == nullptr) return std::nullopt;
        if (!region()->labelled) return region()->space;
        return subject.wanted.size == 0 ? std::nullopt : find_space(*region(), subject.wanted.size);
    }
};

void put_size(const Facts& facts, Values& out) { out.push_back(Value::of_size("size", facts.subject.wanted.size)); }

void put_region_align(const Facts& facts, Values& out) {
    if (facts.region() == nullptr || facts.region()->align == 0) return;
    out.push_back(Value::of_size("region_align", facts.region()->align));
    out.push_back(Value::of_size("size_beyond_a_multiple", facts.subject.wanted.size % facts.region()->align));
}

void put_interleave(const Facts& facts, Values& out) {
    if (facts.region() == nullptr) return;
    out.push_back(Value::of_size("align", facts.subject.wanted.align));
    out.push_back(Value::of_count("ways", std::max(1U, facts.region()->ways)));
    const std::uint64_t unit =
        std::max<std::uint64_t>(1, facts.subject.wanted.align * std::max(1U, facts.region()->ways));
    out.push_back(Value::of_size("size_beyond_a_multiple", facts.subject.wanted.size % unit));
}

void put_smallest(const Facts&, Values& out) { out.push_back(Value::of_size("least", kSmallestClaim)); }

void put_room(const Facts& facts, Values& out) {
    const bool ignore = facts.profile().has(Feature::nd_full_dimm_ignored);
    for (const NdRegion* region : facts.subject.regions) {
        const std::string prefix = facts.subject.regions.size() > 1 ? name_of(*region) + "_" : "";
        const bool split = region->labelled;
        const std::uint64_t available = split ? available_size(*region) : 0;
        out.push_back(Value::of_size(prefix + "available_size", available));
        out.push_back(
            Value::of_size(prefix + "max_available_extent", split ? max_available_extent(*region, ignore) : 0));
    }
}

void put_region_size(const Facts& facts, Values& out) {
    if (facts.region() != nullptr) out.push_back(Value::of_size("region_size", facts.region()->space.size()));
}

void put_start(const Facts& facts, Values& out) {
    const auto place = facts.place();
    if (!place) return;
    out.push_back(Value::of_address("start", place->start));
    out.push_back(Value::of_size("beyond_16_mib", place->start % kNdctlStartAlign));
}

void put_compat(const Facts& facts, Values& out) {
    const auto place = facts.place();
    if (!place) return;
    const std::uint64_t compat = compat_align(facts.profile());
    out.push_back(Value::of_range("place", *place));
    out.push_back(Value::of_size("compat_align", compat));
    out.push_back(Value::of_size("start_beyond_a_multiple", place->start % compat));
    out.push_back(Value::of_size("end_beyond_a_multiple", (place->last + 1) % compat));
}

void put_geometry(const Facts& facts, Values& out) {
    const auto place = facts.place();
    if (!place || facts.subject.wanted.align == 0) return;
    const auto& wanted = facts.subject.wanted;
    const PfnGeometry geometry = pfn_geometry(facts.profile(), *place, wanted.align, wanted.map).geometry;
    out.push_back(Value::of_range("place", *place));
    out.push_back(Value::of_size("align", wanted.align));
    out.push_back(Value::of_size("data_offset", geometry.data_offset));
    out.push_back(Value::of_size("end_trunc", geometry.end_trunc));
}

void put_info(const Facts& facts, Values& out) {
    if (facts.subject.ns == nullptr) return;
    out.push_back(Value::of_range("place", facts.subject.ns->space));
    const InfoBlock* info = info_block_of(facts.bus, *facts.subject.ns);
    if (info == nullptr) return;
    out.push_back(Value::of_size("align", info->align));
    out.push_back(Value::of_size("data_offset", info->geometry.data_offset));
    out.push_back(Value::of_size("start_pad", info->geometry.start_pad));
    out.push_back(Value::of_size("end_trunc", info->geometry.end_trunc));
    // what minor 4 added may be absent, or not shown by an active instance
    if (info->page_size != 0) out.push_back(Value::of_size("page_size", info->page_size));
    if (info->struct_page_size != 0) out.push_back(Value::of_size("struct_page_size", info->struct_page_size));
}

void put_blocks(const Facts& facts, Values& out) {
    const DaxDevice* device = facts.subject.device;
    if (device == nullptr) return;
    const std::uint64_t block = facts.bus.model.block_size();
    out.push_back(Value::of_size("block_size", block));
    for (const auto& range : device->ranges) {
        out.push_back(Value::of_range("range", range));
        out.push_back(Value::of_address("first_block_at", align_up(range.start, block)));
        out.push_back(Value::of_address("last_block_ends_at", align_down(range.last + 1, block)));
    }
}

void put_online(const Facts& facts, Values& out) {
    const DaxDevice* device = facts.subject.device;
    if (device == nullptr && facts.subject.ns != nullptr) {
        device = device_over(facts.bus, *facts.region(), *facts.subject.ns);
    }
    if (device == nullptr) return;
    out.push_back(Value::of_text("device", device->name()));
    out.push_back(Value::of_count("blocks", blocks_of(facts.bus, *device).size()));
    out.push_back(Value::of_count("blocks_online", online_blocks(facts.bus, *device)));
}

void put_policy(const Facts& facts, Values& out) {
    const bool offline = facts.bus.model.state().policy.default_online == OnlineType::offline;
    out.push_back(Value::of_text("auto_online_blocks", offline ? "offline" : "online"));
}

void put_device(const Facts& facts, Values& out) {
    const DaxDevice* device = facts.subject.device;
    if (device == nullptr) return;
    out.push_back(Value::of_size("device_size", device->size()));
    out.push_back(Value::of_size("device_align", device->align));
}

// How far a namespace can grow where it lies.
void put_growth(const Facts& facts, Values& out) {
    if (facts.subject.ns == nullptr || !facts.subject.ns->allocated || facts.region() == nullptr) return;
    const NdNamespace& ns = *facts.subject.ns;
    out.push_back(Value::of_size("has", ns.size()));
    out.push_back(Value::of_size("grows_in_place_to", ns.size() + free_behind(*facts.region(), ns)));
}

void put_aligns(const Facts& facts, Values& out) {
    std::string text;
    for (const std::uint64_t align :
         {4 * kKiB, 16 * kKiB, 64 * kKiB, 2 * kMiB, 16 * kMiB, 32 * kMiB, 512 * kMiB, kGiB}) {
        if (supports_align(facts.profile(), align)) text += (text.empty() ? "" : ", ") + exact_size(align);
    }
    out.push_back(Value::of_text("valid", text));
}

void put_dax_regions(const Facts& facts, Values& out) {
    for (const DaxRegion* region : facts.subject.dax_regions) {
        const bool one = facts.subject.dax_regions.size() == 1;
        const std::string prefix = one ? "" : fmt::format("dax_region_{}_", region->id);
        out.push_back(Value::of_size(prefix + "available_size", available_size(facts.bus, *region)));
        out.push_back(Value::of_size(prefix + "size_unit", dax_size_unit(facts.bus, *region, facts.subject)));
    }
}

using Put = void (*)(const Facts&, Values&);
struct Row {
    RuleId rule;
    std::array<Put, 3> puts;
};
constexpr auto kRows = std::to_array<Row>({
    {RuleId::ndctl_size_unaligned, {put_size, put_region_align}},
    {RuleId::ndctl_size_interleave, {put_size, put_interleave}},
    {RuleId::ndctl_size_small, {put_size, put_smallest}},
    {RuleId::ndctl_label_less_size, {put_size, put_region_size}},
    {RuleId::ndctl_no_capacity, {put_size, put_room, put_growth}},
    {RuleId::ndctl_start_16m, {put_start, put_region_align}},
    {RuleId::ndctl_align_unsupported, {put_aligns}},
    {RuleId::ndctl_system_ram, {put_online}},
    {RuleId::nd_size_unaligned, {put_size, put_region_align}},
    {RuleId::nd_size_no_space, {put_size, put_room, put_growth}},
    {RuleId::nd_size_no_room, {put_size, put_room, put_growth}},
    {RuleId::nd_claim_small, {put_size, put_smallest}},
    {RuleId::nd_raw_misaligned, {put_compat}},
    {RuleId::nd_pfn_start_misaligned, {put_compat, put_region_align}},
    {RuleId::nd_pfn_no_room, {put_geometry}},
    {RuleId::nd_btt_small, {put_size, put_smallest}},
    {RuleId::nd_dax_unaligned, {put_info}},
    {RuleId::nd_info_page_size, {put_info}},
    {RuleId::nd_info_struct_page, {put_info}},
    {RuleId::nd_info_align_unsupported, {put_info}},
    {RuleId::nd_info_exceeds_capacity, {put_info}},
    {RuleId::nd_info_array_exceeds, {put_info}},
    {RuleId::nd_info_bad_offset, {put_info}},
    {RuleId::nd_info_start_misaligned, {put_info, put_compat}},
    {RuleId::nd_info_end_misaligned, {put_info, put_compat}},
    {RuleId::nd_info_empty, {put_info}},
    {RuleId::nd_kmem_no_block, {put_blocks}},
    {RuleId::nd_dax_size_unaligned, {put_size, put_device, put_dax_regions}},
    {RuleId::nd_dax_no_space, {put_size, put_device, put_dax_regions}},
    {RuleId::nd_dax_align_text, {put_aligns}},
    {RuleId::nd_dax_align_invalid, {put_aligns}},
    {RuleId::nd_dax_align_ranges, {put_device, put_dax_regions}},
    {RuleId::daxctl_no_space, {put_dax_regions}},
    {RuleId::daxctl_auto_online, {put_policy}},
    {RuleId::daxctl_online, {put_online}},
    {RuleId::daxctl_all_online, {put_online}},
    {RuleId::daxctl_all_offline, {put_online}},
});

}   // namespace

std::uint64_t free_behind(const NdRegion& region, const NdNamespace& ns) {
    std::uint64_t end = region.space.last;
    for (const auto& [_, other] : region.namespaces) {
        if (other.allocated && other.space.start > ns.space.last) end = std::min(end, other.space.start - 1);
    }
    return end - ns.space.last;
}

std::vector<Value> nd_operands(const NdBus& bus, const NdSubject& subject, RuleId rule) {
    Values values;
    const auto* row = std::ranges::find(kRows, rule, &Row::rule);
    if (row == kRows.end()) return values;
    for (const Put put : row->puts) {
        if (put != nullptr) put({bus, subject}, values);
    }
    return values;
}

}   // namespace memhot
