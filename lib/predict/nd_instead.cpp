// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What to type instead: small changes to a refused command, in the order in which people would want them; each is run on
// a copy of the bus, and the first that is accepted without danger is offered.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <functional>
#include <numeric>
#include <span>

#include "nvdimm/dax_region.hpp"
#include "predict/command_edit.hpp"
#include "predict/nd_parts.hpp"

namespace memhot {

namespace {

using Steps = std::vector<CommandLine>;

struct Question {
    const NdBus& bus;
    const CommandLine& command;
    const NdSubject& subject;
};

// --- what may help ---------------------------------------------------------------------------------------------------

// A size or an align in a form that the programs do not read.
void spelled_out(const Question& q, std::vector<Steps>& out) {
    CommandLine changed = q.command;
    for (const Word& option : {kSize, kAlign}) {
        const auto text = value_of(changed, option);
        const auto meant = text && !parse_tool_size(*text) ? meant_size(*text) : std::nullopt;
        if (meant) changed = with(changed, option, exact_size(*meant));
    }
    if (changed != q.command) out.push_back({std::move(changed)});
}

// raw and sector have neither align nor map.
CommandLine fitted(const Question& q, const CommandLine& command) {
    const auto mode = value_of(command, kMode);
    const bool pages = mode ? *mode != "raw" && *mode != "sector" && *mode != "safe" : has_pages(q.subject.wanted.mode);
    return pages ? command : without(without(command, kAlign), kMap);
}

void fit_mode(const Question& q, std::vector<Steps>& out) {
    std::vector<Steps> read;
    spelled_out(q, read);
    const CommandLine changed = fitted(q, read.empty() ? q.command : read.front().front());
    if (changed != q.command) out.push_back({changed});
}

// ndctl stops at the first region that objects, though another one may have the room.
void other_regions(const Question& q, std::vector<Steps>& out) {
    if (has(q.command, kRegion) || q.subject.ns != nullptr) return;
    for (const auto& region : q.bus.regions) out.push_back({with(q.command, kRegion, name_of(region))});
}

// The unit of sizes: what the region and the align that is asked for divide.
std::uint64_t size_unit(const Question& q, const NdRegion& region) {
    const std::uint64_t ways = std::max(1U, region.ways);
    const std::uint64_t align = std::max<std::uint64_t>(1, q.subject.wanted.align) * ways;
    return std::lcm(std::max<std::uint64_t>(1, region.align), align);
}

// arm64 maps struct pages that lie on the device by whole sections (RuleId::map_altmap_exhausted): the sizes around the
// one that was asked for with which the namespace ends on a section.
void to_sections(const Question& q, const NdRegion& region, std::vector<std::uint64_t>& sizes) {
    const KernelProfile& profile = q.bus.model.profile();
    const auto& wanted = q.subject.wanted;
    const bool on_device = has_pages(wanted.mode) && wanted.map == PageMap::device;
    if (profile.arch != Arch::arm64 || !on_device) return;
    const NdNamespace* ns = q.subject.ns;
    const std::uint64_t size = wanted.size != 0 ? wanted.size : ns != nullptr ? ns->size() : 0;
    const auto place = ns != nullptr && ns->allocated ? std::optional(ns->space) : find_space(region, region.align);
    if (size == 0 || !place) return;
    const std::uint64_t section = profile.section_size();
    for (const std::uint64_t end : {align_down(place->start + size, section), align_up(place->start + size, section)}) {
        if (end > place->start) sizes.push_back(end - place->start);
    }
}

// The multiples around the size that was asked for, the nearer one first; then the largest that a region has, or to
// which a namespace can grow where it is.
void other_sizes(const Question& q, std::vector<Steps>& out) {
    const std::uint64_t size = q.subject.wanted.size;
    std::vector<std::uint64_t> sizes;
    for (const NdRegion* region : q.subject.regions) {
        const std::uint64_t unit = size_unit(q, *region);
        const std::uint64_t below = size / unit * unit;
        const bool ignore = q.bus.model.profile().has(Feature::nd_full_dimm_ignored);
        const std::uint64_t most = region->labelled ? max_available_extent(*region, ignore) / unit * unit : 0;
        sizes.insert(sizes.end(), {below, below + unit, below + 2 * unit, most});   // a btt needs more than 16 MiB
        const std::uint64_t least = (kSmallestClaim + unit - 1) / unit * unit;
        if (size < kSmallestClaim) sizes.insert(sizes.end(), {least, least + unit});
        if (q.subject.ns != nullptr && q.subject.ns->allocated && region->labelled) {
            const std::uint64_t grown = q.subject.ns->size() + free_behind(*region, *q.subject.ns);
            sizes.push_back(grown / unit * unit);
            sizes.push_back(q.subject.ns->size());
        }
        to_sections(q, *region, sizes);
    }
    constexpr std::size_t kMost = 10;
    std::ranges::stable_sort(sizes, {}, [size](std::uint64_t one) { return one > size ? one - size : size - one; });
    if (size == 0) std::ranges::sort(sizes, std::greater());   // nobody said one: as much as there is
    const auto twice = std::ranges::unique(sizes);
    sizes.erase(twice.begin(), twice.end());
    if (sizes.size() > kMost) sizes.resize(kMost);
    for (const std::uint64_t one : sizes) {
        if (one != 0 && one != size) out.push_back({with(q.command, kSize, exact_size(one))});
    }
}

// A label-less region whose DIMMs have label areas can be divided once ndctl has initialised them, which it does where it
// reconfigures.
void labels_first(const Question& q, std::vector<Steps>& out) {
    if (!has(q.command, kSize)) return;
    for (const NdRegion* region : q.subject.regions) {
        if (region->labelled || !region->can_label) continue;
        const std::string name = fmt::format("namespace{}.0", region->id);
        Steps steps{{.program = "ndctl", .verb = "create-namespace", .arguments = {"-e", name, "-f", "-m", "raw"}}};
        if (q.subject.ns == nullptr) {
            steps.push_back({.program = "ndctl", .verb = "destroy-namespace", .arguments = {name, "-f"}});
        }
        steps.push_back(q.command);
        out.push_back(std::move(steps));
    }
}

// A label-less region has its one namespace already: it is reconfigured.
void reconfigure_label_less(const Question& q, std::vector<Steps>& out) {
    if (q.subject.ns != nullptr || !has(q.command, kRegion)) return;   // nobody meant it
    for (const NdRegion* region : q.subject.regions) {
        if (region->labelled) continue;
        CommandLine changed = without(without(without(q.command, kSize), kRegion), kForce);
        changed.arguments.insert(changed.arguments.begin(), {"-e", fmt::format("namespace{}.0", region->id), "-f"});
        out.push_back({changed});
        out.push_back({fitted(q, changed)});
    }
}

// Who names a size does not want all of a region, unless it cannot be divided.
bool needs_no_size(const Question& q) {
    return std::ranges::any_of(q.subject.regions, [](const NdRegion* region) { return !region->labelled; });
}

void no_size(const Question& q, std::vector<Steps>& out) {
    if (!has(q.command, kSize) || !needs_no_size(q)) return;
    out.push_back({without(q.command, kSize)});
    out.push_back({fitted(q, without(q.command, kSize))});
}

void other_aligns(const Question& q, std::vector<Steps>& out) {
    const KernelProfile& profile = q.bus.model.profile();
    if (has(q.command, kAlign)) out.push_back({without(q.command, kAlign)});
    for (const std::uint64_t align : {profile.pmd_size, profile.page_size}) {
        out.push_back({with(q.command, kAlign, exact_size(align))});
    }
}

// A size comes on top of it.
void plain_and_forced(const Question& q, std::vector<Steps>& out) {
    if (has(q.command, kAlign)) out.push_back({with(without(q.command, kAlign), kForce)});
}

void map_in_ram(const Question& q, std::vector<Steps>& out) { out.push_back({with(q.command, kMap, "mem")}); }

void force(const Question& q, std::vector<Steps>& out) { out.push_back({with(q.command, kForce)}); }

// What another align of the region makes possible: namespaces that start on it.
void other_region_align(const Question& q, std::vector<Steps>& out) {
    for (const NdRegion* region : q.subject.regions) {
        const std::uint64_t usual = default_region_align(q.bus.model.profile(), region->space.size(), region->ways);
        if (region->align >= usual) continue;
        const CommandLine write{.program = "write",
                                .verb = fmt::format("/sys/bus/nd/devices/{}/align", name_of(*region)),
                                .arguments = {std::to_string(usual)}};
        out.push_back({write, q.command});
        if (!region->labelled) out.push_back({write, without(q.command, kSize)});
    }
}

// Free space is counted in granules of the region's align: a smaller one may show what is asked for.
void smaller_region_align(const Question& q, std::vector<Steps>& out) {
    for (const NdRegion* region : q.subject.regions) {
        const auto align = align_that_shows(q.bus, *region, q.subject.wanted.size);
        if (!align) continue;
        const CommandLine write{.program = "write",
                                .verb = fmt::format("/sys/bus/nd/devices/{}/align", name_of(*region)),
                                .arguments = {std::to_string(*align)}};
        out.push_back({write, q.command});
        out.push_back({write, with(q.command, kForce)});   // the place need not lie on 16 MiB then
    }
}

// A label-less region's one namespace has its size, which may be no multiple of its align (the tails of memmap=).
void lower_region_align(const Question& q, std::vector<Steps>& out) {
    for (const NdRegion* region : q.subject.regions) {
        const std::uint64_t size = region->space.size();
        if (region->labelled || region->align == 0 || size % region->align == 0) continue;
        const std::uint64_t align = size & (~size + 1);   // the largest power of two in it
        const CommandLine write{.program = "write",
                                .verb = fmt::format("/sys/bus/nd/devices/{}/align", name_of(*region)),
                                .arguments = {std::to_string(align)}};
        out.push_back({write, q.command});
        if (has(q.command, kSize)) out.push_back({write, without(q.command, kSize)});
    }
}

// An instance takes what the raw namespace does not: its start must lie on 2 MiB, its end is cut (nd_pfn_init).
void with_an_instance(const Question& q, std::vector<Steps>& out) {
    if (q.subject.ns == nullptr || q.command.verb != "enable-namespace") return;
    out.push_back({{.program = "ndctl",
                    .verb = "create-namespace",
                    .arguments = {"-e", name_of(*q.subject.regions.front(), *q.subject.ns), "-f", "-m", "fsdax"}}});
}

void leave_system_ram(const Question& q, std::vector<Steps>& out) {
    std::string device = q.subject.device != nullptr ? q.subject.device->name() : std::string();
    if (q.subject.ns != nullptr) device = fmt::format("dax{}.{}", q.subject.regions.front()->id, q.subject.ns->id);
    if (device.empty()) return;
    out.push_back(
        {{.program = "daxctl", .verb = "reconfigure-device", .arguments = {"-f", "-m", "devdax", device}}, q.command});
}

// A seed that a failed create left takes the place of the idle one that ndctl looks for.
void destroy_left_over(const Question& q, std::vector<Steps>& out) {
    if (q.subject.ns != nullptr) return;
    for (const NdRegion* region : q.subject.regions) {
        const NdNamespace* seed = left_over_seed(*region);
        if (seed == nullptr) continue;
        const CommandLine destroy{
            .program = "ndctl", .verb = "destroy-namespace", .arguments = {name_of(*region, *seed)}};
        out.push_back({destroy, q.command});
        out.push_back({with(destroy, kForce), q.command});
    }
}

// The sizes that a dax region takes around the one that was asked for, and all that it has.
void dax_sizes(const Question& q, std::vector<Steps>& out) {
    const std::uint64_t size = q.subject.wanted.size;
    if (has(q.command, kMode) && !has(q.command, kSize)) return;   // nobody spoke of a size, and -m would be ignored
    std::vector<std::uint64_t> sizes;
    for (const DaxRegion* region : q.subject.dax_regions) {
        const std::uint64_t unit = dax_size_unit(q.bus, *region, q.subject);
        const DaxDevice* device = q.subject.device;
        const std::uint64_t most = available_size(q.bus, *region) + (device != nullptr ? device->size() : 0);
        sizes.insert(sizes.end(), {size / unit * unit, size / unit * unit + unit, most / unit * unit});
    }
    std::ranges::stable_sort(sizes, {}, [size](std::uint64_t one) { return one > size ? one - size : size - one; });
    for (const std::uint64_t one : sizes) {
        if (one != 0 && one != size) out.push_back({with(q.command, kSize, exact_size(one))});
    }
}

// do_reconfig() does not look at -m where there is a size or an align.
void mode_by_itself(const Question& q, std::vector<Steps>& out) {
    if (!has(q.command, kMode) || (!has(q.command, kSize) && !has(q.command, kAlign))) return;
    const CommandLine mode = without(without(q.command, kSize), kAlign);
    const CommandLine size = without(q.command, kMode);
    out.push_back({size, mode});
    std::vector<Steps> sizes;
    dax_sizes({q.bus, size, q.subject}, sizes);
    for (auto& steps : sizes) {
        steps.push_back(mode);
        out.push_back(std::move(steps));
    }
}

// The dax device of a namespace goes and changes with that.
void by_its_namespace(const Question& q, std::vector<Steps>& out) {
    const DaxDevice* device = q.subject.device;
    if (device == nullptr || q.bus.find_dax_region(device->region) != nullptr) return;
    const std::string name = fmt::format("namespace{}.{}", device->region, device->id);
    if (q.command.verb == "destroy-device") {
        out.push_back({{.program = "ndctl", .verb = "destroy-namespace", .arguments = {name}}});
        out.push_back({{.program = "ndctl", .verb = "destroy-namespace", .arguments = {name, "-f"}}});
        return;
    }
    CommandLine changed{.program = "ndctl", .verb = "create-namespace", .arguments = {"-e", name, "-f"}};
    for (const Word& option : {kSize, kAlign}) {
        if (const auto value = value_of(q.command, option)) changed = with(changed, option, *value);
    }
    if (has(changed, kSize) || has(changed, kAlign)) out.push_back({std::move(changed)});
}

void disable_first(const Question& q, std::vector<Steps>& out) {
    if (q.subject.device == nullptr) return;
    out.push_back(
        {{.program = "daxctl", .verb = "disable-device", .arguments = {q.subject.device->name()}}, q.command});
}

using Change = void (*)(const Question&, std::vector<Steps>&);
struct Row {
    std::string_view program;
    std::string_view verb;
    std::array<Change, 15> changes;
};
constexpr auto kRows = std::to_array<Row>({
    {"ndctl",
     "create-namespace",
     {other_regions, fit_mode, labels_first, other_sizes, no_size, other_aligns, map_in_ram, other_region_align,
      leave_system_ram, force, lower_region_align, plain_and_forced, reconfigure_label_less, destroy_left_over,
      smaller_region_align}},
    {"ndctl", "enable-namespace", {with_an_instance, lower_region_align}},
    {"ndctl", "destroy-namespace", {leave_system_ram, force}},
    {"ndctl", "disable-namespace", {leave_system_ram}},
    {"daxctl", "reconfigure-device", {by_its_namespace, mode_by_itself, disable_first, dax_sizes, force}},
    {"daxctl", "destroy-device", {by_its_namespace, leave_system_ram, disable_first}},
    {"daxctl", "create-device", {dax_sizes, other_aligns}},
});

// Uncertain is no: it may fail half-way.
bool is_good(const Question& q, const Steps& steps) {
    NdBus bus = q.bus;
    for (const auto& step : steps) {
        NdBus after = bus;
        const CommandAnswer answer = run_command(after, step);
        if (answer.exit != 0 || answer.crash || answer.uncertain) return false;
        if (!hazards_of(bus, step, after, answer).empty()) return false;
        bus = std::move(after);
    }
    return reaches_goal(q.bus, q.command, q.subject, bus);
}

// One change each to the last of the steps.
std::vector<Steps> changed(const Question& q, std::span<const Change> changes) {
    std::vector<Steps> out;
    for (const Change change : changes) {
        if (change != nullptr) change(q, out);
    }
    return out;
}

// Two changes: a size that fits and the force that the place needs.
std::vector<Steps> changed_again(const Question& q, std::span<const Change> changes, const std::vector<Steps>& once) {
    std::vector<Steps> out;
    for (const auto& steps : once) {
        const NdSubject subject = subject_of(q.bus, steps.back());   // without an align other sizes will do
        for (auto& more : changed({q.bus, steps.back(), subject}, changes)) {
            more.insert(more.begin(), steps.begin(), steps.end() - 1);
            out.push_back(std::move(more));
        }
    }
    return out;
}

// The size in a command line, of --size.
std::optional<std::uint64_t> size_in(const CommandLine& command) {
    for (std::size_t i = 0; i + 1 < command.arguments.size(); ++i) {
        if (command.arguments[i] != kSize.letter) continue;
        const auto size = parse_size(command.arguments[i + 1]);
        return size ? std::optional(*size) : std::nullopt;
    }
    return std::nullopt;
}

// Of a size that was refused the nearest good one on the other side, too: who needs the room takes the larger.
std::string other_side(const Question& q, const Steps& chosen, const std::vector<Steps>& all) {
    const std::uint64_t asked = q.subject.wanted.size;
    const auto taken = size_in(chosen.back());
    if (!has(q.command, kSize) || !taken || asked == 0 || *taken == asked) return {};
    const CommandLine rest = without(chosen.back(), kSize);
    for (const auto& steps : all) {
        const auto size = size_in(steps.back());
        const bool same = steps.size() == chosen.size() && without(steps.back(), kSize).arguments == rest.arguments;
        if (!size || !same || (*size > asked) == (*taken > asked) || *size == asked) continue;
        if (is_good(q, steps)) return exact_size(*size);
    }
    return {};
}

struct Harm {
    std::string device;
    std::string fate;
};

// What each step loses of what was there.
std::vector<std::vector<Harm>> harms_of(NdBus bus, const Steps& steps) {
    std::vector<std::vector<Harm>> harms;
    for (const auto& step : steps) {
        NdBus after = bus;
        run_command(after, step);
        auto& here = harms.emplace_back();
        for (const auto& change : nd_changes(bus, after)) {
            for (const auto& value : change.values) {
                if (value.name == "data" && value.text != "kept") here.push_back({change.device, value.text});
            }
        }
        bus = std::move(after);
    }
    return harms;
}

// It costs data of what the command is not about: offered only where nothing else is.
bool harms_others(const Question& q, const Steps& steps) {
    const auto is_own = [&](const Harm& harm) {
        const bool ns = q.subject.ns != nullptr && harm.device == name_of(*q.subject.regions.front(), *q.subject.ns);
        return ns || (q.subject.device != nullptr && harm.device == q.subject.device->name());
    };
    return std::ranges::any_of(harms_of(q.bus, steps),
                               [&](const auto& harms) { return !std::ranges::all_of(harms, is_own); });
}

// What is lost by a command stands behind it, as a comment of the shell.
std::vector<std::string> texts_of(const NdBus& bus, const Steps& steps) {
    const auto harms = harms_of(bus, steps);
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        texts.push_back(to_string(steps[i]));
        for (const auto& harm : harms[i]) texts.back() += fmt::format("   # data of {} {}", harm.device, harm.fate);
    }
    return texts;
}

}   // namespace

std::vector<std::string> nd_instead(const NdBus& bus, const CommandLine& command, const NdSubject& subject,
                                    RuleId rule) {
    const auto* row = std::ranges::find_if(
        kRows, [&](const Row& one) { return one.program == command.program && one.verb == command.verb; });
    if (row == kRows.end()) return {};
    const Question question{bus, command, subject};
    const auto offer = [&](const Steps& chosen, const std::vector<Steps>& all) {
        auto texts = texts_of(bus, chosen);
        if (const auto other = other_side(question, chosen, all); !other.empty()) {
            texts.back() += fmt::format("   # or -s {}", other);
        }
        return texts;
    };
    constexpr std::array<Change, 2> kUnread{spelled_out, fit_mode};
    const bool unread = rule == RuleId::ndctl_usage || rule == RuleId::daxctl_usage;
    const auto changes = unread ? std::span<const Change>(kUnread) : std::span<const Change>(row->changes);
    const auto once = changed(question, changes);
    const auto good = [&](const Steps& steps) { return is_good(question, steps); };
    const auto harmless = [&](const Steps& steps) { return good(steps) && !harms_others(question, steps); };
    if (const auto found = std::ranges::find_if(once, harmless); found != once.end()) return offer(*found, once);
    const auto twice = changed_again(question, row->changes, once);
    if (const auto found = std::ranges::find_if(twice, harmless); found != twice.end()) return offer(*found, twice);
    if (const auto found = std::ranges::find_if(once, good); found != once.end()) return offer(*found, once);
    const auto found = std::ranges::find_if(twice, good);
    return found == twice.end() ? std::vector<std::string>() : offer(*found, twice);
}

}   // namespace memhot
