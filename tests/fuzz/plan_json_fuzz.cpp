// SPDX-License-Identifier: GPL-2.0-or-later
//
// Any text as a plan: what is taken is written and read back as itself and can be told; what is refused is refused in one
// line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "memhot/plan.hpp"

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

}   // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto plan = memhot::plan_from_json({reinterpret_cast<const char*>(data), size});
    if (!plan) {
        for (const char c : plan.error().message()) require(static_cast<unsigned char>(c) >= 0x20);
        return 0;
    }
    const auto text = memhot::to_json(*plan);
    const auto back = memhot::plan_from_json(text);
    require(back.ok());
    require(memhot::to_json(*back) == text);
    require(memhot::same_actions(*plan, *back));
    require(!memhot::to_text(*plan).empty());
    memhot::step_lines(*plan, 0, plan->steps.size(), memhot::Tense::done);
    return 0;
}
