// SPDX-License-Identifier: GPL-2.0-or-later
//
// Any bytes as a recording: a report with an error of one line, or one whose counters fit together; never a crash.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "memhot/replay.hpp"

namespace {

void require(bool truth) {
    if (!truth) std::abort();
}

}   // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const memhot::ReplayReport report = memhot::replay_text(text, "fuzz");
    require(!memhot::to_json({report}).empty());
    if (report.error) {
        require(!report.error->empty() && report.error->find('\n') == std::string::npos);
        require(report.operations == 0 && report.disagreements.empty());
        require(memhot::exit_status({report}) == 2);
        return 0;
    }
    require(report.agreed <= report.operations && report.uncertain <= report.agreed);
    require(report.observations_agreed <= report.observations && report.messages_agreed <= report.messages);
    const bool all = report.agreed == report.operations && report.observations_agreed == report.observations;
    require(report.disagreements.empty() == all);
    require(memhot::exit_status({report}) == (all ? 0 : 1));
    return 0;
}
