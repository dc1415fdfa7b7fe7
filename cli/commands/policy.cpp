// SPDX-License-Identifier: GPL-2.0-or-later
//
// policy show and policy test: which *.policy files count, and what memhotd would do with a block or device and which of
// them says so.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "client/policies.hpp"
#include "config/text.hpp"
#include "context.hpp"
#include "output/labelled.hpp"
#include "output/policy_json.hpp"
#include "output/text.hpp"

namespace memhotctl {

namespace policy = memhot::policy;
namespace config = memhot::config;
using memhot::Result;

namespace {

constexpr std::array<Option, 1> kOptions{
    {{"policy-dir", 0, "DIR", "read the policies in DIR and no others"}},
};

PolicyRequest request_of(const Context& context) {
    const auto host = context.request();
    PolicyRequest request;
    request.root = host.root.value_or("/");
    request.directory = context.arguments().value("policy-dir");
    request.with_settings = !(host.snapshot && request.directory);
    return request;
}

bool note_problems(Context& context, const PolicyFiles& files) {
    for (const auto* problems : {&files.settings.problems, &files.policies.problems}) {
        for (const auto& problem : *problems) {
            const bool error = problem.severity == config::Problem::Severity::error;
            context.note((error ? "error: " : "warning: ") + to_string(problem));
        }
    }
    return config::has_errors(files.settings.problems) || config::has_errors(files.policies.problems);
}

// --- show ----------------------------------------------------------------------------------------------------------

// "Source=cxl Node=1": what was given, in the order of the manual.
template <class T>
void add_key(std::vector<std::string>& out, std::string_view name, const policy::Criterion<T>& criterion) {
    if (!criterion.items.empty()) out.push_back(fmt::format("{}={}", name, criterion.text));
}

std::vector<std::string> match_words(const policy::Policy& rule) {
    std::vector<std::string> out;
    add_key(out, "Source", rule.match.source);
    add_key(out, "Node", rule.match.node);
    add_key(out, "Range", rule.match.range);
    add_key(out, "Size", rule.match.size);
    add_key(out, "Uuid", rule.match.uuid);
    add_key(out, "Device", rule.match.device);
    return out;
}

std::vector<std::string> effect_words(const policy::Policy& rule) {
    std::vector<std::string> out;
    if (rule.has_online && rule.online.leave_alone) out.emplace_back("LeaveAlone=yes");
    if (rule.has_online && !rule.online.leave_alone) {
        out.push_back(fmt::format("Zone={}", to_string(rule.online.zone)));
        if (rule.online.ratio) out.push_back(fmt::format("Ratio={}", *rule.online.ratio));
        if (rule.online.wait_for_whole_device) out.emplace_back("WaitForWholeDevice=yes");
        if (!rule.online.post_units.empty()) {
            out.push_back("PostOnlineUnit=" + config::joined(rule.online.post_units, " "));
        }
    }
    if (rule.ns.reconfigure) {
        out.push_back(
            fmt::format("Reconfigure={}", policy::kModeNames[static_cast<std::size_t>(*rule.ns.reconfigure)]));
        if (rule.ns.destroy_data) out.emplace_back("DestroyData=yes");
    }
    return out;
}

const policy::Policy* policy_of(const PolicyFiles& files, const std::string& path) {
    const auto found = std::ranges::find(files.policies.policies, path, &policy::Policy::path);
    return found == files.policies.policies.end() ? nullptr : &*found;
}

std::string state_text(const PolicyFiles& files, const config::ConfigFile& file) {
    if (file.state == config::FileState::hidden) return "hidden by " + file.hidden_by;
    if (file.state == config::FileState::masking) return "empty or a link to /dev/null: masks what has its name";
    return policy_of(files, file.path) == nullptr ? "ignored: nothing in [Match]" : "";
}

std::string show_text(const Context& context, const PolicyFiles& files) {
    Labelled out(context.terminal());
    std::size_t order = 0;
    for (const auto& file : files.policies.files) {
        const auto* rule = file.state == config::FileState::used ? policy_of(files, file.path) : nullptr;
        if (rule == nullptr) {
            out.add("-", {file.path, "  " + state_text(files, file)});
            continue;
        }
        auto effects = effect_words(*rule);
        if (effects.empty()) effects.emplace_back("left alone");
        out.add(fmt::format("{}", ++order),
                {file.path, "  " + config::joined(match_words(*rule), "  "), "  -> " + config::joined(effects, "  ")});
    }
    return out.text();
}

Json show_json(const PolicyFiles& files) {
    Json list = Json::array();
    for (const auto& file : files.policies.files) {
        Json one = Json::object({{"path", file.path}, {"state", to_string(file.state)}});
        if (!file.hidden_by.empty()) one.set("hidden_by", file.hidden_by);
        const auto* rule = file.state == config::FileState::used ? policy_of(files, file.path) : nullptr;
        if (rule != nullptr) {
            Json match = Json::array();
            for (auto& word : match_words(*rule)) match.push(std::move(word));
            Json effects = Json::array();
            for (auto& word : effect_words(*rule)) effects.push(std::move(word));
            one.set("match", std::move(match)).set("does", std::move(effects));
        }
        list.push(std::move(one));
    }
    return Json::object(
        {{"format", "memhot-policies/1"}, {"files", std::move(list)}, {"problems", problems_json(files)}});
}

Result<int> run_show(Context& context) {
    const auto files = read_policies(request_of(context));
    const bool bad = note_problems(context, files);
    if (context.json()) {
        context.print_json(show_json(files));
    } else if (files.policies.files.empty()) {
        context.note("no policies: memhotd touches nothing");
    } else {
        context.print(show_text(context, files));
    }
    return bad ? exit_code::usage : exit_code::yes;
}

// --- test ----------------------------------------------------------------------------------------------------------

std::string origin_text(const policy::Subject& subject) {
    auto parts = sources_of(subject, policy::Tri::yes);
    const auto doubtful = sources_of(subject, policy::Tri::unknown);
    if (!doubtful.empty()) parts.push_back("perhaps " + config::joined(doubtful, " or "));
    std::string text = parts.empty() ? "no source that policies know" : config::joined(parts, ", ");
    if (subject.node) text += fmt::format("; node {}", *subject.node);
    for (const auto& name : subject.devices) {
        if (name != subject.name) text += "; " + name;
    }
    return text + (subject.present ? "" : "; not there yet");
}

std::string writes_text(const policy::BlockWrites& writes) {
    const auto blocks = writes.first == writes.last ? fmt::format("memory{}", writes.first)
                                                    : fmt::format("memory{}-{}", writes.first, writes.last);
    return fmt::format("{}: write {} ({})", blocks, config::joined(writes.words, ", then "), to_string(writes.place));
}

void add_thing(const Context& context, const DecidedThing& thing, Labelled& out) {
    const auto& decision = thing.decision;
    out.add("Thing", name_of(thing) + (thing.count == 1 ? "" : fmt::format(" ({} blocks)", thing.count)));
    out.add("From", origin_text(thing.subject));
    if (!thing.subject.source_note.empty() && context.verbose()) out.add("", thing.subject.source_note);
    out.add("Decision", fmt::format("{}: {}", to_string(decision.action), decision.text));
    if (decision.policy != nullptr) out.add("Policy", to_string(decision.place));
    std::vector<std::string> others;
    for (const auto& other : decision.not_matched)
        others.push_back(fmt::format("{}: {}", to_string(other.place), other.why));
    out.add("Not", others, context.verbose() ? 0 : 8);
    if (decision.not_asked != 0) out.add("", counted(decision.not_asked, "policy file") + " behind it not asked");
    if (decision.wish) {
        auto wish = *decision.wish;
        if (thing.count != 1) wish.things = {fmt::format("block{}-{}", thing.subject.block, thing.last_block)};
        out.add("Would", "memhotctl " + to_string(wish));
    }
    for (const auto& unit : decision.post_units) out.add("Then", "start " + unit);
}

std::string test_text(const Context& context, const PolicyFiles& files, const PolicyAnswer& answer) {
    std::string text;
    for (const auto& thing : answer.things) {
        Labelled out(context.terminal());
        add_thing(context, thing, out);
        text += (text.empty() ? "" : "\n") + out.text();
    }
    Labelled out(context.terminal());
    std::vector<std::string> knobs;
    for (const auto& knob : answer.plan.knobs) {
        knobs.push_back(
            fmt::format("{}: {} instead of {} ({})", knob.path, knob.text, knob.was, to_string(knob.place)));
    }
    out.add("Knobs", knobs);
    std::vector<std::string> writes;
    for (const auto& one : answer.plan.exceptions) writes.push_back(writes_text(one));
    out.add("Blocks", writes, context.verbose() ? 0 : 8);
    if (answer.plan.by_kernel != 0)
        out.add("Kernel", counted(answer.plan.by_kernel, "block") + " online without a write");
    out.add("Cannot", answer.plan.cannot);
    if (!files.settings.settings.act) out.add("Act", "no: memhotd would only report this (Act= in memhotd.conf)");
    return text + "\n" + out.text();
}

int status_of(const PolicyAnswer& answer) {
    const auto any = [&](auto test) { return std::ranges::any_of(answer.things, test); };
    if (any([](const auto& thing) { return thing.decision.action == policy::Action::uncertain; })) {
        return exit_code::uncertain;
    }
    return any([](const auto& thing) { return thing.decision.policy != nullptr; }) ? exit_code::yes : exit_code::no;
}

Result<int> run_test(Context& context) {
    const auto files = read_policies(request_of(context));
    // what half of the policies would do is no answer: memhotd would keep those that it had
    if (note_problems(context, files)) return memhot::bad_input("the policies have errors, nothing is decided by them");
    const auto host = context.host();
    if (!host) return host.error();
    const auto& operands = context.arguments().operands;
    const auto answer = ask_policies(files, *host, operands.size() > 1 ? std::optional(operands[1]) : std::nullopt);
    if (!answer) return answer.error();
    if (context.json()) {
        context.print_json(policy_test_document(files, *answer));
    } else {
        context.print(test_text(context, files, *answer));
    }
    return status_of(*answer);
}

Result<int> run(Context& context) {
    if (context.request().bus)
        return memhot::bad_input("--host: policies are files of that machine; expected --root or a login there");
    const auto& operands = context.arguments().operands;
    if (operands.front() == "test") return run_test(context);
    if (operands.front() != "show") {
        return memhot::bad_input(fmt::format("{}: expected show or test", in_quotes(operands.front())));
    }
    if (operands.size() == 1) return run_show(context);
    return memhot::bad_input(fmt::format("show takes no {}", in_quotes(operands[1])));
}

}   // namespace

const Command kPolicy{.name = "policy",
                      .operands = "show|test [THING]",
                      .least = 1,
                      .most = 2,
                      .summary = "what memhotd would do with a block or device, and which policy says so",
                      .options = kOptions,
                      .notes = "show: all *.policy files, which count and what they say.\n"
                               "test: the decision about THING (a block, range, node, dax device or namespace), or\n"
                               "about everything: the policy that decides, why those before it do not match, who else\n"
                               "takes care of it, which knobs of the kernel and which blocks would be written.\n"
                               "Exit status of test: 1 no policy matches, 8 it cannot be told whether one does.\n",
                      .foreign = {},
                      .run = run};

}   // namespace memhotctl
