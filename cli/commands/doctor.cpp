// SPDX-License-Identifier: GPL-2.0-or-later
//
// doctor: what is wrong with this host's memory, or about to go wrong.
#include "memhot/doctor.hpp"

#include <fmt/format.h>

#include "context.hpp"
#include "output/labelled.hpp"
#include "output/text.hpp"

namespace memhotctl {

using memhot::Finding;
using memhot::Result;
using memhot::Severity;

namespace {

std::string text_of(const Context& context, const Finding& finding) {
    const Paint paint = finding.severity == Severity::problem ? Paint::bad : Paint::doubtful;
    const auto head = fmt::format("{} {} [{}]", to_string(finding.severity), printable(finding.where), finding.id);
    Labelled body(context.terminal());
    body.add("What", finding.what);
    body.add("Why", finding.why);
    body.add("Instead", finding.remedy);
    return context.paint(paint, head) + "\n" + body.text();
}

// Notes alone are nothing to act on. Problems stand first.
int status_of(const std::vector<Finding>& findings) {
    return findings.empty() || findings.front().severity == Severity::note ? exit_code::yes : exit_code::no;
}

Result<int> run(Context& context) {
    const auto snapshot = context.snapshot();
    if (!snapshot) return snapshot.error();
    const auto findings = memhot::examine(*snapshot);
    if (context.json()) {
        context.print(memhot::to_json(findings));
        return status_of(findings);
    }
    for (const auto& finding : findings) context.print(text_of(context, finding));
    if (findings.empty()) context.print("nothing found\n");
    return status_of(findings);
}

constexpr std::string_view kNotes =
    "Problems are wrong now; warnings go wrong when something changes (another kernel,\n"
    "another firmware); notes are worth knowing. Exit status 1 where there is a problem\n"
    "or a warning.\n";

}   // namespace

const Command kDoctor{.name = "doctor",
                      .operands = "",
                      .least = 0,
                      .most = 0,
                      .summary = "what is wrong with the host's memory, or about to go wrong",
                      .options = {},
                      .notes = kNotes,
                      .foreign = {},
                      .run = run};

}   // namespace memhotctl
