// SPDX-License-Identifier: GPL-2.0-or-later
//
// rules: what the mirrored kernel checks, where that stands in the real one, and whether a recording exercises it.
#include <fmt/format.h>

#include "context.hpp"
#include "memhot/outcome.hpp"
#include "memhot/rules.hpp"
#include "output/table.hpp"
#include "output/text.hpp"

namespace memhotctl {

using memhot::Result;
using memhot::Rule;

namespace {

std::string_view kind_name(memhot::RuleKind kind) {
    switch (kind) {
        case memhot::RuleKind::check: return "check";
        case memhot::RuleKind::effect: return "effect";
        default: return "hazard";
    }
}

Json to_document(const Rule& rule) {
    Json out = Json::object({{"id", rule.id}, {"kind", kind_name(rule.kind)}, {"checks", rule.checks}});
    out.set("errno", rule.error);
    if (rule.error != 0) out.set("errno_name", memhot::errno_name(rule.error));
    if (!rule.message.empty()) out.set("message", rule.message);
    out.set("source", rule.source).set("releases", rule.releases);
    if (!rule.remedy.empty()) out.set("remedy", rule.remedy);
    return std::move(out.set("recorded", rule.recorded));
}

std::string details(const Rule& rule) {
    std::string out = fmt::format("{} ({})\n", rule.id, kind_name(rule.kind));
    const auto line = [&](std::string_view label, std::string_view text) {
        if (text.empty()) return;
        constexpr std::size_t kLabel = 10;
        for (const auto& part : wrap(text, 80 - kLabel)) {
            out += fmt::format("{:<{}}{}\n", label, kLabel, part);
            label = "";
        }
    };
    line("Checks", rule.checks);
    if (rule.error != 0) {
        line("Errno", fmt::format("{} ({})", memhot::errno_name(rule.error), memhot::errno_text(rule.error)));
    }
    line("Log", rule.message);
    line("Source", rule.source);
    line("Releases", rule.releases);
    line("Instead", rule.remedy);
    line("Recorded", rule.recorded ? "yes: a recording of a real kernel exercises it"
                                   : "no: it rests on reading the kernel's source");
    return out;
}

std::string table(const Context& context) {
    Table out({{"ID"}, {"ERRNO"}, {"RECORDED"}, {"CHECKS", false, true}});
    for (const auto& rule : memhot::rules()) {
        const std::string error(rule.error == 0 ? "-" : memhot::errno_name(rule.error));
        out.add({std::string(rule.id), error, rule.recorded ? "yes" : "no", std::string(rule.checks)});
    }
    return out.text(context.terminal(), context.legend());
}

Result<int> one(Context& context, const std::string& id) {
    const auto found = memhot::parse_rule(id);
    if (!found) return memhot::bad_input(in_quotes(id) + ": no such rule, expected an ID that `rules` lists");
    const Rule& rule = memhot::rule(*found);
    if (context.json()) {
        context.print_json(
            Json::object({{"format", "memhot-rules/1"}, {"rules", Json::array().push(to_document(rule))}}));
    } else {
        context.print(details(rule));
    }
    return exit_code::yes;
}

Result<int> run(Context& context) {
    if (!context.arguments().operands.empty()) return one(context, context.arguments().operands.front());
    if (!context.json()) {
        context.print(table(context));
        return exit_code::yes;
    }
    Json all = Json::array();
    for (const auto& rule : memhot::rules()) all.push(to_document(rule));
    context.print_json(Json::object({{"format", "memhot-rules/1"}, {"rules", std::move(all)}}));
    return exit_code::yes;
}

}   // namespace

const Command kRules{.name = "rules",
                     .operands = "[ID]",
                     .least = 0,
                     .most = 1,
                     .summary = "the kernel's rules, their place in its source, and whether a recording exercises each",
                     .options = {},
                     .notes = "",
                     .foreign = {},
                     .run = run};

}   // namespace memhotctl
