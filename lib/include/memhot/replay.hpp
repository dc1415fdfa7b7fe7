// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Recordings of real kernels ("memhot-transcript/1") and their replay against the model.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/model.hpp"

namespace memhot {

struct Disagreement {
    std::size_t step = 0;
    std::string op;
    std::string predicted;   // JSON text
    std::string recorded;    // JSON text
    std::string why;
};

struct ReplayReport {
    std::string file;   // as given
    std::optional<std::string> error;   // then nothing below
    std::string id;
    std::string kernel;
    std::string arch;
    std::uint64_t operations = 0, agreed = 0, uncertain = 0;
    std::uint64_t observations = 0, observations_agreed = 0;
    std::uint64_t messages = 0, messages_agreed = 0;
    std::vector<Disagreement> disagreements;
    std::bitset<kRuleCount> rules;   // that spoke and agreed
};

// path: plain JSON or .xz. Errors are in the report.
ReplayReport replay_file(const std::string& path);
// text: JSON.
ReplayReport replay_text(std::string_view text, std::string name);

// The document "memhot-replay/1".
std::string to_json(const std::vector<ReplayReport>& reports);
// 2 a file could not be read, else 1 some disagree, else 0.
int exit_status(const std::vector<ReplayReport>& reports);

}   // namespace memhot
