// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan/devices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "plan/blocks.hpp"
#include "plan/interlocks.hpp"
#include "plan/kmem_state.hpp"

namespace memhot::plan {

Result<std::string> only_thing(const Builder& builder, std::string_view what) {
    const auto& things = builder.wish().things;
    if (things.size() == 1) return things.front();
    return bad_input(fmt::format("{}: expected one {}, not {}", to_string(builder.wish().verb), what, things.size()));
}

Result<NamedNamespace> named_namespace(const Builder& builder) {
    const auto name = only_thing(builder, "namespace");
    if (!name) return name.error();
    for (const auto& region : builder.start().regions) {
        for (const auto& [_, ns] : region.namespaces) {
            if (name_of(region, ns) == *name) return NamedNamespace{&region, &ns, *name};
        }
    }
    return Error(ErrorKind::not_found, fmt::format("{}: there is no such namespace", *name));
}

Result<const DaxDevice*> named_dax(const Builder& builder) {
    const auto name = only_thing(builder, "dax device");
    if (!name) return name.error();
    if (const DaxDevice* device = builder.start().find_dax(*name)) return device;
    return Error(ErrorKind::not_found, fmt::format("{}: there is no such dax device", *name));
}

void rely_on_region(Builder& builder, const NdRegion& region) {
    builder.rely(Fact::Kind::device, "regions/" + name_of(region));
    for (const auto& mapping : region.mappings) builder.rely(Fact::Kind::device, "dimms/" + mapping.dimm);
    builder.rely_on_range(region.space);
}

void rely_on_namespace(Builder& builder, const NamedNamespace& named) {
    rely_on_region(builder, *named.region);
    builder.rely(Fact::Kind::device, "namespaces/" + named.name);
    builder.rely(Fact::Kind::device, "info_blocks/" + named.name);
    if (builder.snapshot().nvdimm) {
        const auto* instance = builder.snapshot().nvdimm->instance_over(named.name);
        if (instance != nullptr) builder.rely(Fact::Kind::device, "instances/" + instance->name);
    }
    const auto* device = device_over(builder.start(), *named.region, *named.ns);
    if (device != nullptr) rely_on_dax(builder, *device);
}

void rely_on_dax(Builder& builder, const DaxDevice& device) {
    builder.rely(Fact::Kind::device, "dax_devices/" + device.name());
    for (const auto& range : device.ranges) builder.rely_on_range(range);
    for (const auto number : blocks_of(builder.start(), device)) builder.rely_on_block(number);
    builder.rely(Fact::Kind::attribute, "auto_online_blocks");
}

void save_labels(Builder& builder, const NdRegion& region, bool initialised) {
    if (!region.labelled && !initialised) return;
    for (const auto& mapping : region.mappings) builder.save(SaveAction::What::labels, mapping.dimm);
}

namespace {

const DaxDevice* kmem_over(const Builder& builder, const NamedNamespace& named) {
    const auto* device = device_over(builder.start(), *named.region, *named.ns);
    return device != nullptr && device->driver == DaxDriver::kmem ? device : nullptr;
}

}   // namespace

std::optional<HeldPolicy> hold_below_kmem(Builder& builder, const NamedNamespace& named) {
    std::optional<HeldPolicy> out;
    if (kmem_over(builder, named) != nullptr)
        out.emplace(builder, "if this is undone the memory is to come back offline, as it is");
    return out;
}

// A dax device of pmem that appears goes to device_dax, whatever drove the last one of its name (drivers/dax/bus.c:
// dax_bus_match).
void undo_disable(const Builder& builder, const NamedNamespace& named, PlanStep& step) {
    PlanStep back;
    if (const auto* device = kmem_over(builder, named)) undo_release(*device, back);
    step.undo = {CommandLine{"ndctl", "enable-namespace", {named.name}}};
    std::ranges::move(back.undo, std::back_inserter(step.undo));
    step.undo_destroys = std::move(back.undo_destroys);
}

void disable_and_save(Builder& builder, const NamedNamespace& named) {
    if (named.ns->active) {
        PlanStep& step =
            builder.command({"ndctl", "disable-namespace", {named.name}},
                            {"disable", "disabled", fmt::format("{} ({})", named.name, to_string(named.ns->space))});
        step.reason = "its first bytes can be read only when nothing drives it";
        undo_disable(builder, named, step);
    }
    if (named.ns->size() != 0) builder.save(SaveAction::What::info_block, named.name);
}

void guard_namespace(Builder& builder, const NamedNamespace& named) {
    const auto* device = device_over(builder.start(), *named.region, *named.ns);
    if (device != nullptr) guard_kmem_online(builder, *device);
}

DataLoss overwritten(const DaxDevice& device) {
    return {device.name(), device.size(),
            fmt::format("all data of {} ({}, devdax): System RAM writes over them", device.name(),
                        exact_size(device.size()))};
}

void undo_release(const DaxDevice& device, PlanStep& step) {
    step.undo = {CommandLine{"daxctl", "reconfigure-device", {"--mode=system-ram", "--no-online", device.name()}}};
    if (is_unplugged(device)) step.undo.emplace_back(unplug_write(device));
    step.undo_destroys = {overwritten(device)};
}

CommandLine with_options(std::string program, std::string verb, const Builder& builder,
                         std::vector<std::string> arguments) {
    const auto& options = builder.wish().options;
    arguments.insert(arguments.end(), options.begin(), options.end());
    return {std::move(program), std::move(verb), std::move(arguments)};
}

DataLoss all_data(const NamedNamespace& named) {
    const NsMode mode = named.ns->active ? named.ns->active->mode : NsMode::raw;
    return {named.name, named.ns->size(),
            fmt::format("all data of {} ({}{})", named.name, exact_size(named.ns->size()),
                        named.ns->active ? fmt::format(", {}", to_string(mode)) : "")};
}

}   // namespace memhot::plan
