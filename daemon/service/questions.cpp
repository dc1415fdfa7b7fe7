// SPDX-License-Identifier: GPL-2.0-or-later
#include "service/questions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <regex>

#include "client/check.hpp"
#include "memhot/doctor.hpp"
#include "memhot/explain.hpp"
#include "output/map_json.hpp"
#include "output/policy_json.hpp"
#include "output/text.hpp"

namespace memhot::service {

namespace {

// Those of `memhotctl check`.
constexpr std::array<std::string_view, 11> kCheckOptions{
    "type",    "altmap", "no-claim", "node", "driver-managed", "memmap-on-memory",
    "offline", "shift",  "kernel",   "arch", "page-size"};

Status known(const Options& options) {
    for (const auto& [name, value] : options) {
        if (std::ranges::find(kCheckOptions, name) == kCheckOptions.end()) {
            return bad_input("there is no option " + memhotctl::in_quotes(name) +
                             ", expected one of memhotctl check: type, altmap, kernel, ...");
        }
    }
    return Done{};
}

memhotctl::HostRequest request_of(const state::HostSource& source, const Options& options) {
    memhotctl::HostRequest request;
    if (!source.simulated()) request.root = source.root;
    const auto take = [&](std::string_view name, std::optional<std::string>& into) {
        if (const auto found = options.find(name); found != options.end()) into = found->second;
    };
    take("kernel", request.kernel);
    take("arch", request.arch);
    take("page-size", request.page_size);
    return request;
}

}   // namespace

namespace questions {

bool is_quick_check(const std::vector<std::string>& words, const Options& options) {
    if (words.size() != 2 || options.contains("kernel") || options.contains("arch") || options.contains("page-size"))
        return false;
    // what brings memory is one operation, whatever its size; of what is there a block is
    if (words[0] == "map" || words[0] == "add" || words[0] == "probe") return true;
    constexpr std::string_view kBlock = "memory";
    const std::string_view thing = words[1];
    return thing.starts_with(kBlock) && thing.size() > kBlock.size() &&
           std::ranges::all_of(thing.substr(kBlock.size()), [](char c) { return c >= '0' && c <= '9'; });
}

Result<std::string> check(const Host& host, const state::HostSource& source, const std::vector<std::string>& words,
                          const Options& options) {
    if (const auto good = known(options); !good) return good.error();
    const auto request = request_of(source, options);
    const auto answer = [&](const Host& seen) -> Result<std::string> {
        const auto result = memhotctl::answer_check(seen, request, {words, options});
        if (!result) return result.error();
        return memhotctl::check_document(result->answers).text();
    };
    if (!request.asks_for_another_kernel()) return answer(host);
    const auto other = memhotctl::make_host(host.snapshot, request);
    if (!other) return other.error();
    return answer(*other);
}

Result<std::string> explain(const Host* host, const std::string& text) {
    if (text.size() > kLongestText)
        return bad_input(fmt::format("the text has {} bytes, expected at most {}", text.size(), kLongestText));
    ExplainContext context;
    if (host != nullptr) context.snapshot = &host->snapshot;
    return to_json(memhot::explain(text, context));
}

Result<std::string> map(const Host& host) {
    const auto model = host.need_model();
    if (!model) return model.error();
    const memhotctl::Painter painter(**model);
    const std::uint64_t last = painter.extents().empty() ? 0 : painter.extents().back().range.last;
    return memhotctl::map_document(painter, Range{0, last}, **model).text();
}

Result<std::string> snapshot(const Host& host) { return to_json(host.snapshot); }

Result<std::string> examine(const Host& host) { return to_json(memhot::examine(host.snapshot)); }

namespace {

config::Problem not_read_yet(const std::string& path) {
    return {config::Problem::Severity::warning,
            {path, 0},
            "is another one on the disk now than memhotd decides by; Reload has it read"};
}

// What is other on the disk than in the daemon: with its errors, and without what it would decide.
void compare(const std::string& root, memhotctl::PolicyFiles& held) {
    const auto disk = memhotctl::read_policies({.root = root, .directory = {}});
    for (const auto& [from, to] : {std::pair{&disk.settings.problems, &held.settings.problems},
                                   std::pair{&disk.policies.problems, &held.policies.problems}}) {
        to->insert(to->end(), from->begin(), from->end());
    }
    const auto& now = disk.policies.policies;
    const auto& own = held.policies.policies;
    const auto differ = [](const policy::Policies& a, const policy::Policies& b, config::Problems& problems) {
        for (const auto& one : a) {
            if (std::ranges::find(b, one) != b.end()) continue;
            const auto problem = not_read_yet(one.path);
            if (std::ranges::find(problems, problem) == problems.end()) problems.push_back(problem);
        }
    };
    differ(now, own, held.policies.problems);
    differ(own, now, held.policies.problems);
    if (!config::has_errors(disk.settings.problems) && !(disk.settings.settings == held.settings.settings))
        held.settings.problems.push_back(not_read_yet("memhotd.conf"));
}

}   // namespace

Result<std::string> test_policy(const Host& host, memhotctl::PolicyFiles held, const std::string& root,
                                const std::string& thing) {
    const auto answer = memhotctl::ask_policies(held, host, thing.empty() ? std::nullopt : std::optional(thing));
    if (!answer) return answer.error();
    auto shown = held;   // the answer points into the policies that were asked
    compare(root, shown);
    return memhotctl::policy_test_document(shown, *answer).text();
}

namespace {

// The words of the wish where they are few; otherwise the steps, equal neighbours as one, and how many are not shown. With
// the data that goes. Whoever is shown it may not know addresses.
std::string what_it_does(const Plan& plan) {
    constexpr std::size_t kMost = 256;
    static const std::regex kRange(R"( \([0-9a-f]+-[0-9a-f]+\))");
    std::string out = to_string(plan.wish);
    if (out.size() > kMost) {
        const auto lines = step_lines(plan, 0, plan.steps.size(), Tense::would);
        out = fmt::format("{}, {} steps", to_string(plan.wish.verb), plan.steps.size());
        std::size_t shown = 0;
        for (; shown < lines.size() && out.size() < kMost; ++shown)
            out += (shown == 0 ? ": " : "; ") + std::regex_replace(lines[shown], kRange, "");
        if (shown < lines.size()) out += fmt::format("; and more, {} lines in all", lines.size());
    }
    const auto lost = plan.destroys();
    for (std::size_t i = 0; i < lost.size(); ++i)
        out += fmt::format("{}{}", i == 0 ? "; destroys " : ", ", lost[i].what);
    return out;
}

}   // namespace

Result<MadePlan> plan(const Host& host, const std::vector<std::string>& words, const PlanLimits& limits) {
    const auto wish = parse_wish(words);
    if (!wish) return wish.error();
    if (const auto model = host.need_model(); !model) return model.error();
    const auto made = make_plan(host.snapshot, *wish, limits);
    if (!made) return made.error();
    MadePlan out{made->wish, made->steps.size(), {}, {}};
    if (out.steps <= limits.steps) {
        out.json = to_json(*made);
        out.what = what_it_does(*made);
    }
    return out;
}

}   // namespace questions
}   // namespace memhot::service
