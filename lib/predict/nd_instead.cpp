// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What to type instead: small changes to a refused command, in the order in which people would want them; each is run on
// a copy of the bus, and the first that is accepted without danger is offered.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <numeric>
#include <span>

#include "predict/nd_parts.hpp"

namespace memhot {

namespace {

using Steps = std::vector<CommandLine>;

struct Question {
    const NdBus& bus;
    const CommandLine& command;
    const NdSubject& subject;
};

// --- editing a command line ------------------------------------------------------------------------------------------

struct Word {
    std::string_view letter;   // "-s"
    std::string_view word;   // "--size"
    bool takes_value = true;
};
constexpr Word kSize{"-s", "--size"};
constexpr Word kAlign{"-a", "--align"};
constexpr Word kMap{"-M", "--map"};
constexpr Word kRegion{"-r", "--region"};
constexpr Word kForce{"-f", "--force", false};

CommandLine without(CommandLine command, const Word& option) {
    std::vector<std::string> kept;
    for (std::size_t i = 0; i < command.arguments.size(); ++i) {
        const std::string& word = command.arguments[i];
        const bool whole = word == option.letter || word == option.word;
        const bool joined =
            word.starts_with(std::string(option.word) + "=") ||
            (option.takes_value && word.size() > 2 && word.starts_with(option.letter) && word[1] != '-');
        if (whole && option.takes_value) ++i;
        if (!whole && !joined) kept.push_back(word);
    }
    command.arguments = std::move(kept);
    return command;
}

CommandLine with(const CommandLine& command, const Word& option, const std::string& value = {}) {
    CommandLine changed = without(command, option);
    changed.arguments.emplace_back(option.letter);
    if (option.takes_value) changed.arguments.push_back(value);
    return changed;
}

bool has(const CommandLine& command, const Word& option) {
    return without(command, option).arguments != command.arguments;
}

// --- what may help ---------------------------------------------------------------------------------------------------

// ndctl stops at the first region that objects, though another one may have the room.
void other_regions(const Question& q, std::vector<Steps>& out) {
    if (has(q.command, kRegion) || q.subject.ns != nullptr) return;
    for (const auto& region : q.bus.regions) out.push_back({with(q.command, kRegion, name_of(region))});
}

// The multiples around the size that was asked for, the nearer one first; then the largest that a region has.
void other_sizes(const Question& q, std::vector<Steps>& out) {
    const std::uint64_t size = q.subject.wanted.size;
    std::vector<std::uint64_t> sizes;
    for (const NdRegion* region : q.subject.regions) {
        const std::uint64_t ways = std::max(1U, region->ways);
        const std::uint64_t align = std::max<std::uint64_t>(1, q.subject.wanted.align) * ways;
        const std::uint64_t unit = std::lcm(std::max<std::uint64_t>(1, region->align), align);
        const std::uint64_t below = size / unit * unit;
        const bool ignore = q.bus.model.profile().has(Feature::nd_full_dimm_ignored);
        const std::uint64_t most = region->labelled ? max_available_extent(*region, ignore) / unit * unit : 0;
        sizes.insert(sizes.end(), {below, below + unit, most});
    }
    constexpr std::size_t kMost = 6;
    std::ranges::stable_sort(sizes, {}, [size](std::uint64_t one) { return one > size ? one - size : size - one; });
    if (sizes.size() > kMost) sizes.resize(kMost);
    for (const std::uint64_t one : sizes) {
        if (one != 0 && one != size) out.push_back({with(q.command, kSize, exact_size(one))});
    }
}

// A label-less region has its one namespace already: it is reconfigured.
void reconfigure_label_less(const Question& q, std::vector<Steps>& out) {
    if (q.subject.ns != nullptr) return;
    for (const NdRegion* region : q.subject.regions) {
        if (region->labelled) continue;
        CommandLine changed = without(without(q.command, kSize), kRegion);
        changed.arguments.insert(changed.arguments.begin(), {"-e", fmt::format("namespace{}.0", region->id), "-f"});
        out.push_back({std::move(changed)});
    }
}

void no_size(const Question& q, std::vector<Steps>& out) {
    if (has(q.command, kSize)) out.push_back({without(q.command, kSize)});
}

void other_aligns(const Question& q, std::vector<Steps>& out) {
    const KernelProfile& profile = q.bus.model.profile();
    if (has(q.command, kAlign)) out.push_back({without(q.command, kAlign)});
    for (const std::uint64_t align : {profile.pmd_size, profile.page_size}) {
        out.push_back({with(q.command, kAlign, exact_size(align))});
    }
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
        out.push_back({write, without(q.command, kSize)});
    }
}

void leave_system_ram(const Question& q, std::vector<Steps>& out) {
    std::string device = q.subject.device != nullptr ? q.subject.device->name() : std::string();
    if (q.subject.ns != nullptr) device = fmt::format("dax{}.{}", q.subject.regions.front()->id, q.subject.ns->id);
    if (device.empty()) return;
    out.push_back(
        {{.program = "daxctl", .verb = "reconfigure-device", .arguments = {"-f", "-m", "devdax", device}}, q.command});
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
    std::array<Change, 9> changes;
};
constexpr auto kRows = std::to_array<Row>({
    {"ndctl",
     "create-namespace",
     {other_regions, other_sizes, no_size, other_aligns, map_in_ram, other_region_align, leave_system_ram, force,
      reconfigure_label_less}},
    {"ndctl", "destroy-namespace", {leave_system_ram, force}},
    {"ndctl", "disable-namespace", {leave_system_ram}},
    {"daxctl", "reconfigure-device", {disable_first, force}},
    {"daxctl", "destroy-device", {leave_system_ram, disable_first}},
    {"daxctl", "create-device", {no_size}},
});

// Uncertain is no: it may fail half-way.
bool is_good(NdBus bus, const Steps& steps) {
    for (const auto& step : steps) {
        NdBus after = bus;
        const CommandAnswer answer = run_command(after, step);
        if (answer.exit != 0 || answer.crash || answer.uncertain) return false;
        if (!hazards_of(bus, step, after, answer).empty()) return false;
        bus = std::move(after);
    }
    return true;
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
        for (auto& more : changed({q.bus, steps.back(), q.subject}, changes)) {
            more.insert(more.begin(), steps.begin(), steps.end() - 1);
            out.push_back(std::move(more));
        }
    }
    return out;
}

// What is lost by a command stands behind it, as a comment of the shell.
std::vector<std::string> texts_of(NdBus bus, const Steps& steps) {
    std::vector<std::string> texts;
    for (const auto& step : steps) {
        NdBus after = bus;
        run_command(after, step);
        std::string text = to_string(step);
        for (const auto& change : nd_changes(bus, after)) {
            for (const auto& value : change.values) {
                const bool harmed = value.name == "data" && value.text != "kept";
                if (harmed) text += fmt::format("   # data of {} {}", change.device, value.text);
            }
        }
        texts.push_back(std::move(text));
        bus = std::move(after);
    }
    return texts;
}

}   // namespace

std::vector<std::string> nd_instead(const NdBus& bus, const CommandLine& command, const NdSubject& subject) {
    const auto* row = std::ranges::find_if(
        kRows, [&](const Row& one) { return one.program == command.program && one.verb == command.verb; });
    if (row == kRows.end()) return {};
    const Question question{bus, command, subject};
    const auto once = changed(question, row->changes);
    const auto good = [&](const Steps& steps) { return is_good(bus, steps); };
    if (const auto found = std::ranges::find_if(once, good); found != once.end()) return texts_of(bus, *found);
    const auto twice = changed_again(question, row->changes, once);
    const auto found = std::ranges::find_if(twice, good);
    return found == twice.end() ? std::vector<std::string>() : texts_of(bus, *found);
}

}   // namespace memhot
