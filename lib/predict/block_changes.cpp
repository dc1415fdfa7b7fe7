// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the memory blocks of an operation look like after it: there or gone, online or not, in which zones.
#include <fmt/format.h>

#include "memhot/verdict.hpp"

namespace memhot {

namespace {

struct Span {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
};

template <class T>
std::optional<Span> span_of(const T& range, std::uint64_t block_size) {
    if (range.size == 0) return std::nullopt;
    return Span{range.start / block_size, (range.start + (range.size - 1)) / block_size};
}

// The blocks that it is about.
std::optional<Span> blocks_of(const Operation& operation, std::uint64_t block_size) {
    if (const auto* set = std::get_if<op::SetState>(&operation)) return Span{set->block, set->block};
    if (const auto* probe = std::get_if<op::Probe>(&operation)) {
        return Span{probe->address / block_size, probe->address / block_size};
    }
    if (const auto* add = std::get_if<op::Add>(&operation)) return span_of(*add, block_size);
    if (const auto* remove = std::get_if<op::Remove>(&operation)) return span_of(*remove, block_size);
    if (const auto* both = std::get_if<op::OfflineAndRemove>(&operation)) return span_of(*both, block_size);
    return std::nullopt;
}

std::vector<Value> values_of(const Model& after, std::uint64_t number) {
    const auto block = after.block(number);
    if (!block) return {Value::of_text("state", "gone")};
    std::vector<Value> values{Value::of_text("state", block->online ? "online" : "offline"),
                              Value::of_text("valid_zones", block->valid_zones)};
    if (block->node >= 0) values.push_back(Value::of_count("node", static_cast<std::uint64_t>(block->node)));
    return values;
}

std::string name_of(const Span& span) {
    if (span.first == span.last) return fmt::format("memory{}", span.first);
    return fmt::format("memory{}-memory{}", span.first, span.last);
}

}   // namespace

std::vector<DeviceChange> block_changes(const Model& after, const Operation& operation) {
    std::vector<DeviceChange> out;
    const auto span = blocks_of(operation, after.block_size());
    if (!span) return out;
    Span run{span->first, span->first};
    std::vector<Value> values = values_of(after, run.first);
    for (std::uint64_t number = span->first + 1; number <= span->last; ++number) {
        auto next = values_of(after, number);
        if (next != values) {
            out.push_back({name_of(run), std::exchange(values, std::move(next))});
            run.first = number;
        }
        run.last = number;
    }
    out.push_back({name_of(run), std::move(values)});
    return out;
}

}   // namespace memhot
