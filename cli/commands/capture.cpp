// SPDX-License-Identifier: GPL-2.0-or-later
//
// capture: saves what was read of the host, for --snapshot.
#include <fmt/format.h>

#include <array>

#include "context.hpp"

namespace memhotctl {

using memhot::Result;

namespace {

constexpr std::array<Option, 1> kOptions{
    {{"redact", 0, "", "leave out addresses, and put numbers in place of uuids and serial numbers"}}};

void warn_of_hidden(Context& context, const memhot::Snapshot& snapshot) {
    if (snapshot.iomem) return;
    context.note(fmt::format("capture: without /proc/iomem ({}), so `check` and `map` cannot use it: capture as root",
                             snapshot.iomem_hidden));
}

Result<int> run(Context& context) {
    const std::string& path = context.arguments().operands.front();
    const auto snapshot = context.snapshot();
    if (!snapshot) return snapshot.error();
    const bool redact = context.arguments().flag("redact");
    if (!redact) warn_of_hidden(context, *snapshot);
    const auto saving = redact ? redacted(*snapshot) : *snapshot;
    if (path == "-") {
        context.print(to_json(saving));
        return exit_code::yes;
    }
    if (const auto saved = save_snapshot(saving, path); !saved) return saved.error();
    if (context.json()) {
        context.print_json(Json::object({{"format", "memhot-capture/1"},
                                         {"file", path},
                                         {"snapshot_format", memhot::kSnapshotFormat},
                                         {"iomem", saving.iomem.has_value()}}));
    }
    return exit_code::yes;
}

}   // namespace

const Command kCapture{.name = "capture",
                       .operands = "FILE",
                       .least = 1,
                       .most = 1,
                       .summary = "save what can be read of the host, for --snapshot; - is standard output",
                       .options = kOptions,
                       .notes = "",
                       .foreign = {},
                       .run = run};

}   // namespace memhotctl
