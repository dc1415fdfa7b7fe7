// SPDX-License-Identifier: LGPL-2.1-or-later
//
// probe: memory that the kernel did not find by itself is added, one block a write.
#include <fmt/format.h>

#include "plan/blocks.hpp"
#include "plan/interlocks.hpp"
#include "plan/planners.hpp"
#include "plan/policy.hpp"

namespace memhot::plan {

namespace {

// An address is one block; hexadecimal with or without 0x, as the kernel reads what is written to probe.
Result<Range> range_of(const Builder& builder, const std::string& thing) {
    const std::uint64_t size = builder.block_size();
    if (size == 0) return Error(ErrorKind::unsupported, "this host has no memory blocks, so nothing can be probed");
    if (const auto address = parse_hex(thing)) {
        if (const auto range = Range::from_size(*address, size)) return *range;
    }
    return parse_range(thing, builder.model().units());
}

void probe_block(Builder& builder, std::uint64_t address) {
    const std::uint64_t number = address / builder.block_size();
    const Range range{address, address + (builder.block_size() - 1)};
    builder.rely_on_range(range);
    builder.rely(Fact::Kind::block, fmt::format("memory{}", number));
    PlanStep& step =
        builder.write({"/sys/devices/system/memory/probe", hex(address)}, op::Probe{address},
                      {"add", "added", fmt::format("memory{} ({}) by way of probe", number, to_string(range))});
    step.block = number;
    step.no_undo = "what was probed stays until reboot; it can be taken offline";
    const auto block = builder.model().block(number);
    if (builder.wish().zone != WantedZone::automatic && block && !block->online) {
        online_block(builder, *block, builder.wish().zone);
    }
}

Status probe_things(Builder& builder) {
    for (const auto& thing : builder.wish().things) {
        const auto range = range_of(builder, thing);
        if (!range) return range.error();
        const std::uint64_t size = builder.block_size();
        if (!is_aligned(range->size(), size)) return not_whole(builder, *range);
        for (std::uint64_t offset = 0; offset < range->size(); offset += size)
            probe_block(builder, range->start + offset);
    }
    return Done{};
}

}   // namespace

Status plan_probe(Builder& builder) {
    builder.rely(Fact::Kind::attribute, "probe");
    builder.rely(Fact::Kind::attribute, "auto_online_blocks");
    const WantedZone zone = builder.wish().zone;
    if (policy_gives(builder, zone) || zone == WantedZone::automatic) {
        if (auto done = probe_things(builder); !done) return done;
    } else {
        HeldPolicy policy(builder, fmt::format("the blocks are to be online in {}", zone_text(zone)));
        if (auto done = probe_things(builder); !done) return done;
        policy.release();
    }
    guard_memmap_memory(builder);
    guard_movable_ratio(builder);
    return Done{};
}

}   // namespace memhot::plan
