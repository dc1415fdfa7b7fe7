// SPDX-License-Identifier: GPL-2.0-or-later
//
// check: what the kernel will answer, and why.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "client/nd_commands.hpp"
#include "client/operations.hpp"
#include "client/what_if.hpp"
#include "context.hpp"
#include "output/text.hpp"
#include "output/verdict_text.hpp"

namespace memhotctl {

using memhot::Result;

namespace {

constexpr std::array<Option, 10> kOptions{{
    {"type", 0, "TYPE", "map: generic (device-dax), fsdax or private (un-addressable); default generic"},
    {"altmap", 0, "RESERVE+FREE", "map: the memmap lies in the device, FREE bytes for it behind RESERVE bytes"},
    {"no-claim", 0, "", "map: without the claim that the pmem and dax drivers make first"},
    {"node", 0, "N", "add: to this NUMA node; default 0"},
    {"driver-managed", 0, "", "add: as dax/kmem does, add_memory_driver_managed()"},
    {"memmap-on-memory", 0, "", "add: ask for the memmap on the added memory itself"},
    {"offline", 0, "", "remove: offline the blocks first, offline_and_remove_memory()"},
    {"arch", 0, "ARCH", "as a machine of this architecture would: x86_64, arm64, ppc64, ...", true},
    {"page-size", 0, "SIZE", "as a kernel with pages of 4K, 16K or 64K would", true},
    {"shift", 0, "SIZE",
     "as if firmware had placed everything from the first RANGE on so much higher (+64M) or "
     "lower (-2M); every RANGE from there on moves with it; of a command of ndctl or daxctl "
     "everything from the first persistent-memory region (else CXL region, dax device) on",
     true},
}};

constexpr std::string_view kNotes = "Operations:\n"
                                    "  map RANGE             memremap_pages(), as for a namespace or a dax device\n"
                                    "  unmap RANGE           memunmap_pages() of the mapping there\n"
                                    "  add RANGE             add_memory()\n"
                                    "  probe ADDRESS         a write to /sys/devices/system/memory/probe\n"
                                    "  online THING          a write to the block's file state; also online_kernel,\n"
                                    "                        online_movable and offline\n"
                                    "  remove THING          remove_memory()\n"
                                    "  claim RANGE           request_mem_region()\n"
                                    "Several are answered one after the other, each seeing what those before it left.\n"
                                    "RANGE: START-END (hex, inclusive), START+SIZE, blockN, blockN-M, sectionN or a\n"
                                    "name in /proc/iomem; THING: also nodeN.\n\n"
                                    "Commands of ndctl and daxctl, with their own options behind them, several with\n"
                                    "the word then between them:\n"
                                    "  create-namespace [OPTION...]\n"
                                    "  reconfigure NAMESPACE [OPTION...]   ndctl create-namespace -e NAMESPACE\n"
                                    "  destroy NAMESPACE [OPTION...]       also enable-namespace, disable-namespace\n"
                                    "  reconfigure-dax DEVICE [OPTION...]  daxctl reconfigure-device DEVICE\n"
                                    "  create-device, destroy-device, enable-device, disable-device, online-memory,\n"
                                    "  offline-memory [OPTION...]          of daxctl\n"
                                    "  write PATH TEXT                     a file of an nd or dax device in sysfs\n";

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
memhot::Status check_options(const Arguments& arguments, const std::vector<Step>& steps) {
    for (const auto& row : kOptionWords) {
        const bool asked = std::ranges::find(steps, row.word, &Step::word) != steps.end();
        if (arguments.flag(row.option) && !asked) {
            return memhot::bad_input(fmt::format("--{} is about {}, which is not asked here", row.option, row.text));
        }
    }
    return memhot::Done{};
}

Result<OperationOptions> options_of(const Arguments& arguments, std::uint64_t page_size) {
    OperationOptions options;
    options.claim = !arguments.flag("no-claim");
    options.driver_managed = arguments.flag("driver-managed");
    options.memmap_on_memory = arguments.flag("memmap-on-memory");
    options.offline = arguments.flag("offline");
    if (const auto text = arguments.value("type")) {
        auto type = parse_map_type(*text);
        if (!type) return std::move(type).error();
        options.type = *type;
    }
    if (const auto text = arguments.value("altmap")) {
        auto altmap = parse_altmap(*text, page_size);
        if (!altmap) return std::move(altmap).error();
        options.altmap = *altmap;
    }
    if (const auto text = arguments.value("node")) {
        auto node = parse_node(*text);
        if (!node) return std::move(node).error();
        options.node = *node;
    }
    return options;
}

// Where the tail begins: at the first range that is asked about.
std::uint64_t first_start(const std::vector<Step>& steps) { return steps.front().thing.ranges.front().start; }

struct Question {
    Host host;
    std::vector<Step> steps;
};

// Names and numbers mean what they mean on the host as it is; then host and ranges move together.
Result<Question> shift_question(Question question, const HostRequest& request, std::string_view text) {
    const auto shift = parse_shift(text);
    if (!shift) return shift.error();
    const std::uint64_t from = first_start(question.steps);
    auto snapshot = shift_tail(question.host.snapshot, from, *shift);
    if (!snapshot) return std::move(snapshot).error();
    auto host = make_host(*std::move(snapshot), request);
    if (!host) return std::move(host).error();
    for (auto& step : question.steps) {
        for (auto& range : step.thing.ranges) {
            if (range.start < from) continue;
            const auto there = shifted(range, *shift);
            if (!there) return there.error();
            range = *there;
        }
    }
    host->assumptions.push_back("everything from " + memhot::hex(from) + " on lies " + (shift->down ? "-" : "+") +
                                memhot::human_size(shift->bytes) + " away, blocks and zones are those of such a boot");
    return Question{*std::move(host), std::move(question.steps)};
}

Result<Question> ask(Context& context) {
    auto host = context.host();
    if (!host) return std::move(host).error();
    if (const auto model = host->need_model(); !model) return model.error();
    auto steps = parse_steps(*host, context.arguments().operands);
    if (!steps) return std::move(steps).error();
    if (const auto good = check_options(context.arguments(), *steps); !good) return good.error();
    Question question{*std::move(host), *std::move(steps)};
    const auto shift = context.arguments().value("shift");
    if (!shift) return question;
    return shift_question(std::move(question), context.request(), *shift);
}

Json document(const std::vector<Answer>& answers) {
    if (answers.size() == 1) return Json::Raw{to_json(answers.front().verdict)};
    Json verdicts = Json::array();
    for (const auto& answer : answers) verdicts.push(Json::Raw{to_json(answer.verdict)});
    return Json::object(
        {{"format", "memhot-check/1"}, {"exit_status", combined_status(answers)}, {"verdicts", std::move(verdicts)}});
}

// The answers to commands, each under the command that would be typed.
Result<std::vector<Answer>> answer_commands(const Host& host, const std::vector<std::string>& words) {
    const auto commands = parse_nd_commands(words);
    if (!commands) return commands.error();
    auto verdicts = memhot::predict(host.snapshot, host.profile, *commands);
    if (!verdicts) return std::move(verdicts).error();
    std::vector<Answer> answers;
    for (auto& verdict : *verdicts) {
        std::string title = verdict.operation;
        answers.push_back({.title = std::move(title), .details = {}, .block = {}, .verdict = std::move(verdict)});
    }
    return answers;
}

int show(Context& context, const Host& host, std::vector<Answer> answers) {
    for (auto& answer : answers) {
        auto& assumptions = answer.verdict.assumptions;
        assumptions.insert(assumptions.begin(), host.assumptions.begin(), host.assumptions.end());
    }
    if (context.json()) {
        context.print_json(document(answers));
    } else {
        context.print(verdict_text(answers, *host.profile, {context.terminal(), context.verbose()}));
    }
    return combined_status(answers);
}

struct Elsewhere {
    Host host;
    std::vector<std::string> names;   // what would not be attached there
    std::vector<std::string> raw;   // of these what comes up without its info block
    std::vector<std::string> refused;   // and why
};

// With --shift the host as it would be with its persistent memory elsewhere.
Result<Elsewhere> shifted_host(const Host& host, const Context& context) {
    const auto text = context.arguments().value("shift");
    if (!text) return Elsewhere{host, {}, {}, {}};
    const auto shift = parse_shift(*text);
    if (!shift) return shift.error();
    auto bus = shift_bus(host.snapshot, *shift, host.profile);
    if (!bus) return std::move(bus).error();
    auto there = make_host(std::move(bus->snapshot), context.request());
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

Result<int> run_commands(Context& context) {
    const auto host = context.host();
    if (!host) return host.error();
    if (const auto model = host->need_model(); !model) return model.error();
    const auto there = shifted_host(*host, context);
    if (!there) return there.error();
    auto answers = answer_commands(there->host, context.arguments().operands);
    if (!answers) return std::move(answers).error();
    for (auto& answer : *answers) put_elsewhere(*there, answer.verdict);
    return show(context, there->host, *std::move(answers));
}

Result<int> run(Context& context) {
    if (is_nd_word(context.arguments().operands.front())) return run_commands(context);
    const auto question = ask(context);
    if (!question) return question.error();
    const auto model = question->host.need_model();
    if (!model) return model.error();
    const auto options = options_of(context.arguments(), (*model)->profile().page_size);
    if (!options) return options.error();
    auto answers = answer_steps(**model, question->steps, *options);
    if (!answers) return std::move(answers).error();
    return show(context, question->host, *std::move(answers));
}

}   // namespace

const Command kCheck{.name = "check",
                     .operands = "OPERATION...",
                     .least = 1,
                     .most = kAny,
                     .summary = "what the kernel will answer, why, and what to do instead",
                     .options = kOptions,
                     .notes = kNotes,
                     .foreign = nd_words(),
                     .run = run};

}   // namespace memhotctl
