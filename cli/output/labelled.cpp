// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/labelled.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "output/text.hpp"

namespace memhotctl {

namespace {
constexpr std::size_t kLabel = 10;
}

void Labelled::add(std::string_view label, const std::vector<std::string>& texts, std::size_t most) {
    const std::size_t shown = most == 0 || texts.size() <= most + 1 ? texts.size() : most;
    const std::size_t width = terminal_.width > kLabel + 20 ? terminal_.width - kLabel : 20;
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < shown; ++i) {
        for (auto& line : wrap(printable(texts[i]), width)) lines.push_back(std::move(line));
    }
    if (shown < texts.size()) lines.push_back(fmt::format("... and {} more (--verbose)", texts.size() - shown));
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::size_t pad = kLabel - std::min(kLabel, i == 0 ? label.size() : 0);
        out_ +=
            (i == 0 ? paint(terminal_, Paint::bold, label) : std::string()) + std::string(pad, ' ') + lines[i] + "\n";
    }
}

}   // namespace memhotctl
