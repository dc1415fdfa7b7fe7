// SPDX-License-Identifier: GPL-2.0-or-later
#include "service/questions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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

Result<std::string> Questions::check(const std::vector<std::string>& words, const Options& options) {
    if (const auto good = known(options); !good) return good.error();
    const auto host = state_.host();
    if (!host) return host.error();
    const auto request = request_of(state_.source(), options);
    const auto answer = [&](const memhotctl::Host& seen) -> Result<std::string> {
        const auto result = memhotctl::answer_check(seen, request, {words, options});
        if (!result) return result.error();
        return memhotctl::check_document(result->answers).text();
    };
    if (!request.asks_for_another_kernel()) return answer(**host);
    const auto other = memhotctl::make_host((*host)->snapshot, request);
    if (!other) return other.error();
    return answer(*other);
}

Result<std::string> Questions::explain(const std::string& text) {
    if (text.size() > kLongestText)
        return bad_input(fmt::format("the text has {} bytes, expected at most {}", text.size(), kLongestText));
    ExplainContext context;
    const auto host = state_.host();
    if (host) context.snapshot = &(*host)->snapshot;
    return to_json(memhot::explain(text, context));
}

Result<std::string> Questions::map() {
    const auto host = state_.host();
    if (!host) return host.error();
    const auto model = (*host)->need_model();
    if (!model) return model.error();
    const memhotctl::Painter painter(**model);
    const std::uint64_t last = painter.extents().empty() ? 0 : painter.extents().back().range.last;
    return memhotctl::map_document(painter, Range{0, last}, **model).text();
}

Result<std::string> Questions::snapshot() {
    const auto host = state_.host();
    if (!host) return host.error();
    return to_json((*host)->snapshot);
}

Result<std::string> Questions::examine() {
    const auto host = state_.host();
    if (!host) return host.error();
    return to_json(memhot::examine((*host)->snapshot));
}

Result<std::string> Questions::test_policy(const std::string& thing) {
    const auto host = state_.host();
    if (!host) return host.error();
    const auto files = memhotctl::read_policies({.root = config_root_, .directory = {}});
    if (config::has_errors(files.settings.problems) || config::has_errors(files.policies.problems))
        return bad_input("the policies have errors, nothing is decided by them; memhotctl policy show names them");
    const auto answer = memhotctl::ask_policies(files, **host, thing.empty() ? std::nullopt : std::optional(thing));
    if (!answer) return answer.error();
    return memhotctl::policy_test_document(files, *answer).text();
}

Result<Plan> Questions::plan(const std::vector<std::string>& words) {
    const auto wish = parse_wish(words);
    if (!wish) return wish.error();
    const auto host = state_.host();
    if (!host) return host.error();
    if (const auto model = (*host)->need_model(); !model) return model.error();
    return make_plan((*host)->snapshot, *wish);
}

}   // namespace memhot::service
