// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Predicted against recorded: answers, and what the host looked like afterwards.
#pragma once

#include <string>
#include <vector>

#include "memhot/model.hpp"
#include "replay/transcript.hpp"

namespace memhot {

// A point where the model and the recording differ; predicted and recorded are JSON text.
struct Difference {
    std::string predicted;
    std::string recorded;
    std::string why;
};

// Why they do not agree; empty where they do.
std::string disagreement(const Operation& operation, const Outcome& predicted, const RecordedAnswer& recorded);
// The outcome to go on with: the predicted one where it agreed, else the recorded one.
Outcome adopt(const Outcome& predicted, const RecordedAnswer& recorded, bool agreed);

std::vector<Difference> compare_host(const Model& model, const std::string& iomem,
                                     const std::vector<SectionInfo>& sections);
std::vector<Difference> compare_blocks(const Model& model, const std::vector<RecordedBlock>& blocks);

std::string outcome_json(const Outcome& outcome);
std::string answer_json(const RecordedAnswer& answer);

}   // namespace memhot
