// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the kernel answers: small and allocation-free, so that millions a second can be computed. The explained form is
// Verdict (verdict.hpp).
#pragma once

#include <cstdint>
#include <string_view>

#include "memhot/rules.hpp"

namespace memhot {

// Where a mapping failed: the driver's claim, or memremap_pages itself.
enum class Stage : std::uint8_t { none, request, map };
std::string_view to_string(Stage stage);

struct Outcome {
    enum class Kind : std::uint8_t {
        accepted,
        refused,
        crash,       // the kernel oopses or panics
        uncertain,   // 0 or `error`: depends on what nobody outside the kernel can see
    };
    Kind kind = Kind::accepted;
    Stage stage = Stage::none;
    RuleId rule = RuleId::none;
    int error = 0;          // positive errno of refused and uncertain
    std::uint64_t at = 0;   // address that the rule spoke about: the first failing piece, section or block

    static Outcome accept(RuleId rule, Stage stage = Stage::none) { return {Kind::accepted, stage, rule, 0, 0}; }
    static Outcome refuse(RuleId rule, int error, std::uint64_t at = 0, Stage stage = Stage::none) {
        return {Kind::refused, stage, rule, error, at};
    }
    static Outcome crashes(RuleId rule, std::uint64_t at = 0) { return {Kind::crash, Stage::none, rule, 0, at}; }
    static Outcome unsure(RuleId rule, int error, std::uint64_t at = 0) {
        return {Kind::uncertain, Stage::none, rule, error, at};
    }

    [[nodiscard]] bool accepted() const { return kind == Kind::accepted; }
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

// "EEXIST", "EBUSY", ...
std::string_view errno_name(int error);
// "File exists", ...
std::string_view errno_text(int error);

}   // namespace memhot
