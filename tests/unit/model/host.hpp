// SPDX-License-Identifier: GPL-2.0-or-later
//
// Small hosts for the tests of the model: a few lines of iomem and the kernel that runs on them.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/model.hpp"

namespace memhot::test {

struct Host {
    std::string iomem;
    std::string kernel = "6.12.95";
    Arch arch = Arch::x86_64;
    std::uint64_t page_size = 4096;
    std::uint64_t block_size = 0;   // 0: one section
    std::string cmdline = "memhp_default_state=offline";
    std::map<std::string, std::string> parameters = {};   // of memory_hotplug
    std::map<std::uint64_t, int> block_nodes = {};
    std::string possible_nodes = "0";
    bool probe = true;   // /sys/devices/system/memory/probe
    std::vector<std::pair<Feature, bool>> features = {};
};

inline std::shared_ptr<const KernelProfile> profile_of(const Host& host) {
    auto version = parse_version(host.kernel);
    if (!version) throw std::runtime_error(version.error().message());
    auto profile = make_profile({.release = "",
                                 .version = *version,
                                 .arch = host.arch,
                                 .page_size = host.page_size,
                                 .section_size_bits = std::nullopt,
                                 .max_physmem_bits = std::nullopt,
                                 .struct_page_size = std::nullopt,
                                 .found = host.features});
    if (!profile) throw std::runtime_error(profile.error().message());
    return std::make_shared<const KernelProfile>(*std::move(profile));
}

inline Snapshot snapshot_of(const Host& host) {
    Snapshot snapshot;
    snapshot.iomem = host.iomem;
    snapshot.cmdline = host.cmdline;
    snapshot.parameters = host.parameters;
    snapshot.block_nodes = host.block_nodes;
    snapshot.possible_nodes = host.possible_nodes;
    snapshot.probe = host.probe;
    snapshot.memory_block_size = host.block_size != 0 ? host.block_size : profile_of(host)->section_size();
    return snapshot;
}

inline Model boot(const Host& host) {
    auto model = Model::from_snapshot(snapshot_of(host), profile_of(host));
    if (!model) throw std::runtime_error(model.error().message());
    return *std::move(model);
}

// What the kernel answered and logged; the model has moved on.
struct Answer {
    Outcome outcome;
    std::vector<std::string> log;
};

inline Answer run(Model& model, const Operation& operation) {
    Answer answer{model.outcome(operation), {}};
    const auto lines = model.messages(operation, answer.outcome);
    for (const auto& line : lines) answer.log.push_back(line.text);
    model.apply(operation, answer.outcome);
    model.said(lines);
    return answer;
}

using Log = std::vector<std::string>;

// Checks rule, errno (0: accepted) and stage; gives the answer back for its log.
inline Answer expect(Model& model, const Operation& operation, RuleId rule_id, int error, Stage stage = Stage::none) {
    const Answer answer = run(model, operation);
    EXPECT_EQ(rule(answer.outcome.rule).id, rule(rule_id).id) << describe(operation);
    EXPECT_EQ(answer.outcome.error, error) << describe(operation);
    EXPECT_EQ(answer.outcome.stage, stage) << describe(operation);
    EXPECT_EQ(answer.outcome.accepted(), error == 0) << describe(operation);
    return answer;
}

// The same through the kinds that most tests need.
inline Operation map_of(std::uint64_t start, std::uint64_t size, std::optional<Altmap> altmap = std::nullopt) {
    return op::Map{
        .type = MapType::generic, .start = start, .size = size, .claim = false, .owner = "test", .altmap = altmap};
}
inline Operation claimed_map(std::uint64_t start, std::uint64_t size) {
    return op::Map{
        .type = MapType::fsdax, .start = start, .size = size, .claim = true, .owner = "test", .altmap = std::nullopt};
}
inline Operation private_map(std::uint64_t start, std::uint64_t size) {
    return op::Map{.type = MapType::device_private,
                   .start = start,
                   .size = size,
                   .claim = false,
                   .owner = "test",
                   .altmap = std::nullopt};
}
inline op::Add add_of(std::uint64_t start, std::uint64_t size) {
    return {.start = start,
            .size = size,
            .node = 0,
            .driver_managed = false,
            .memmap_on_memory = false,
            .resource_name = "System RAM"};
}
inline op::Add memmap_add(std::uint64_t start, std::uint64_t size) {
    op::Add add = add_of(start, size);
    add.memmap_on_memory = true;
    return add;
}

// Bits [first, first + count) of a section's single word.
constexpr std::uint64_t bits(unsigned first, unsigned count) {
    return (count == 64 ? ~0ULL : (1ULL << count) - 1) << first;
}
inline std::uint64_t word_of(const Model& model, std::uint64_t section, std::size_t word = 0) {
    const auto words = model.section(section).subsections;
    return word < words.size() ? words[word] : 0;
}

// Everything of a model that its user can see, as text; equal texts mean equal models.
inline std::string picture(const Model& model) {
    std::string text = model.resources().print();
    for (const auto& section : model.sections()) {
        text += "section " + std::to_string(section.number) + (section.early ? " early" : "") +
                (section.online ? " online" : "");
        for (const std::uint64_t word : section.subsections) text += " " + hex(word);
        text += "\n";
    }
    for (const auto& block : model.blocks()) {
        text += "block " + std::to_string(block.number) + (block.online ? " online " : " offline ") +
                std::to_string(block.node) + " " + block.valid_zones + "\n";
    }
    for (const auto& mapping : model.mappings()) {
        text += "mapping " + std::to_string(mapping.handle) + " " + to_string(mapping.range) + "\n";
    }
    for (const auto& zone : model.zones()) {
        text += "zone " + std::to_string(zone.node) + " " + zone.name + " " + std::to_string(zone.start_pfn) + " " +
                std::to_string(zone.spanned_pages) + " " + std::to_string(zone.present_pages) + "\n";
    }
    return text;
}

}   // namespace memhot::test
