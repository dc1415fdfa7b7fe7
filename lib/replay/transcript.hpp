// SPDX-License-Identifier: LGPL-2.1-or-later
//
// "memhot-transcript/1": what a real kernel answered, step by step. Read into plain structs; nothing is judged here.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "memhot/model.hpp"

namespace memhot {

struct RecordedAnswer {
    bool crash = false;
    int error = 0;
    std::string stage;   // of maps
    int handle = -1;     // of successful maps
};

struct OperationStep {
    Operation operation;
    RecordedAnswer answer;
    std::vector<std::string> messages;
};

struct ObserveStep {
    std::string iomem;
    std::vector<SectionInfo> sections;   // ascending
};

struct RecordedBlock {
    std::uint64_t number = 0;
    std::string state;
    std::string valid_zones;
    friend bool operator==(const RecordedBlock&, const RecordedBlock&) = default;
};

struct ObserveBlocksStep {
    std::vector<RecordedBlock> blocks;   // ascending
};

using Step = std::variant<OperationStep, ObserveStep, ObserveBlocksStep>;

struct Transcript {
    std::string id;
    Snapshot start;   // only what a user of that machine could have seen
    std::vector<Step> steps;
};

Result<Transcript> parse_transcript(std::string_view json);

}   // namespace memhot
