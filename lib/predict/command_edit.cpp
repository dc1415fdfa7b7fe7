// SPDX-License-Identifier: LGPL-2.1-or-later
#include "predict/command_edit.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace memhot {

namespace {

bool is_joined(const std::string& word, const Word& option) {
    return word.starts_with(std::string(option.word) + "=") ||
           (option.takes_value && word.size() > 2 && word.starts_with(option.letter) && word[1] != '-');
}

// 1 without a letter; "iB" and "B" behind it say nothing more.
std::optional<std::uint64_t> unit_of(std::string_view text) {
    constexpr std::string_view kLetters = "kmgt";
    std::string lower;
    for (const char one : text) lower += one >= 'A' && one <= 'Z' ? static_cast<char>(one - 'A' + 'a') : one;
    std::string_view rest = lower;
    std::uint64_t unit = 1;
    if (!rest.empty() && kLetters.find(rest.front()) != std::string_view::npos) {
        unit = 1ULL << (10 * (kLetters.find(rest.front()) + 1));
        rest.remove_prefix(1);
    }
    const bool plain = rest.empty() || rest == "b" || (unit != 1 && rest == "ib");
    return plain ? std::optional(unit) : std::nullopt;
}

}   // namespace

CommandLine without(CommandLine command, const Word& option) {
    std::vector<std::string> kept;
    for (std::size_t i = 0; i < command.arguments.size(); ++i) {
        const std::string& word = command.arguments[i];
        const bool whole = word == option.letter || word == option.word;
        if (whole && option.takes_value) ++i;
        if (!whole && !is_joined(word, option)) kept.push_back(word);
    }
    command.arguments = std::move(kept);
    return command;
}

CommandLine with(const CommandLine& command, const Word& option, const std::string& value) {
    CommandLine changed = without(command, option);
    changed.arguments.emplace_back(option.letter);
    if (option.takes_value) changed.arguments.push_back(value);
    return changed;
}

bool has(const CommandLine& command, const Word& option) {
    return without(command, option).arguments != command.arguments;
}

std::optional<std::string> value_of(const CommandLine& command, const Word& option) {
    for (std::size_t i = 0; i < command.arguments.size(); ++i) {
        const std::string& word = command.arguments[i];
        const bool whole = word == option.letter || word == option.word;
        if (whole && i + 1 < command.arguments.size()) return command.arguments[i + 1];
        if (!is_joined(word, option)) continue;
        return word.substr(word.starts_with("--") ? option.word.size() + 1 : option.letter.size());
    }
    return std::nullopt;
}

std::optional<std::uint64_t> meant_size(std::string_view text) {
    constexpr double kMost = 1ULL << 62U;
    double number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
    if (error != std::errc{}) return std::nullopt;
    const auto unit = unit_of({rest, static_cast<std::size_t>(end - rest)});
    if (!unit) return std::nullopt;
    const double bytes = number * static_cast<double>(*unit);
    if (!(bytes >= 1) || bytes > kMost || bytes != std::floor(bytes)) return std::nullopt;
    return static_cast<std::uint64_t>(bytes);
}

}   // namespace memhot
