// SPDX-License-Identifier: GPL-2.0-or-later
//
// Effects and hazards are no answers, so a recording shows them only indirectly. Each detector here looks for what a
// real kernel did and would not have done without the effect; `recorded` of such a rule is what the detectors find.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>

#include "memhot/replay.hpp"
#include "replay/session_walk.hpp"

namespace memhot {
namespace {

const SectionInfo* find_section(const std::vector<SectionInfo>& sections, std::uint64_t number) {
    const auto found = std::ranges::find(sections, number, &SectionInfo::number);
    return found == sections.end() ? nullptr : &*found;
}

bool bit_of(const SectionInfo& section, std::uint64_t index) {
    return (section.subsections[index / 64] >> (index % 64) & 1) != 0;
}

// --- early sections ----------------------------------------------------------------------------------------------------

// A section that was early at the start is there again later, and is not.
bool shows_early_flag_lost(const Transcript& transcript) {
    std::set<std::uint64_t> early;
    bool shown = false;
    const Model start = test::start_of(transcript);
    for (const auto& section : start.sections()) {
        if (section.early) early.insert(section.number);
    }
    test::walk(transcript, start, [&](const Model&, const Step& step) {
        const auto* seen = std::get_if<ObserveStep>(&step);
        if (seen == nullptr) return;
        for (const auto& section : seen->sections) {
            shown = shown || (section.present && !section.early && early.contains(section.number));
        }
    });
    return shown;
}

// arm64 with 16K pages: a piece of an odd number of sub-sections oopses when its memmap is populated (half a page each), and
// does nothing of the kind where boot had brought the memmap.
bool shows_early_hole_reused(const Transcript& transcript) {
    bool shown = false;
    test::walk(transcript, test::start_of(transcript), [&](const Model& model, const Step& step) {
        const auto* taken = std::get_if<OperationStep>(&step);
        const auto* map = taken != nullptr ? std::get_if<op::Map>(&taken->operation) : nullptr;
        const KernelProfile& profile = model.profile();
        if (map == nullptr || profile.arch != Arch::arm64 || profile.page_size != 16 * kKiB) return;
        const std::uint64_t section = profile.section_size();
        const bool one_section = map->start / section == (map->start + map->size - 1) / section;
        const bool odd = map->size / kSubsectionSize % 2 == 1 || map->start / kSubsectionSize % 2 == 1;
        const bool accepted = taken->answer.error == 0 && !taken->answer.crash;
        shown = shown || (accepted && one_section && odd && model.section(map->start / section).early);
    });
    return shown;
}

// --- what failures leave -----------------------------------------------------------------------------------------------

// The pieces before the one that failed, which nobody owns afterwards.
std::optional<Range> leaked_by(const Model& model, const OperationStep& step) {
    if (step.answer.error != EEXIST && step.answer.error != ENOMEM) return std::nullopt;
    const Outcome predicted = model.outcome(step.operation);
    std::uint64_t start = 0;
    if (const auto* map = std::get_if<op::Map>(&step.operation)) start = map->start;
    if (const auto* add = std::get_if<op::Add>(&step.operation)) start = add->start;
    const bool from_sections = predicted.rule == RuleId::map_subsection_active ||
                               predicted.rule == RuleId::map_altmap_exhausted ||
                               predicted.rule == RuleId::add_subsection_active;
    if (!from_sections || predicted.at <= start) return std::nullopt;
    return Range{start, predicted.at - 1};
}

bool all_bits_in(const std::vector<SectionInfo>& sections, const Range& range, std::uint64_t section_size) {
    for (std::uint64_t at = range.start; at < range.last; at += kSubsectionSize) {
        const SectionInfo* section = find_section(sections, at / section_size);
        if (section == nullptr || !bit_of(*section, at % section_size / kSubsectionSize)) return false;
    }
    return true;
}

// The kernel's own table has the leaked pieces although no mapping and no RAM covers them.
bool shows_pieces_leaked(const Transcript& transcript) {
    std::vector<Range> leaked;
    bool shown = false;
    test::walk(transcript, test::start_of(transcript), [&](const Model& model, const Step& step) {
        if (const auto* taken = std::get_if<OperationStep>(&step)) {
            if (const auto range = leaked_by(model, *taken)) leaked.push_back(*range);
            return;
        }
        const auto* seen = std::get_if<ObserveStep>(&step);
        if (seen == nullptr) return;
        for (const auto& range : leaked) {
            const auto covers = [&](const Mapping& mapping) { return mapping.range.overlaps(range); };
            const bool ram = model.resources().intersects_ram(range, true) != RamIntersection::disjoint;
            if (ram || std::ranges::any_of(model.mappings(), covers)) continue;
            shown = shown || all_bits_in(seen->sections, range, model.profile().section_size());
        }
    });
    return shown;
}

// The first page belongs to a live mapping, and yet it is the sections that object: the lookup is gone.
bool shows_lookups_erased(const Transcript& transcript) {
    bool shown = false;
    test::walk(transcript, test::start_of(transcript), [&](const Model& model, const Step& step) {
        const auto* taken = std::get_if<OperationStep>(&step);
        const auto* map = taken != nullptr ? std::get_if<op::Map>(&taken->operation) : nullptr;
        if (map == nullptr || taken->answer.error != EEXIST) return;
        shown = shown || std::ranges::any_of(model.mappings(), [&](const Mapping& mapping) {
                    return mapping.range.contains(map->start);
                });
    });
    return shown;
}

// set_pud_safe() and set_pmd_safe() complain about what an earlier failed attempt left in the direct map.
bool shows_linear_map_kept(const Transcript& transcript) {
    return std::ranges::any_of(transcript.steps, [](const Step& step) {
        const auto* taken = std::get_if<OperationStep>(&step);
        return taken != nullptr && std::ranges::any_of(taken->messages, [](const std::string& line) {
                   return line.starts_with("WARNING in arch/x86/include/asm/pgalloc.h");
               });
    });
}

// --- zones -------------------------------------------------------------------------------------------------------------

// Whether a model that is built or steered differently disagrees with what was observed of blocks.
bool blocks_disagree(const Transcript& transcript, Model model) {
    bool disagree = false;
    test::walk(transcript, std::move(model), [&](const Model& now, const Step& step) {
        const auto* seen = std::get_if<ObserveBlocksStep>(&step);
        disagree = disagree || (seen != nullptr && !compare_blocks(now, seen->blocks).empty());
    });
    return disagree;
}

bool has_word(const Transcript& transcript, const std::string& word) {
    return (" " + transcript.start.cmdline + " ").find(" " + word) != std::string::npos;
}

// The same host with the other policy would have shown other zones.
bool shows_policy(const Transcript& transcript, bool auto_movable) {
    if (has_word(transcript, "memory_hotplug.online_policy=auto-movable") != auto_movable) return false;
    Transcript other = transcript;
    other.start.parameters["online_policy"] = auto_movable ? "contig-zones" : "auto-movable";
    other.start.features.emplace_back(Feature::auto_movable, true);
    return blocks_disagree(other, test::start_of(other));
}

bool shows_contig_zones(const Transcript& transcript) { return shows_policy(transcript, false); }
bool shows_auto_movable(const Transcript& transcript) { return shows_policy(transcript, true); }

// Without movablecore= on the command line boot would have made other zones.
bool shows_boot_zones(const Transcript& transcript) {
    if (!has_word(transcript, "movablecore=")) return false;
    Transcript other = transcript;
    auto& cmdline = other.start.cmdline;
    cmdline.replace(cmdline.find("movablecore="), std::string_view("movablecore=").size(), "ignored=");
    return blocks_disagree(other, test::start_of(other));
}

bool shows_zone_none(const Transcript& transcript) {
    return std::ranges::any_of(transcript.steps, [](const Step& step) {
        const auto* seen = std::get_if<ObserveBlocksStep>(&step);
        return seen != nullptr && std::ranges::any_of(seen->blocks, [](const RecordedBlock& block) {
                   return block.state == "online" && block.valid_zones == "none";
               });
    });
}

// -----------------------------------------------------------------------------------------------------------------------

struct Detector {
    RuleId rule;
    bool (*shows)(const Transcript&);   // nullptr: nothing that a recording holds could show it
};

constexpr std::array kDetectors{
    Detector{RuleId::early_hole_reuses_memmap, shows_early_hole_reused},
    Detector{RuleId::early_flag_lost, shows_early_flag_lost},
    Detector{RuleId::pieces_leaked, shows_pieces_leaked},
    Detector{RuleId::lookups_erased, shows_lookups_erased},
    Detector{RuleId::linear_map_kept, shows_linear_map_kept},
    Detector{RuleId::memmap_depopulated, nullptr},   // 5.3 to 5.8, and only a stray access would tell
    Detector{RuleId::memmap_page_shared, nullptr},   // only a stray access would tell
    Detector{RuleId::memory_without_ram, nullptr},   // the recorders onlined only what is RAM
    Detector{RuleId::beyond_direct_map, nullptr},   // recorded machines are small, and without KASLR
    Detector{RuleId::zone_contig, shows_contig_zones},
    Detector{RuleId::zone_auto_movable, shows_auto_movable},
    Detector{RuleId::zone_boot, shows_boot_zones},
    Detector{RuleId::zone_none, shows_zone_none},
};

// Dangers of the nvdimm and dax buses are recorded where a session does what is predicted to be dangerous.
bool is_of_sessions(const Rule& row) { return row.kind == RuleKind::hazard && row.id.starts_with("hazard.nd"); }

TEST(RecordedEffects, have_a_detector_each) {
    for (const Rule& row : rules()) {
        if (row.kind == RuleKind::check || is_of_sessions(row)) continue;
        EXPECT_NE(std::ranges::find(kDetectors, row.rule, &Detector::rule), kDetectors.end()) << row.id;
    }
}

TEST(RecordedEffects, are_what_the_rules_claim) {
    std::vector<Transcript> transcripts;
    for (const auto& file : test::recordings()) transcripts.push_back(test::read_recording(file));
    for (const auto& detector : kDetectors) {
        const bool shown = detector.shows != nullptr && std::ranges::any_of(transcripts, detector.shows);
        EXPECT_EQ(rule(detector.rule).recorded, shown) << rule(detector.rule).id;
    }
}

TEST(RecordedDangers, are_what_the_rules_claim) {
    std::set<RuleId> met;
    std::size_t commands = 0;
    for (const auto& file : test::sessions()) {
        test::SessionWalk(file).each_step([&](const NdBus& bus, const SessionStep& step, const CommandAnswer&) {
            ++commands;
            for (const auto& hazard : hazards_of(bus, test::SessionWalk::command_of(step))) met.insert(hazard.rule);
        });
    }
    EXPECT_GT(commands, 0U);
    for (const Rule& row : rules()) {
        if (!is_of_sessions(row)) continue;
        EXPECT_EQ(row.recorded, met.contains(row.rule)) << row.id;
    }
}

}   // namespace
}   // namespace memhot
