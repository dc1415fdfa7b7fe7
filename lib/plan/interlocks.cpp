// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan/interlocks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "model/state.hpp"
#include "plan/blocks.hpp"
#include "plan/facts.hpp"

namespace memhot::plan {

namespace {

// What there is at most for a memmap, and how it is called.
struct Available {
    std::uint64_t bytes = 0;
    std::string name;
};

std::optional<Available> available(const Snapshot& snapshot) {
    if (snapshot.available_memory) return Available{*snapshot.available_memory, "available (MemAvailable)"};
    // A memmap is kernel memory: it never comes from zone Movable.
    std::uint64_t pages = 0;
    for (const auto& zone : snapshot.zones) pages += zone.name == "Movable" || zone.name == "Device" ? 0 : zone.managed;
    if (pages == 0) return std::nullopt;
    return Available{pages * snapshot.page_size, "all that the kernel zones have"};
}

// Pages, as the kernel counts for its own ratio (mm/memory_hotplug.c auto_movable_stats_account_zone): CMA is movable.
struct Ratio {
    std::uint64_t kernel = 0;
    std::uint64_t movable = 0;
};

Ratio ratio_of(const Model& model) {
    Ratio ratio;
    for (const auto& [_, node] : model.state().nodes) {
        for (unsigned i = 0; i < kZones; ++i) {
            const ZoneState& zone = node.zones[i];
            if (static_cast<Zone>(i) == Zone::movable) {
                ratio.movable += zone.present;
                continue;
            }
            ratio.kernel += zone.present - std::min(zone.cma, zone.present);
            ratio.movable += zone.cma;
        }
    }
    return ratio;
}

std::map<int, std::size_t> kernel_blocks(const Model& model) {
    std::map<int, std::size_t> out;
    for (const auto& block : model.blocks()) {
        if (in_kernel_zone(block)) ++out[block.node];
    }
    return out;
}

bool is_cxl(const Builder& builder, const DaxDevice& device) {
    if (!builder.snapshot().nvdimm) return false;
    const auto* record = builder.snapshot().nvdimm->dax_device(device.name());
    const auto* region = record == nullptr ? nullptr : builder.snapshot().nvdimm->dax_region(record->parent);
    return region != nullptr && region->kind == "cxl";
}

// nd_changes() says what becomes of it; "kept but for the first 8K" is no file system any more.
bool loses_data(const DeviceChange& change) {
    return std::ranges::any_of(change.values,
                               [](const Value& value) { return value.name == "data" && value.text != "kept"; });
}

// What it held went when kmem took it, and was named then.
bool was_memory(const NdBus& start, const std::string& name) {
    const DaxDevice* device = start.find_dax(name);
    return device != nullptr && device->driver == DaxDriver::kmem;
}

void memory_in_use(Builder& builder) {
    const std::uint64_t before = online_memory(builder.start().model);
    const std::uint64_t after = online_memory(builder.model());
    const auto& there = builder.snapshot().available_memory;
    if (!there || after >= before || before - after <= *there) return;
    builder.refuse(RuleId::plan_memory_in_use, fmt::format("{} would go, and only {} are available (MemAvailable)",
                                                           human_size(before - after), human_size(*there)));
}

// Before that plan. Where it does not tell, and that is where it onlined nothing, it had some.
bool had_kernel_memory(const Plan& plan, int node) {
    const auto zones = std::ranges::find(plan.facts, Fact::Kind::zones, &Fact::kind);
    return zones == plan.facts.end() || has_kernel_zone(zones->value, node);
}

void last_kernel_memory(Builder& builder, const Plan* undone) {
    const auto after = kernel_blocks(builder.model());
    for (const auto& [node, count] : kernel_blocks(builder.start().model)) {
        if (after.contains(node)) continue;
        if (undone != nullptr && !had_kernel_memory(*undone, node)) continue;
        builder.refuse(
            RuleId::plan_last_kernel_memory,
            fmt::format("node{} would lose all of its kernel memory ({} block{})", node, count, count == 1 ? "" : "s"));
    }
}

}   // namespace

void guard_memmap_memory(Builder& builder) {
    const std::uint64_t before = memmap_in_ram(builder.start());
    const std::uint64_t after = memmap_in_ram(builder.bus());
    if (after <= before) return;
    const std::uint64_t wanted = after - before;
    const auto there = available(builder.snapshot());
    if (!there) {
        builder.note(fmt::format("{} of RAM are taken for struct pages; this snapshot does not say what is available",
                                 human_size(wanted)));
        return;
    }
    if (wanted <= there->bytes && there->bytes - wanted >= kMemmapReserve) return;
    builder.refuse(RuleId::plan_memmap_memory,
                   fmt::format("{} of RAM are needed for struct pages and {} must stay free, {} are {}",
                               human_size(wanted), human_size(kMemmapReserve), human_size(there->bytes), there->name));
}

void guard_what_stays(Builder& builder, const Plan* undone) {
    memory_in_use(builder);
    last_kernel_memory(builder, undone);
}

void guard_movable_ratio(Builder& builder) {
    builder.rely(Fact::Kind::zones, "present pages");
    if (builder.wish().ratio == 0) return;
    const Ratio before = ratio_of(builder.start().model);
    const Ratio after = ratio_of(builder.model());
    if (after.movable <= before.movable || after.movable * 100 <= after.kernel * builder.wish().ratio) return;
    const std::uint64_t page = builder.model().profile().page_size;
    builder.refuse(
        RuleId::plan_movable_ratio,
        fmt::format("{} of movable memory on {} of kernel memory are {}%, at most {}% are wanted",
                    human_size(after.movable * page), human_size(after.kernel * page),
                    after.kernel == 0 ? std::string("over 100000") : fmt::to_string(after.movable * 100 / after.kernel),
                    builder.wish().ratio));
}

void guard_kmem_online(Builder& builder, const DaxDevice& device) {
    if (device.driver != DaxDriver::kmem) return;
    std::vector<std::uint64_t> online;
    for (const auto& range : device.added) {
        for (const auto& block : builder.model().blocks()) {
            const std::uint64_t start = block.number * builder.block_size();
            if (!range.contains({start, start + (builder.block_size() - 1)})) continue;
            builder.rely_on_block(block.number);
            if (block.online) online.push_back(block.number);
        }
    }
    if (online.empty()) return;
    builder.refuse(
        is_cxl(builder, device) ? RuleId::plan_cxl_online : RuleId::plan_kmem_online,
        fmt::format("{} of {} {} online", list_of(online), device.name(), online.size() == 1 ? "is" : "are"));
}

void guard_kmem_online(Builder& builder, const CommandLine& command) {
    constexpr std::array<std::string_view, 5> kTaking{"destroy-device", "disable-device", "reconfigure-device",
                                                      "disable-namespace", "destroy-namespace"};
    const bool takes = std::ranges::find(kTaking, command.verb) != kTaking.end();
    if (!takes || command.arguments.empty()) return;
    const std::string& name = command.arguments.back();
    if (const DaxDevice* device = builder.bus().find_dax(name)) return guard_kmem_online(builder, *device);
    for (const auto& region : builder.bus().regions) {
        for (const auto& [_, ns] : region.namespaces) {
            const auto* device = name_of(region, ns) == name ? device_over(builder.bus(), region, ns) : nullptr;
            if (device != nullptr) return guard_kmem_online(builder, *device);
        }
    }
}

void guard_shared_sections(Builder& builder, const std::vector<Unmapped>& unmapped) {
    for (const auto& [mapping, losses] : unmapped) {
        builder.rely_on_range(mapping.range);
        const std::string unmapping = fmt::format("unmapping {} at {}", mapping.owner, to_string(mapping.range));
        for (const auto& loss : losses) {
            builder.refuse(RuleId::plan_shared_section,
                           fmt::format("{} [{}]", to_string(loss, unmapping), rule(loss.rule).id));
        }
    }
}

void guard_losses(Plan& plan, const NdBus& start) {
    const auto destroyed = plan.destroys();
    const auto is_named = [&](const std::string& device) {
        return std::ranges::find(destroyed, device, &DataLoss::device) != destroyed.end();
    };
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        for (const auto& change : plan.steps[i].verdict.changes) {
            if (!loses_data(change) || is_named(change.device) || was_memory(start, change.device)) continue;
            plan.refusals.push_back(
                {RuleId::plan_unnamed_loss,
                 fmt::format("step {} ({}) would destroy the data of {}, which the plan does not name", i + 1,
                             to_string(plan.steps[i].action), change.device)});
        }
    }
}

}   // namespace memhot::plan
