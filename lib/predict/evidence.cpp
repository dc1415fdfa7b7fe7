// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include <algorithm>

#include "model/operations.hpp"
#include "model/zone_rules.hpp"
#include "predict/explain.hpp"

namespace memhot {

namespace {

constexpr std::size_t kMostResources = 6;

using Kind = Evidence::Kind;

std::string bits_text(const std::vector<std::uint64_t>& words) {
    std::string text = "0x";
    for (auto word = words.rbegin(); word != words.rend(); ++word) {
        fmt::format_to(std::back_inserter(text), "{:016x}", *word);
    }
    return text;
}

// The bits that a range asks of one section.
std::vector<std::uint64_t> wanted_bits(const SectionTable& sections, std::uint64_t number, const Range& range) {
    std::vector<std::uint64_t> words((sections.subsections() + 63) / 64, 0);
    const std::uint64_t start = number * sections.section_size();
    const auto part = intersection(range, {start, start + sections.section_size() - 1});
    if (!part) return words;
    const std::uint64_t first = (part->start - start) / kSubsectionSize;
    const std::uint64_t last = (part->last - start) / kSubsectionSize;
    for (std::uint64_t bit = first; bit <= last; ++bit) words[bit / 64] |= 1ULL << (bit % 64);
    return words;
}

// As the line stands in /proc/iomem, indentation included.
std::string resource_line(const Resource& resource, unsigned depth) {
    return fmt::format("{:{}}{} : {}", "", 2 * std::min(depth, 5U), to_string(resource.range), resource.name);
}

void add_resources(const State& state, const Range& range, std::vector<Evidence>& out) {
    std::size_t seen = 0;
    state.resources->walk(range, [&](const Resource& resource, unsigned depth) {
        if (++seen <= kMostResources) out.push_back({Kind::resource, resource_line(resource, depth)});
    });
    if (seen > kMostResources) {
        out.push_back({Kind::resource, fmt::format("... and {} more resources in the range", seen - kMostResources)});
    }
    if (seen == 0) out.push_back({Kind::resource, fmt::format("{} : nothing in /proc/iomem", to_string(range))});
}

void add_section(const State& state, std::uint64_t number, const Range& range, std::vector<Evidence>& out) {
    const SectionInfo info = state.sections.info(number);
    const std::string_view kind = info.early ? "early" : info.present ? "present" : "absent";
    out.push_back(
        {Kind::section, fmt::format("section {:#x} ({}): has {}, wanted {}", number, kind, bits_text(info.subsections),
                                    bits_text(wanted_bits(state.sections, number, range)))});
}

void add_block(const State& state, std::uint64_t number, std::vector<Evidence>& out) {
    const Block& block = state.blocks.at(number);
    if (!block.exists) {
        out.push_back({Kind::block, fmt::format("memory{}: does not exist", number)});
        return;
    }
    out.push_back(
        {Kind::block, fmt::format("memory{}: {}, node {}, valid_zones {}", number, block.online ? "online" : "offline",
                                  block.node, valid_zones(state, number, block))});
}

void add_mapping_at(const State& state, std::uint64_t address, std::vector<Evidence>& out) {
    for (const auto& mapping : state.pgmaps->live()) {
        if (!mapping.range.contains(address)) continue;
        out.push_back({Kind::mapping,
                       fmt::format("mapping {} of {} at {}", mapping.handle, mapping.owner, to_string(mapping.range))});
    }
}

bool is_about_sections(RuleId rule) {
    switch (rule) {
        case RuleId::map_subsection_active:
        case RuleId::map_altmap_exhausted:
        case RuleId::map_memmap_partial_page:
        case RuleId::map_misaligned:
        case RuleId::map_accepted:
        case RuleId::add_subsection_active:
        case RuleId::unmap_accepted: return true;
        default: return false;
    }
}

bool is_about_blocks(const Operation& operation) {
    return std::holds_alternative<op::SetState>(operation) || std::holds_alternative<op::Remove>(operation) ||
           std::holds_alternative<op::OfflineAndRemove>(operation);
}

}   // namespace

std::vector<Evidence> evidence_for(const State& state, const Operation& operation, const Outcome& outcome) {
    std::vector<Evidence> out;
    const auto range = range_of(state, operation);
    if (!range) return out;
    add_resources(state, *range, out);
    const std::uint64_t at = range->contains(outcome.at) ? outcome.at : range->start;
    if (is_about_sections(outcome.rule)) add_section(state, state.sections.number_of(at), *range, out);
    if (outcome.rule == RuleId::map_conflict_start || outcome.rule == RuleId::map_conflict_end) {
        add_mapping_at(state, at, out);
    }
    if (is_about_blocks(operation) || outcome.rule == RuleId::add_block_exists)
        add_block(state, state.block_of(at), out);
    return out;
}

}   // namespace memhot
