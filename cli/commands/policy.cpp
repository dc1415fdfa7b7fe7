// SPDX-License-Identifier: GPL-2.0-or-later
//
// policy show and policy test: which *.policy files count, and what memhotd would do with a block or device and which of
// them says so.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "client/bus.hpp"
#include "client/policies.hpp"
#include "config/text.hpp"
#include "context.hpp"
#include "output/labelled.hpp"
#include "output/policy_json.hpp"
#include "output/policy_text.hpp"
#include "output/text.hpp"

namespace memhotctl {

namespace policy = memhot::policy;
namespace config = memhot::config;
using memhot::Result;

namespace {

constexpr std::array<Option, 1> kOptions{
    {{"policy-dir", 0, "DIR", "read the policies in DIR and no others"}},
};

Result<PolicyRequest> request_of(const Context& context) {
    const auto host = context.request();
    PolicyRequest request;
    request.root = host.root.value_or("/");
    if (const auto named = context.arguments().value("policy-dir")) {
        std::error_code error;
        // load_policies() takes a path from the root directory on
        const auto directory = std::filesystem::absolute(*named, error);
        if (error || !std::filesystem::is_directory(directory, error))
            return memhot::bad_input("--policy-dir " + in_quotes(*named) + ": no such directory");
        request.directory = directory.string();
    }
    request.with_settings = !(host.snapshot && request.directory);
    request.with_knobs = !host.snapshot;
    return request;
}

bool has_errors(const PolicyFiles& files) {
    return config::has_errors(files.settings.problems) || config::has_errors(files.policies.problems);
}

void note_problems(Context& context, const PolicyFiles& files) {
    for (const auto* problems : {&files.settings.problems, &files.policies.problems}) {
        for (const auto& problem : *problems) {
            const bool error = problem.severity == config::Problem::Severity::error;
            context.note((error ? "error: " : "warning: ") + to_string(problem));
        }
    }
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
    const auto request = request_of(context);
    if (!request) return request.error();
    const auto files = read_policies(*request);
    note_problems(context, files);
    if (context.json()) {
        context.print_json(show_json(files));
    } else if (files.policies.files.empty()) {
        context.note("no policies: memhotd touches nothing");
    } else {
        context.print(show_text(context, files));
    }
    return has_errors(files) ? exit_code::usage : exit_code::yes;
}

// --- test ----------------------------------------------------------------------------------------------------------

Result<std::string> document_here(Context& context, const std::string& thing) {
    const auto request = request_of(context);
    if (!request) return request.error();
    const auto files = read_policies(*request);
    // what half of the policies would do is no answer: memhotd would keep those that it had
    if (has_errors(files)) {
        note_problems(context, files);
        return memhot::bad_input("the policies have errors, nothing is decided by them");
    }
    const auto host = context.host();
    if (!host) return host.error();
    const auto answer = ask_policies(files, *host, thing.empty() ? std::nullopt : std::optional(thing));
    if (!answer) return answer.error();
    return policy_test_document(files, *answer).text();
}

Result<std::string> document_there(Context& context, const std::string& thing) {
    if (context.arguments().value("policy-dir"))
        return memhot::bad_input("--policy-dir is a directory of this machine, not with --host");
    if (context.request().asks_for_another_kernel())
        return memhot::bad_input("memhotd decides for the kernel that runs there; expected no --kernel with --host");
    return context.told(policy_test_on_bus(*context.request().bus, context.may_ask(), thing));
}

Result<int> run_test(Context& context) {
    const auto& operands = context.arguments().operands;
    const std::string thing = operands.size() > 1 ? operands[1] : "";
    const auto document = context.request().bus ? document_there(context, thing) : document_here(context, thing);
    if (!document) return document.error();
    const auto text = policy_test_text(*document, context.terminal(), context.verbose());
    if (!text) return text.error();
    for (const auto& problem : text->problems) context.note(problem);
    context.print(context.json() ? *document : text->text);
    if (text->uncertain) return exit_code::uncertain;
    return text->decided ? exit_code::yes : exit_code::no;
}

Result<int> run(Context& context) {
    const auto& operands = context.arguments().operands;
    if (operands.front() == "test") return run_test(context);
    if (operands.front() != "show") {
        return memhot::bad_input(fmt::format("{}: expected show or test", in_quotes(operands.front())));
    }
    if (context.request().bus) {
        return memhot::bad_input("show: policies are files of that machine; expected `policy test`, which memhotd "
                                 "answers, or a login there");
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
