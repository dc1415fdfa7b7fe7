// SPDX-License-Identifier: GPL-2.0-or-later
//
// monitor: what memhotd tells, as it happens.
#include <fmt/format.h>

#include <cstdio>

#include "client/bus.hpp"
#include "context.hpp"
#include "output/text.hpp"

namespace memhotctl {

namespace {

std::string line_of(const BusEvent& event) {
    if (event.what == "hazard-raised") {
        const std::string text = event.text.empty() ? "" : fmt::format(": {}: {}", event.where, event.text);
        const std::string remedy = event.remedy.empty() ? "" : "; " + event.remedy;
        return fmt::format("hazard {} [{}]{}{}", event.id, event.name, text, remedy);
    }
    if (event.what == "hazard-cleared") return fmt::format("hazard {} is over", event.id);
    if (event.what == "job-new") return fmt::format("job {} began", event.name);
    if (event.what == "job-removed") return fmt::format("job {} {}", event.name, event.result);
    return fmt::format("{} online, {} offline", counted(event.online, "memory block"), event.offline);
}

// One line: a stream of objects is read line by line.
std::string json_of(const BusEvent& event) {
    Json out = Json::object({{"format", "memhot-event/1"}, {"event", event.what}});
    if (event.id != 0) out.set("hazard", event.id);
    if (event.what.starts_with("hazard") && !event.name.empty()) out.set("rule", event.name);
    if (event.what.starts_with("job")) out.set("job", event.name);
    if (!event.result.empty()) out.set("result", event.result);
    if (!event.text.empty()) out.set("where", event.where).set("text", event.text).set("remedy", event.remedy);
    if (event.what == "blocks-changed") out.set("online", event.online).set("offline", event.offline);
    std::string line;
    bool indent = false;   // blanks behind a line end; within strings there are none
    for (const char c : out.text()) {
        indent = c == '\n' || (indent && c == ' ');
        if (!indent) line += c;
    }
    return line;
}

memhot::Result<int> run(Context& context) {
    const bool json = context.json();
    const auto follow = [json](const BusEvent& event) {
        std::fprintf(stdout, "%s\n", (json ? json_of(event) : printable(line_of(event))).c_str());
        std::fflush(stdout);
    };
    const auto followed = context.told(follow_bus(context.request().bus.value_or("local"), follow));
    if (!followed) return followed.error();
    return exit_code::yes;
}

}   // namespace

const Command kMonitor{
    .name = "monitor",
    .operands = "",
    .least = 0,
    .most = 0,
    .summary = "what memhotd tells, as it happens",
    .options = {},
    .notes = "Follows memhotd of this machine, or of -H HOST, until it is interrupted: hazards, jobs and\n"
             "memory blocks, one line each.\n",
    .foreign = {},
    .run = run};

}   // namespace memhotctl
