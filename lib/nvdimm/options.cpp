// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nvdimm/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace memhot {

namespace {

class Parser {
public:
    Parser(std::span<const OptionSpec> specs, const std::vector<std::string>& arguments)
        : specs_(specs), arguments_(arguments) {}

    ParsedOptions run() {
        for (; at_ < arguments_.size() && parsed_.error.empty(); ++at_) {
            const std::string& word = arguments_[at_];
            if (word == "--") {
                parsed_.words.insert(parsed_.words.end(), arguments_.begin() + static_cast<std::ptrdiff_t>(at_) + 1,
                                     arguments_.end());
                break;
            }
            if (word.starts_with("--")) {
                take_word(std::string_view(word).substr(2));
            } else if (word.size() > 1 && word.starts_with('-')) {
                take_letters(std::string_view(word).substr(1));
            } else {
                parsed_.words.push_back(word);
            }
        }
        return std::move(parsed_);
    }

private:
    void take_letters(std::string_view letters) {
        while (!letters.empty() && parsed_.error.empty()) {
            const char letter = letters.front();
            letters.remove_prefix(1);
            const auto spec = std::ranges::find(specs_, letter, &OptionSpec::letter);
            if (spec == specs_.end()) {
                parsed_.error = fmt::format("Error: unknown switch `{}'", letter);
            } else if (!spec->takes_value) {
                parsed_.flags[spec->word] = true;
            } else {
                take_value(*spec, letters.empty() ? std::nullopt : std::optional(letters),
                           fmt::format("switch `{}'", letter));
                letters = {};
            }
        }
    }

    void take_word(std::string_view text) {
        const auto equals = text.find('=');
        const std::string_view name = text.substr(0, equals);
        const bool negated = name.starts_with("no-") && find_word(name, text) == nullptr;
        const OptionSpec* spec = find_word(negated ? name.substr(3) : name, text);
        if (spec == nullptr) {
            if (parsed_.error.empty()) parsed_.error = fmt::format("Error: unknown option `{}'", text);
            return;
        }
        std::optional<std::string_view> value;
        if (equals != std::string_view::npos) value = text.substr(equals + 1);
        if (negated) {
            parsed_.values.erase(spec->word);
            parsed_.flags[spec->word] = false;
        } else if (spec->takes_value) {
            take_value(*spec, value, fmt::format("option `{}'", spec->word));
        } else if (value) {
            parsed_.error = fmt::format("Error: option `{}' takes no value", spec->word);
        } else {
            parsed_.flags[spec->word] = true;
        }
    }

    // The word itself, else the only one that begins so.
    const OptionSpec* find_word(std::string_view name, std::string_view text) {
        const OptionSpec* found = nullptr;
        for (const auto& spec : specs_) {
            if (spec.word == name) return &spec;
            if (name.empty() || !spec.word.starts_with(name)) continue;
            if (found != nullptr) {
                parsed_.error =
                    fmt::format("Error: Ambiguous option: {} (could be --{} or --{})", text, found->word, spec.word);
                return nullptr;
            }
            found = &spec;
        }
        return found;
    }

    // Without one attached the next argument is taken, also where it looks like an option.
    void take_value(const OptionSpec& spec, std::optional<std::string_view> attached, const std::string& what) {
        if (attached) {
            parsed_.values[spec.word] = std::string(*attached);
        } else if (at_ + 1 < arguments_.size()) {
            parsed_.values[spec.word] = arguments_[++at_];
        } else {
            parsed_.error = fmt::format("Error: {} requires a value", what);
        }
    }

    std::span<const OptionSpec> specs_;
    const std::vector<std::string>& arguments_;
    std::size_t at_ = 0;
    ParsedOptions parsed_;
};

int base_of(std::string_view& text) {
    if (text.starts_with("0x") || text.starts_with("0X")) {
        text.remove_prefix(2);
        return 16;
    }
    return text.size() > 1 && text.starts_with('0') ? 8 : 10;
}

}   // namespace

bool ParsedOptions::is_set(std::string_view word, bool otherwise) const {
    const auto found = flags.find(word);
    return found == flags.end() ? otherwise : found->second;
}

std::optional<std::string> ParsedOptions::value(std::string_view word) const {
    const auto found = values.find(word);
    return found == values.end() ? std::nullopt : std::optional(found->second);
}

ParsedOptions parse_options(std::span<const OptionSpec> specs, const std::vector<std::string>& arguments) {
    return Parser(specs, arguments).run();
}

std::optional<ParsedSize> parse_tool_size(std::string_view text) {
    constexpr std::string_view kLetters = "KMGT";
    const int base = base_of(text);
    ParsedSize size;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, size.value, base);
    if (error == std::errc::result_out_of_range) return std::nullopt;
    if (rest == end) return size;   // also of an empty text, as strtoull() has it
    const auto power = kLetters.find(static_cast<char>(*rest & ~0x20));
    if (power == std::string_view::npos || rest + 1 != end) return std::nullopt;
    size.unit = 1ULL << (10 * (power + 1));
    if (size.value > std::numeric_limits<std::uint64_t>::max() / size.unit) return std::nullopt;
    size.value *= size.unit;
    return size;
}

}   // namespace memhot
