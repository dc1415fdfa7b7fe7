// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Regions of the nvdimm bus, and whether anything can still be created in them.
#include <fmt/format.h>

#include <algorithm>

#include "doctor/checks.hpp"
#include "nvdimm/create_request.hpp"

namespace memhot::doctor {

namespace {

constexpr std::uint64_t kSafeAlign = 16 * kMiB;   // what region_devs.c: default_align() gives

// DIMMs that keep a region from coming up.
std::vector<std::string> blockers(const NvdimmRecord& nd, const NdRegionRecord& region) {
    std::vector<std::string> names;
    for (const auto& part : region.mappings) {
        const auto dimm = std::ranges::find(nd.dimms, part.dimm, &DimmRecord::name);
        if (dimm == nd.dimms.end()) continue;
        if (dimm->security == "locked") {
            names.push_back(fmt::format("{} is locked", dimm->name));
        } else if (dimm->driver.empty()) {
            names.push_back(fmt::format("{} is disabled", dimm->name));
        }
    }
    return names;
}

// Which size ndctl would refuse for the place that it gets: the default one, else the smallest.
std::optional<std::string> misaligned_size(const NdBus& bus, const NdRegion& region) {
    const unsigned ways = std::max(1U, region.ways);
    for (const auto& size : {std::string(), fmt::format(" -s {}", kSmallestClaim * ways)}) {
        NdBus trial = bus;
        const auto command = fmt::format("ndctl create-namespace -r {} -m fsdax{}", name_of(region), size);
        if (run_command(trial, split_command(command)).rule == RuleId::ndctl_start_16m) return command;
    }
    return std::nullopt;
}

bool is_accepted(NdBus& bus, const std::string& command) {
    const CommandAnswer answer = run_command(bus, split_command(command));
    return answer.exit == 0 && !answer.crash && !answer.uncertain;
}

// Each is tried: a raw namespace that fills the gap up to the next multiple, after which the command is taken; the same
// command with --force.
std::string remedy_of_misaligned(const NdBus& bus, const NdRegion& region, const std::string& command) {
    const NdRegion& here = *bus.find_region(region.id);
    const auto place = find_space(here, here.align);
    const std::uint64_t gap = place ? align_up(place->start, kNdctlStartAlign) - place->start : 0;
    NdBus filled = bus;
    const auto filler = fmt::format("ndctl create-namespace -r {} -m raw -s {}", name_of(region), gap);
    if (gap != 0 && is_accepted(filled, filler) && is_accepted(filled, command)) {
        return fmt::format("{} (fills the gap), then \"{}\" is taken", filler, command);
    }
    NdBus forced = bus;
    const auto with_force = command + " --force";
    if (is_accepted(forced, with_force)) {
        return fmt::format(
            "{}{}", with_force,
            is_aligned(region.space.start, kNdctlStartAlign)
                ? ""
                : fmt::format("; the region itself starts at {:#x}, until the firmware moves it", region.space.start));
    }
    for (const auto& [_, ns] : here.namespaces) {
        if (!ns.allocated || !place || ns.space.last + 1 != place->start) continue;
        return fmt::format("ndctl destroy-namespace {} -f once its data is saved, and a size there that ends on 16 MiB",
                           name_of(here, ns));
    }
    return fmt::format("{}; a smaller size where that has no room", with_force);
}

// The command that gives its space back, tried as well.
std::string remedy_of_left_over(const NdBus& bus, const NdRegion& region, const NdNamespace& seed) {
    for (const std::string_view force : {"", " -f"}) {
        NdBus trial = bus;
        const auto command = fmt::format("ndctl destroy-namespace {}{}", name_of(region, seed), force);
        if (is_accepted(trial, command)) {
            return fmt::format("{}, for nothing was ever written to it; to keep it, ndctl enable-namespace {}, which "
                               "brings a new seed, too",
                               command, name_of(region, seed));
        }
    }
    return fmt::format("echo 0 > /sys/bus/nd/devices/{}/size, for nothing was ever written to it",
                       name_of(region, seed));
}

void report_left_over(const NdBus& bus, const NdRegion& region, const NdNamespace& seed, Findings& out) {
    const std::uint64_t beyond = seed.space.start % kNdctlStartAlign;
    const std::string misaligned =
        beyond == 0 ? std::string() : fmt::format(", {} beyond a multiple of 16 MiB", human_size(beyond));
    out.add("region.dead-seed", name_of(region),
            fmt::format("its seed {} holds {} at {:#x}{} and never got a driver: ndctl finds no idle namespace",
                        name_of(region, seed), human_size(seed.size()), seed.space.start, misaligned),
            "ndctl/namespace.c: region_get_namespace; what a create that failed half-way left",
            remedy_of_left_over(bus, region, seed));
}

}   // namespace

const NdNamespace* dead_seed(const NdRegion& region) {
    return region.enabled && region.align >> 32 == 0 ? left_over_seed(region) : nullptr;
}

void disabled_regions(const Facts& facts, Findings& out) {
    for (const auto& region : facts.nd.regions) {
        if (!region.driver.empty() || region.size.value_or(0) == 0) continue;
        const auto reasons = blockers(facts.nd, region);
        out.add("region.disabled", region.name,
                fmt::format("{} without driver: none of its namespaces is there", human_size(*region.size)),
                reasons.empty()
                    ? "it was disabled, or its probe failed: the kernel log says why"
                    : fmt::format("drivers/nvdimm/region.c: nd_region_probe (ENXIO): {}", joined(reasons, ", ")),
                fmt::format("{}ndctl enable-region {}", reasons.empty() ? "" : "first the DIMM; then ", region.name));
    }
}

void region_align_too_large(const Facts& facts, Findings& out) {
    const Rule& reason = rule(RuleId::nd_region_align_4g);
    for (const auto& region : facts.nd.regions) {
        if (!region.align || *region.align >> 32 == 0) continue;
        const std::uint64_t divisor = *region.align & 0xffffffff;
        out.add(
            "region.align-divides-by-zero", region.name,
            divisor == 0
                ? fmt::format("align is {:#x}: the next write to a namespace's size crashes the kernel", *region.align)
                : fmt::format("align is {:#x}: the kernel checks sizes against {:#x} instead", *region.align, divisor),
            fmt::format("{} ({})", reason.checks, reason.source),
            fmt::format("echo {:#x} > /sys/bus/nd/devices/{}/align, before anything else",
                        kSafeAlign * std::max(1U, region.ways.value_or(1)), region.name));
    }
}

void dead_seeds(const Facts& facts, Findings& out) {
    if (!facts.bus) return;
    for (const auto& region : facts.bus->regions) {
        if (const NdNamespace* seed = dead_seed(region)) {
            report_left_over(*facts.bus, region, *seed, out);
            continue;
        }
        if (!region.labelled || !region.enabled || region.align >> 32 != 0) continue;
        const auto command = misaligned_size(*facts.bus, region);
        if (!command) continue;
        const Rule& reason = rule(RuleId::ndctl_start_16m);
        out.add("region.dead-seed", name_of(region),
                fmt::format("\"{}\" ends with \"misaligned to 16M, adjust region alignment and retry\": its place does "
                            "not start on a multiple of 16 MiB",
                            *command),
                fmt::format("{} ({}); the kernel itself asks for 2 MiB only", reason.checks, reason.source),
                remedy_of_misaligned(*facts.bus, region, *command));
    }
}

// A namespace is one extent (drivers/nvdimm/namespace_devs.c: scan_allocate).
void fragmented_regions(const Facts& facts, Findings& out) {
    const Rule& reason = rule(RuleId::nd_size_no_space);
    for (const auto& region : facts.nd.regions) {
        if (!region.available_size || !region.max_available_extent) continue;
        if (*region.available_size <= *region.max_available_extent) continue;
        out.add("region.fragmented", region.name,
                fmt::format("{} are free, at most {} of them for one namespace: more ends with \"No space left on "
                            "device\"",
                            human_size(*region.available_size), human_size(*region.max_available_extent)),
                fmt::format("{} ({})", reason.checks, reason.source),
                fmt::format("ask for at most {} bytes, or destroy what lies between", *region.max_available_extent));
    }
}

}   // namespace memhot::doctor
