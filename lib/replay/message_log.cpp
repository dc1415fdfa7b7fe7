// SPDX-License-Identifier: LGPL-2.1-or-later
#include "replay/message_log.hpp"

#include <algorithm>

#include "memhot/units.hpp"

namespace memhot {

namespace {

// What is before the first part that nobody can see.
bool may_be(const KernelMessage& predicted, std::string_view recorded) {
    return predicted.unseen && recorded.starts_with(predicted.text.substr(0, predicted.text.find('?')));
}

}   // namespace

std::vector<std::string> MessageLog::take(const std::vector<KernelMessage>& predicted,
                                          const std::vector<std::string>& recorded) {
    std::vector<std::string> unseen;
    pending_.insert(pending_.end(), predicted.begin(), predicted.end());
    report_.messages += recorded.size();
    for (const auto& line : recorded) {
        const auto found = std::ranges::find_if(pending_, [&](const KernelMessage& message) {
            return message.unseen ? may_be(message, line) : message.text == line;
        });
        if (found == pending_.end()) continue;
        if (found->unseen) {
            unseen.push_back(line);
        } else {
            ++report_.messages_agreed;
        }
        pending_.erase(pending_.begin(), std::next(found));
    }
    std::erase_if(pending_, [](const KernelMessage& message) { return !message.text.starts_with("Block size"); });
    return unseen;
}

std::optional<std::uint64_t> total_pages_of(std::string_view line) {
    constexpr std::string_view kBefore = "Total pages: ";
    const auto at = line.find(kBefore);
    if (!line.starts_with("Built ") || at == std::string_view::npos) return std::nullopt;
    const auto pages = parse_number(line.substr(at + kBefore.size()));
    return pages ? std::optional(*pages) : std::nullopt;
}

}   // namespace memhot
