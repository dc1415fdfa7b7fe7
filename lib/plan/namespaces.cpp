// SPDX-License-Identifier: LGPL-2.1-or-later
//
// namespace create, reconfigure, destroy, enable, disable, in the order that keeps data longest: labels are saved, the
// namespace is disabled (which is where the kernel can say no), its first bytes are saved, and only then is it destroyed.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "nvdimm/create_request.hpp"
#include "plan/devices.hpp"
#include "plan/interlocks.hpp"
#include "plan/planners.hpp"
#include "predict/nd_parts.hpp"

namespace memhot::plan {

namespace {

const NdRegion* region_named(const Builder& builder, const std::string& name) {
    for (const auto& region : builder.start().regions) {
        if (name_of(region) == name) return &region;
    }
    return nullptr;
}

// Where a namespace appears that was not there.
struct Created {
    const NdRegion* region = nullptr;
    std::string name;
};

Created created_by(const NdBus& before, const NdBus& after) {
    for (std::size_t i = 0; i < before.regions.size() && i < after.regions.size(); ++i) {
        for (const auto& [id, ns] : after.regions[i].namespaces) {
            const NdNamespace* old = before.regions[i].find(id);
            if (ns.size() != 0 && (old == nullptr || old->size() == 0 || (!old->active && ns.active))) {
                return {&before.regions[i], name_of(after.regions[i], ns)};
            }
        }
    }
    return {};
}

std::string options_text(const Builder& builder) {
    std::string out;
    for (const auto& option : builder.wish().options) out += " " + option;
    return out;
}

// The step that disables it comes first, and ndctl takes what is not said from a namespace as it finds it: what it is
// now is said here.
std::vector<std::string> as_it_is(const Builder& builder, const NamedNamespace& named) {
    Console console;
    const NdBus& bus = builder.start();
    const auto request = read_create_request(bus.model.profile(), builder.wish().options, console);
    if (!request) return {};
    std::vector<std::string> out;
    const NsMode now = mode_of(bus, *named.region, *named.ns);
    const auto said = [&](std::string_view option) {
        return std::ranges::any_of(builder.wish().options,
                                   [option](const std::string& one) { return one.starts_with(option); });
    };
    const bool mode_said = said("--mode=");
    const NsMode wanted = mode_said ? request->mode.value_or(now) : now;
    if (!mode_said) out.push_back(fmt::format("--mode={}", to_string(now)));
    if (wanted != now || !named.ns->active) return out;
    if (has_pages(now) && !request->align && named.ns->active->align != 0) {
        out.push_back(fmt::format("--align={}", named.ns->active->align));
    }
    const InfoBlock* info = info_block_of(bus, *named.ns);
    if (now == NsMode::sector && !mode_said && !said("--sector-size=") && info != nullptr && info->sector_size != 0) {
        out.push_back(fmt::format("--sector-size={}", info->sector_size));
    }
    return out;
}

// In the order of namespace destroy: the kernel may say no to the first, and then nothing is lost.
void undo_creation(const NdBus& trial, const std::string& name, PlanStep& step) {
    step.creates = name;
    step.undo = {CommandLine{"ndctl", "disable-namespace", {name}}, SaveAction{SaveAction::What::info_block, name},
                 CommandLine{"ndctl", "destroy-namespace", {name}}};
    for (const auto& region : trial.regions) {
        for (const auto& [_, ns] : region.namespaces) {
            if (name_of(region, ns) == name) step.undo_destroys = {all_data({&region, &ns, name})};
        }
    }
}

// What cannot be undone of a step that destroys.
std::string what_stays_lost(const NamedNamespace& named) {
    const char* saved = named.region->labelled ? "place and mode come back from the saved labels and first 8 KiB"
                                               : "its mode comes back from the saved first 8 KiB";
    return fmt::format("the data of {} must be taken for gone; {}", named.name, saved);
}

}   // namespace

Status plan_namespace_create(Builder& builder) {
    CommandLine command = with_options("ndctl", "create-namespace", builder, {});
    const auto& things = builder.wish().things;
    const NdRegion* region = nullptr;
    if (!things.empty()) {
        const auto name = only_thing(builder, "region");
        if (!name) return name.error();
        region = region_named(builder, *name);
        if (region == nullptr) return Error(ErrorKind::not_found, fmt::format("{}: there is no such region", *name));
        command.arguments.insert(command.arguments.begin(), "--region=" + *name);
    }
    // Which region ndctl takes, and how the namespace is called, shows only in a trial.
    NdBus trial = builder.start();
    const Verdict verdict = predict_and_run(trial, command);
    const Created created = created_by(builder.start(), trial);
    if (region == nullptr) region = created.region;
    if (region == nullptr) {
        for (const auto& each : builder.start().regions) rely_on_region(builder, each);
    } else {
        rely_on_region(builder, *region);
        if (verdict.outcome.accepted()) save_labels(builder, *region);
    }
    const std::string rest = created.name.empty() ? "a namespace" : created.name;
    PlanStep& step = builder.command(command, {"create", "created", rest + options_text(builder)});
    if (!created.name.empty()) undo_creation(trial, created.name, step);
    guard_memmap_memory(builder);
    return Done{};
}

Status plan_namespace_reconfigure(Builder& builder) {
    const auto named = named_namespace(builder);
    if (!named) return named.error();
    rely_on_namespace(builder, *named);
    save_labels(builder, *named->region, named->region->can_label);
    auto policy = hold_below_kmem(builder, *named);
    disable_and_save(builder, *named);
    std::vector<std::string> arguments{"--reconfig=" + named->name};
    std::ranges::move(as_it_is(builder, *named), std::back_inserter(arguments));
    PlanStep& step = builder.command(with_options("ndctl", "create-namespace", builder, std::move(arguments)),
                                     {"reconfigure", "reconfigured", named->name + options_text(builder)});
    step.destroys = {all_data(*named)};
    step.no_undo = what_stays_lost(*named);
    const NdRegion* behind = builder.bus().find_region(named->region->id);
    if (!named->region->labelled && behind != nullptr && behind->labelled) {
        step.reason = fmt::format("its DIMMs get labels first, and {} can be divided then; --no-autolabel leaves them "
                                  "without",
                                  name_of(*behind));
    }
    // ndctl gives it a new uuid (ndctl/namespace.c: validate_namespace_options).
    if (named->region->labelled) step.replaces = builder.identity_of(named->name);
    if (policy) policy->release();
    guard_namespace(builder, *named);
    guard_memmap_memory(builder);
    return Done{};
}

Status plan_namespace_destroy(Builder& builder) {
    const auto named = named_namespace(builder);
    if (!named) return named.error();
    rely_on_namespace(builder, *named);
    save_labels(builder, *named->region);
    auto policy = hold_below_kmem(builder, *named);
    disable_and_save(builder, *named);
    PlanStep& step = builder.command(with_options("ndctl", "destroy-namespace", builder, {named->name}),
                                     {"destroy", "destroyed", named->name});
    step.destroys = {all_data(*named)};
    step.no_undo = what_stays_lost(*named);
    if (policy) policy->release();
    guard_namespace(builder, *named);
    return Done{};
}

Status plan_namespace_enable(Builder& builder) {
    const auto named = named_namespace(builder);
    if (!named) return named.error();
    rely_on_namespace(builder, *named);
    if (named->ns->active) {
        builder.note(fmt::format("{} is enabled already", named->name));
        return Done{};
    }
    PlanStep& step = builder.command(with_options("ndctl", "enable-namespace", builder, {named->name}),
                                     {"enable", "enabled", named->name});
    step.undo = {CommandLine{"ndctl", "disable-namespace", {named->name}}};
    guard_memmap_memory(builder);
    return Done{};
}

Status plan_namespace_disable(Builder& builder) {
    const auto named = named_namespace(builder);
    if (!named) return named.error();
    rely_on_namespace(builder, *named);
    if (!named->ns->active) {
        builder.note(fmt::format("{} is disabled already", named->name));
        return Done{};
    }
    auto policy = hold_below_kmem(builder, *named);
    PlanStep& step = builder.command(with_options("ndctl", "disable-namespace", builder, {named->name}),
                                     {"disable", "disabled", named->name});
    undo_disable(builder, *named, step);
    if (policy) policy->release();
    guard_namespace(builder, *named);
    return Done{};
}

}   // namespace memhot::plan
