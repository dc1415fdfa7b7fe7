// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/acting_there.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "client/acting.hpp"
#include "context.hpp"
#include "output/job_text.hpp"
#include "output/text.hpp"

namespace memhotctl {

using memhot::Result;

namespace {

BusListener listener_on_stderr(const Context& context, bool terminal) {
    const bool told = terminal || context.verbose();
    return {[=](const JobProgress& now) {
                if (!told || now.step == now.steps) return;
                std::fprintf(stderr, terminal ? "\r%s\x1b[K" : "memhotctl: %s\n", progress_text(now).c_str());
            },
            [=] {
                std::fprintf(stderr, "%smemhotctl: the job was asked to stop, and is waited for; once more leaves it\n",
                             terminal ? "\r\x1b[K" : "");
            }};
}

// As the journal there has it; what the bus said, where the journal cannot be asked any more.
JobReport report_of(Context& context, const BusJob& job, const memhot::Plan& shown) {
    JobReport out;
    if (const auto journal = journal_of(context, job.id)) {
        if (auto found = find_job(jobs_in(*journal), job.id)) out = *std::move(found);
    } else {
        context.note(journal.error().message());
    }
    if (out.id.empty()) {
        out.id = job.id;
        out.end = job.end;
        out.plan.wish = shown.wish;
    }
    out.exit_status = job.exit_status;
    return out;
}

// What memhotd is asked for: what was confirmed here, with the options of the command line.
Result<BusOrder> order_of(const Context& context, BusOrder::Kind kind, const memhot::Plan& confirmed) {
    const auto timeout = timeout_of(context);
    if (!timeout) return timeout.error();
    BusOrder order;
    order.kind = kind;
    order.accept = names_to_confirm(confirmed);
    order.all_or_nothing = context.arguments().flag("all-or-nothing");
    order.ask = context.may_ask();
    order.timeout = *timeout;
    return order;
}

// The words of a wish, each as it is whatever is in it.
std::vector<std::string> words_of(const memhot::Wish& wish) {
    std::vector<std::string> out;
    const auto verb = to_string(wish.verb);
    const auto blank = std::min(verb.find(' '), verb.size());
    out.emplace_back(verb.substr(0, blank));
    if (blank != verb.size()) out.emplace_back(verb.substr(blank + 1));
    out.insert(out.end(), wish.things.begin(), wish.things.end());
    out.insert(out.end(), wish.options.begin(), wish.options.end());
    if (wish.zone != memhot::WantedZone::automatic) out.push_back(fmt::format("--zone={}", to_string(wish.zone)));
    if (wish.ratio != memhot::kDefaultRatio) out.push_back(fmt::format("--ratio={}", wish.ratio));
    return out;
}

// Follows a job of memhotd to its end. shown: what was confirmed.
Result<int> follow(Context& context, const BusOrder& order, const memhot::Plan& shown) {
    const std::string where = *context.request().bus;
    const bool terminal = ::isatty(STDERR_FILENO) == 1;
    const auto job = context.told(carry_out_on_bus(where, order, shown, listener_on_stderr(context, terminal)));
    if (terminal) std::fputs("\r\x1b[K", stderr);
    if (!job) return job.error();
    if (job->left) {
        const Invocation run = invocation_of(context);
        context.note(fmt::format("job {} goes on without this memhotctl: {} stops it, {} tells of it", job->id,
                                 run.hint("cancel", job->id), run.hint("history", job->id)));
        return job->exit_status;
    }
    return print_report(context, report_of(context, *job, shown));
}

}   // namespace

Result<int> carry_out_there(Context& context, const memhot::Plan& confirmed) {
    auto order = order_of(context, BusOrder::Kind::apply, confirmed);
    if (!order) return std::move(order).error();
    order->words = words_of(confirmed.wish);
    return follow(context, *order, confirmed);
}

Result<int> take_up_there(Context& context, BusOrder::Kind kind, const std::string& job,
                          const memhot::Plan& confirmed) {
    auto order = order_of(context, kind, confirmed);
    if (!order) return std::move(order).error();
    order->job = job;
    return follow(context, *order, confirmed);
}

int print_report(Context& context, const JobReport& job) {
    Invocation run = invocation_of(context);
    run.simulated = context.request().snapshot.has_value();
    if (context.json()) {
        Json document = Json::object({{"format", "memhot-job/1"}});
        context.print_json(document.set("job", job_document(job, run)));
    } else {
        context.print(job_text(job, run));
    }
    const int status = job.exit_status.value_or(exit_code::yes);
    if (status != exit_code::no && status != exit_code::failed)
        context.changed_host(fmt::format("the job ended all the same: {}{}", job.end,
                                         run.journal ? "; its report: " + run.hint("history", job.id) : ""));
    return status;
}

}   // namespace memhotctl
