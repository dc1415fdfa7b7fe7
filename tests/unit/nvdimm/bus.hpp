// SPDX-License-Identifier: GPL-2.0-or-later
//
// Small nvdimm buses for tests: a host with some RAM, regions of persistent memory where the test wants them, and commands
// carried out on it.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "nvdimm/command.hpp"
#include "unit/model/host.hpp"

namespace memhot::test {

inline constexpr std::uint64_t kBase = 0x100000000;   // where most vectors start

// RAM to 1 GiB, and room for devices from 0x50000000 on. block_size 0: one section.
inline Host nd_host(std::string iomem_lines = {}) {
    return {.iomem = "00001000-3fffffff : System RAM\n" + std::move(iomem_lines)};
}

inline std::string pmem_line(std::uint64_t start, std::uint64_t size, std::string_view kind = "Persistent Memory") {
    return to_string(Range{start, start + size - 1}) + " : " + std::string(kind) + "\n";
}

inline NdBus bus_on(const Host& host) { return {.model = boot(host), .regions = {}, .dax = {}}; }

// A labelled region as NFIT has them: empty, its seed idle. dimm: of a single mapping.
inline NdRegion labelled_region(int id, std::uint64_t start, std::uint64_t size, unsigned ways = 1) {
    NdRegion region{.id = id,
                    .space = {start, start + size - 1},
                    .align = default_region_align(size, ways, 4096),
                    .ways = ways,
                    .labelled = true,
                    .page_map = false,
                    .read_only = false,
                    .target_node = 0,
                    .seed = 0};
    region.namespaces[0] = {.id = 0};
    for (unsigned i = 0; i < ways; ++i) {
        region.mappings.push_back({.dimm = fmt::format("nmem{}", i), .start = 0, .size = size / ways, .enabled = true});
    }
    return region;
}

// A label-less region: legacy pmem gets struct pages by itself, NFIT without labels does not.
inline NdRegion label_less_region(int id, std::uint64_t start, std::uint64_t size, bool legacy = true) {
    NdRegion region{.id = id,
                    .space = {start, start + size - 1},
                    .align = default_region_align(size, 0, 4096),
                    .ways = legacy ? 0U : 1U,
                    .labelled = false,
                    .page_map = legacy,
                    .read_only = false,
                    .target_node = 0,
                    .seed = 0};
    region.namespaces[0] = {.id = 0, .space = region.space, .allocated = true};
    return region;
}

// The bus of one labelled region at `start`.
inline NdBus one_region(std::uint64_t size, std::uint64_t start = kBase, std::string kernel = "6.12.95") {
    Host host = nd_host(pmem_line(start, size));
    host.kernel = std::move(kernel);
    NdBus bus = bus_on(host);
    bus.regions.push_back(labelled_region(0, start, size));
    bus.regions[0].align = default_region_align(bus.model.profile(), size, 1);
    return bus;
}

// The same of one label-less legacy region whose namespace was enabled at boot.
inline NdBus one_legacy(std::uint64_t start, std::uint64_t size, std::string kernel = "6.12.95") {
    Host host = nd_host(pmem_line(start, size, "Persistent Memory (legacy)"));
    host.kernel = std::move(kernel);
    NdBus bus = bus_on(host);
    bus.regions.push_back(label_less_region(0, start, size));
    enable_namespace(bus, bus.regions[0], bus.regions[0].namespaces.at(0));
    return bus;
}

// An empty dynamic dax region, id 0, as dax_hmem makes them; its first device has all of it and no driver.
inline NdBus one_dax_region(std::uint64_t start, std::uint64_t size, std::string kernel = "6.12.95") {
    Host host = nd_host(pmem_line(start, size, "Soft Reserved"));
    host.kernel = std::move(kernel);
    NdBus bus = bus_on(host);
    bus.dax_regions.push_back({.id = 0, .space = {start, start + size - 1}, .align = 2 * kMiB, .target_node = 0});
    const Range all{start, start + size - 1};
    bus.dax.push_back({.region = 0,
                       .id = 0,
                       .ranges = {all},
                       .align = 2 * kMiB,
                       .target_node = 0,
                       .driver = DaxDriver::none,
                       .pages = {all}});
    return bus;
}

inline CommandAnswer run(NdBus& bus, std::string_view command) { return run_command(bus, split_command(command)); }

// Carries it out and expects success.
inline CommandAnswer done(NdBus& bus, std::string_view command) {
    CommandAnswer answer = run(bus, command);
    EXPECT_EQ(answer.exit, 0) << command << ": " << answer.error << " by " << rule(answer.rule).id;
    return answer;
}

// Carries it out and expects this final text, errno of the reason (0: any) and rule.
inline CommandAnswer refused(NdBus& bus, std::string_view command, std::string_view text, RuleId rule_id,
                             int exit = -1) {
    CommandAnswer answer = run(bus, command);
    EXPECT_NE(answer.exit, 0) << command;
    EXPECT_EQ(answer.error, text) << command;
    EXPECT_EQ(rule(answer.rule).id, rule(rule_id).id) << command;
    if (exit >= 0) {
        EXPECT_EQ(answer.exit, exit) << command;
    }
    return answer;
}

// Writes to a file of sysfs and expects this rule, whose errno is what the writer sees; nd_accepted: the write succeeds.
inline CommandAnswer expect_write(NdBus& bus, std::string_view path, std::string_view value, RuleId rule_id) {
    CommandAnswer answer = write_attribute(bus, path, value);
    const Rule& row = rule(rule_id);
    EXPECT_EQ(rule(answer.rule).id, row.id) << path << " <- " << value;
    EXPECT_EQ(answer.kernel_error, row.error) << path << " <- " << value;
    EXPECT_EQ(answer.exit, row.error == 0 ? 0 : 1) << path << " <- " << value;
    const std::string text = row.error == 0 ? "" : fmt::format("{}: {}", path, errno_text(row.error));
    EXPECT_EQ(answer.error, text) << path << " <- " << value;
    return answer;
}

inline NdNamespace& namespace_of(NdBus& bus, std::string_view name) {
    const auto found = find_namespace(bus, name);
    if (found.ns == nullptr) throw std::runtime_error("no " + std::string(name));
    return *found.ns;
}

inline void expect_answer(const NdAnswer& answer, RuleId rule_id) {
    EXPECT_EQ(rule(answer.rule).id, rule(rule_id).id);
    EXPECT_EQ(answer.error, rule(rule_id).error);
}

}   // namespace memhot::test
