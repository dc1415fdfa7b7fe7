// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/check.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "client/nd_commands.hpp"
#include "client/what_if.hpp"
#include "output/text.hpp"

namespace memhotctl {

using memhot::Result;

namespace {

std::optional<std::string> value_of(const CheckOptions& options, std::string_view name) {
    const auto found = options.find(name);
    return found == options.end() ? std::nullopt : std::optional(found->second);
}

Result<int> parse_node(const std::string& text) {
    const auto node = memhot::parse_number(text);
    if (node && *node < 4096) return static_cast<int>(*node);
    return memhot::bad_input("--node " + in_quotes(text) + ": expected the number of a NUMA node");
}

// Which word an option is about.
struct OptionOfWord {
    std::string_view option;
    Word word;
    std::string_view text;
};
constexpr std::array kOptionWords{
    OptionOfWord{"type", Word::map, "map"},           OptionOfWord{"altmap", Word::map, "map"},
    OptionOfWord{"no-claim", Word::map, "map"},       OptionOfWord{"node", Word::add, "add"},
    OptionOfWord{"driver-managed", Word::add, "add"}, OptionOfWord{"memmap-on-memory", Word::add, "add"},
    OptionOfWord{"offline", Word::remove, "remove"},
};

// One that would change nothing is a mistake.
memhot::Status check_options(const CheckOptions& given, const std::vector<Step>& steps) {
    for (const auto& row : kOptionWords) {
        const bool asked = std::ranges::find(steps, row.word, &Step::word) != steps.end();
        if (given.contains(row.option) && !asked) {
            return memhot::bad_input(fmt::format("--{} is about {}, which is not asked here", row.option, row.text));
        }
    }
    return memhot::Done{};
}

Result<OperationOptions> operation_options(const CheckOptions& given, std::uint64_t page_size) {
    OperationOptions options;
    options.claim = !given.contains("no-claim");
    options.driver_managed = given.contains("driver-managed");
    options.memmap_on_memory = given.contains("memmap-on-memory");
    options.offline = given.contains("offline");
    if (const auto text = value_of(given, "type")) {
        auto type = parse_map_type(*text);
        if (!type) return std::move(type).error();
        options.type = *type;
    }
    if (const auto text = value_of(given, "altmap")) {
        auto altmap = parse_altmap(*text, page_size);
        if (!altmap) return std::move(altmap).error();
        options.altmap = *altmap;
    }
    if (const auto text = value_of(given, "node")) {
        auto node = parse_node(*text);
        if (!node) return std::move(node).error();
        options.node = *node;
    }
    return options;
}

// Where the tail begins: at the first range that is asked about.
std::uint64_t first_start(const std::vector<Step>& steps) { return steps.front().thing.ranges.front().start; }

// The host that is asked and the ranges on it, which an option moves together.
struct Question {
    std::optional<Host> moved;
    std::vector<Step> steps;
};

// Names and numbers mean what they mean on the host as it is; then host and ranges move together.
Result<Question> shift_question(const Host& asked, std::vector<Step> steps, const HostRequest& request,
                                std::string_view text) {
    const auto shift = parse_shift(text);
    if (!shift) return shift.error();
    const std::uint64_t from = first_start(steps);
    auto snapshot = shift_tail(asked.snapshot, from, *shift);
    if (!snapshot) return std::move(snapshot).error();
    auto host = make_host(*std::move(snapshot), request);
    if (!host) return std::move(host).error();
    for (auto& step : steps) {
        for (auto& range : step.thing.ranges) {
            if (range.start < from) continue;
            const auto there = shifted(range, *shift);
            if (!there) return there.error();
            range = *there;
        }
    }
    host->assumptions.push_back("everything from " + memhot::hex(from) + " on lies " + (shift->down ? "-" : "+") +
                                memhot::human_size(shift->bytes) + " away, blocks and zones are those of such a boot");
    return Question{*std::move(host), std::move(steps)};
}

Result<Question> question_of(const Host& host, const HostRequest& request, const CheckRequest& asked) {
    auto steps = parse_steps(host, asked.words);
    if (!steps) return std::move(steps).error();
    if (const auto good = check_options(asked.options, *steps); !good) return good.error();
    const auto shift = value_of(asked.options, "shift");
    if (!shift) return Question{std::nullopt, *std::move(steps)};
    return shift_question(host, *std::move(steps), request, *shift);
}

// The answers to commands, each under the command that would be typed.
Result<std::vector<Answer>> answer_commands(const Host& host, const std::vector<std::string>& words) {
    const auto commands = parse_nd_commands(words);
    if (!commands) return commands.error();
    memhot::Snapshot snapshot = host.snapshot;
    // a machine without these buses was looked at; of a file nobody knows
    if (host.this_machine && !snapshot.nvdimm) snapshot.nvdimm.emplace();
    auto verdicts = memhot::predict(snapshot, host.profile, *commands);
    if (!verdicts) return std::move(verdicts).error();
    std::vector<Answer> answers;
    for (auto& verdict : *verdicts) {
        std::string title = verdict.operation;
        answers.push_back({.title = std::move(title), .details = {}, .block = {}, .verdict = std::move(verdict)});
    }
    return answers;
}

struct Elsewhere {
    std::optional<Host> host;   // absent: where it is
    std::vector<std::string> names;   // what would not be attached there
    std::vector<std::string> raw;   // of these what comes up without its info block
    std::vector<std::string> refused;   // and why
};

// With --shift the host as it would be with its persistent memory elsewhere.
Result<Elsewhere> shifted_host(const Host& host, const HostRequest& request, const CheckRequest& asked) {
    const auto text = value_of(asked.options, "shift");
    if (!text) return Elsewhere{std::nullopt, {}, {}, {}};
    const auto shift = parse_shift(*text);
    if (!shift) return shift.error();
    auto bus = shift_bus(host.snapshot, *shift, host.profile);
    if (!bus) return std::move(bus).error();
    auto there = make_host(std::move(bus->snapshot), request);
    if (!there) return std::move(there).error();
    there->assumptions.insert(there->assumptions.begin(), std::move(bus->moved));
    return Elsewhere{*std::move(there), std::move(bus->refused_names), std::move(bus->raw_names),
                     std::move(bus->refused)};
}

// What does not come up there is evidence; what comes up without its info block is dangerous before any command.
void put_elsewhere(const Elsewhere& there, memhot::Verdict& verdict) {
    auto& evidence = verdict.evidence;
    if (!there.names.empty()) {   // in front, the reasons behind the rest
        const std::string text = "would not be attached there: " + joined(there.names);
        evidence.insert(evidence.begin(), {memhot::Evidence::Kind::device, text});
    }
    for (std::size_t i = 0; i < there.refused.size(); ++i) {
        const bool is_the_question = verdict.operation.ends_with(" " + there.names[i]) && !verdict.outcome.accepted();
        if (is_the_question) continue;   // Why says it
        evidence.push_back({memhot::Evidence::Kind::device, there.refused[i]});
    }
    if (there.raw.empty()) return;
    const auto& rule = memhot::rule(memhot::RuleId::nd_raw_fallback);
    verdict.hazards.push_back(
        {rule.rule, joined(there.raw) + " would come up raw there, without an info block", std::string(rule.releases)});
}

Result<CheckResult> finish(const Host& host, std::vector<Answer> answers) {
    for (auto& answer : answers) {
        auto& assumptions = answer.verdict.assumptions;
        assumptions.insert(assumptions.begin(), host.assumptions.begin(), host.assumptions.end());
    }
    return CheckResult{std::move(answers), host.profile};
}

Result<CheckResult> check_commands(const Host& host, const HostRequest& request, const CheckRequest& asked) {
    const auto there = shifted_host(host, request, asked);
    if (!there) return there.error();
    const Host& seen = there->host ? *there->host : host;
    auto answers = answer_commands(seen, asked.words);
    if (!answers) return std::move(answers).error();
    for (auto& answer : *answers) put_elsewhere(*there, answer.verdict);
    return finish(seen, *std::move(answers));
}

}   // namespace

Result<CheckResult> answer_check(const Host& host, const HostRequest& request, const CheckRequest& asked) {
    if (asked.words.empty()) return memhot::bad_input("nothing is asked, expected an operation such as map RANGE");
    if (const auto model = host.need_model(); !model) return model.error();
    if (is_nd_word(asked.words.front())) return check_commands(host, request, asked);
    const auto question = question_of(host, request, asked);
    if (!question) return question.error();
    const Host& seen = question->moved ? *question->moved : host;
    const auto model = seen.need_model();
    if (!model) return model.error();
    const auto options = operation_options(asked.options, (*model)->profile().page_size);
    if (!options) return options.error();
    auto answers = answer_steps(**model, question->steps, *options);
    if (!answers) return std::move(answers).error();
    return finish(seen, *std::move(answers));
}

Json check_document(const std::vector<Answer>& answers) {
    if (answers.size() == 1) return Json::Raw{to_json(answers.front().verdict)};
    Json verdicts = Json::array();
    for (const auto& answer : answers) verdicts.push(Json::Raw{to_json(answer.verdict)});
    return Json::object(
        {{"format", "memhot-check/1"}, {"exit_status", combined_status(answers)}, {"verdicts", std::move(verdicts)}});
}

}   // namespace memhotctl
