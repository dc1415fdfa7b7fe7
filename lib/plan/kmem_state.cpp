// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plan/kmem_state.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "plan/blocks.hpp"

namespace memhot::plan {

namespace {

constexpr std::string_view kUnplugged = "unplugged";

WriteAction write_of(const DaxDevice& device, std::string_view word) {
    return {fmt::format("/sys/bus/dax/devices/{}/state", device.name()), std::string(word)};
}

std::string ranges_text(const std::vector<Range>& ranges) {
    std::string out;
    for (const auto& range : ranges) out += (out.empty() ? "" : ", ") + to_string(range);
    return out;
}

// The word that brings its memory back as it is; empty where none does.
std::string_view word_back(const Builder& builder, const DaxDevice& device) {
    const auto blocks = blocks_in(builder.model(), device.added);
    if (device.kmem_state.empty() || blocks.empty()) return {};
    if (!std::ranges::all_of(blocks, &BlockInfo::online)) return {};
    if (std::ranges::all_of(blocks, in_movable)) return "online_movable";
    return std::ranges::any_of(blocks, in_movable) ? std::string_view() : "online_kernel";
}

}   // namespace

bool goes_at_once(const Builder& builder, const DaxDevice& device) { return !word_back(builder, device).empty(); }

PlanStep& unplug(Builder& builder, const DaxDevice& device, bool lets_go) {
    const std::string_view back = word_back(builder, device);
    for (const auto& block : blocks_in(builder.model(), device.added)) builder.rely_on_block(block.number);
    PlanStep& step = builder.device_write(
        write_of(device, kUnplugged), {"take offline and remove", "took offline and removed",
                                       fmt::format("all memory of {} ({})", device.name(), ranges_text(device.added))});
    step.reason = "one write: where a page cannot be moved, everything is as before";
    if (lets_go) step.undo.emplace_back(write_of(device, kUnplugged));
    step.undo.emplace_back(write_of(device, back));
    return step;
}

bool is_unplugged(const DaxDevice& device) { return device.kmem_state == kUnplugged; }

WriteAction unplug_write(const DaxDevice& device) { return write_of(device, kUnplugged); }

PlanStep& plug(Builder& builder, const DaxDevice& device, WantedZone zone) {
    const std::string_view word = zone == WantedZone::kernel    ? "online_kernel"
                                  : zone == WantedZone::movable ? "online_movable"
                                                                : "online";
    PlanStep& step = builder.device_write(
        write_of(device, word), {"add and online", "added and onlined",
                                 fmt::format("all memory of {} ({})", device.name(), ranges_text(device.ranges))});
    step.reason = fmt::format("its state is {}", kUnplugged);
    step.undo = {write_of(device, kUnplugged)};
    return step;
}

}   // namespace memhot::plan
