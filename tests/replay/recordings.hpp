// SPDX-License-Identifier: GPL-2.0-or-later
//
// The recordings of real kernels that are part of the project, and a walk through one with the model beside it.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "replay/compare.hpp"
#include "replay/transcript.hpp"
#include "replay/xz.hpp"

namespace memhot::test {

inline std::vector<std::string> files_in(const std::filesystem::path& directory) {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        if (entry.is_regular_file()) files.push_back(entry.path().string());
    }
    std::ranges::sort(files);
    return files;
}

inline std::vector<std::string> recordings() {
    return files_in(std::filesystem::path(MEMHOT_SOURCE_DIR) / "tests" / "replay" / "recordings");
}

inline std::vector<std::string> sessions() {
    return files_in(std::filesystem::path(MEMHOT_SOURCE_DIR) / "tests" / "replay" / "sessions");
}

inline Transcript read_recording(const std::string& path) {
    auto text = read_file_or_xz(path, 256 * kMiB);
    if (!text) throw std::runtime_error(path + ": " + text.error().message());
    auto transcript = parse_transcript(*text);
    if (!transcript) throw std::runtime_error(path + ": " + transcript.error().message());
    return *std::move(transcript);
}

inline Model start_of(const Transcript& transcript) {
    auto model = Model::from_snapshot(transcript.start);
    if (!model) throw std::runtime_error(transcript.id + ": " + model.error().message());
    return *std::move(model);
}

// Calls visit(model before the step, step) for every step; the model adopts what the kernel answered.
template <class Visit>
void walk(const Transcript& transcript, Model model, Visit&& visit) {
    for (const Step& step : transcript.steps) {
        visit(std::as_const(model), step);
        const auto* operation = std::get_if<OperationStep>(&step);
        if (operation == nullptr) continue;
        const Outcome predicted = model.outcome(operation->operation);
        const bool agreed = disagreement(operation->operation, predicted, operation->answer).empty();
        const Outcome adopted = adopt(predicted, operation->answer, agreed);
        const auto messages = model.messages(operation->operation, adopted);
        model.apply(operation->operation, adopted, operation->answer.handle);
        model.said(messages);
    }
}

}   // namespace memhot::test
