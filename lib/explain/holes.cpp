// SPDX-License-Identifier: LGPL-2.1-or-later
#include "explain/holes.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "memhot/outcome.hpp"
#include "memhot/value.hpp"

namespace memhot::explaining {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex_digit(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// How many characters at the beginning hold.
template <class Holds>
std::size_t run(std::string_view text, Holds holds) {
    return static_cast<std::size_t>(std::ranges::find_if_not(text, holds) - text.begin());
}

std::optional<std::uint64_t> number_of(std::string_view digits, int base) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

struct NumberText {
    std::size_t length = 0;
    std::uint64_t value = 0;
};

std::optional<NumberText> take_hex(std::string_view text, std::size_t min_digits = 1) {
    const std::size_t prefix = text.starts_with("0x") || text.starts_with("0X") ? 2 : 0;
    const std::size_t digits = run(text.substr(prefix), is_hex_digit);
    const std::size_t end = prefix + digits;
    if (digits < min_digits || (end < text.size() && is_letter(text[end]))) return std::nullopt;
    const auto value = number_of(text.substr(prefix, digits), 16);
    return value ? std::optional(NumberText{end, *value}) : std::nullopt;
}

std::optional<NumberText> take_decimal(std::string_view text) {
    const std::size_t digits = run(text, is_digit);
    const auto value = number_of(text.substr(0, digits), 10);
    return value ? std::optional(NumberText{digits, *value}) : std::nullopt;
}

HoleText number_text(const NumberText& number, Value::Kind kind) {
    return {number.length, {.name = {}, .kind = kind, .number = number.value, .text = {}}, 0};
}

// --- errno -----------------------------------------------------------------------------------------------------------

struct ErrnoText {
    int error;
    std::string_view name;
    std::string_view text;
};
// Answers of the tools that the kernel's memory hotplug does not give (outcome.hpp has the others).
constexpr std::array kOtherErrnos{
    ErrnoText{ENOTTY, "ENOTTY", "Inappropriate ioctl for device"},
    ErrnoText{ETIMEDOUT, "ETIMEDOUT", "Connection timed out"},
    ErrnoText{ENOSYS, "ENOSYS", "Function not implemented"},
};

std::string_view name_of(int error) {
    const auto* found = std::ranges::find(kOtherErrnos, error, &ErrnoText::error);
    return found == kOtherErrnos.end() ? errno_name(error) : found->name;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view start) {
    return text.size() >= start.size() && lower_case(text.substr(0, start.size())) == lower_case(start);
}

// "No such device" is the beginning of "No such device or address": the longest wins.
std::optional<HoleText> take_errno_text(std::string_view text) {
    std::optional<HoleText> best;
    const auto consider = [&](int error, std::string_view name, std::string_view words) {
        for (const std::string_view form : {words, name}) {
            if (form.empty() || !starts_with_ignoring_case(text, form) || (best && best->length >= form.size()))
                continue;
            best = HoleText{form.size(), Value::of_text({}, name), error};
        }
    };
    constexpr int kMost = 133;   // EHWPOISON
    for (int error = 1; error <= kMost; ++error) {
        const auto name = errno_name(error);
        if (name.starts_with('E')) consider(error, name, errno_text(error));
    }
    for (const auto& row : kOtherErrnos) consider(row.error, row.name, row.text);
    return best;
}

std::optional<HoleText> take_errno(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (const auto number = take_decimal(text.substr(negative ? 1 : 0));
        number && number->value != 0 && number->value < 4096) {
        const int error = static_cast<int>(number->value);
        return HoleText{number->length + (negative ? 1U : 0U), Value::of_text({}, name_of(error)), error};
    }
    return take_errno_text(text);
}

// --- words -----------------------------------------------------------------------------------------------------------

HoleText text_of(std::string_view word) { return {word.size(), Value::of_text({}, word), 0}; }

std::optional<HoleText> take_word(std::string_view text) {
    const std::size_t length =
        run(text, [](char c) { return std::string_view(" \t\"'`,;<>").find(c) == std::string_view::npos; });
    if (length == 0) return std::nullopt;
    return text_of(text.substr(0, length));
}

std::optional<HoleText> take_device(std::string_view text) {
    std::size_t length =
        run(text, [](char c) { return is_alnum(c) || std::string_view("_.:-@").find(c) != std::string_view::npos; });
    while (length != 0 && std::string_view(".:-").find(text[length - 1]) != std::string_view::npos) --length;
    const std::string_view word = text.substr(0, length);
    if (word.empty() || std::ranges::none_of(word, is_digit)) return std::nullopt;
    // "0000:00:03.0" is a device, "304000000" is an address
    if (!is_letter(word.front()) && word.find(':') == std::string_view::npos) return std::nullopt;
    return text_of(word);
}

std::optional<HoleText> take_version(std::string_view text) {
    const std::size_t length =
        run(text, [](char c) { return is_alnum(c) || c == '.' || c == '-' || c == '_' || c == '+'; });
    if (length < 3 || !is_digit(text[0])) return std::nullopt;
    const std::size_t major = run(text, is_digit);
    if (major + 1 >= length || text[major] != '.' || !is_digit(text[major + 1])) return std::nullopt;
    std::string_view word = text.substr(0, length);
    while (!is_alnum(word.back()) && word.back() != '+') word.remove_suffix(1);
    return text_of(word);
}

std::optional<HoleText> take_rest(std::string_view text) {
    std::string_view rest = text.substr(0, text.find_first_of("`\n"));
    while (!rest.empty() && rest.back() == ' ') rest.remove_suffix(1);
    if (rest.empty()) return std::nullopt;
    return text_of(rest);
}

// Units of 1024 but for "GB" and the like, as ndctl prints both: "1.00 GiB (1.07 GB)".
std::uint64_t unit_of(std::string_view text, std::size_t& length) {
    constexpr std::string_view kLetters = "KMGTPE";
    const std::size_t blank = text.starts_with(' ') ? 1 : 0;
    if (blank >= text.size()) return 1;
    const char upper = text[blank] >= 'a' ? static_cast<char>(text[blank] - 'a' + 'A') : text[blank];
    const std::size_t power = kLetters.find(upper);
    if (power == std::string_view::npos) return 1;
    std::string_view tail = text.substr(blank + 1);
    const bool binary = tail.starts_with("iB");
    const bool decimal = tail.starts_with('B');
    tail.remove_prefix(binary ? 2 : (decimal ? 1 : 0));
    if (!tail.empty() && is_alnum(tail.front())) return 1;   // a word, not a unit
    if (blank != 0 && !binary && !decimal) return 1;   // "5 G..." is no size
    length += blank + 1 + (binary ? 2U : (decimal ? 1U : 0U));
    std::uint64_t unit = 1;
    for (std::size_t i = 0; i <= power; ++i) unit *= decimal ? 1000 : 1024;
    return unit;
}

}   // namespace

bool is_alnum(char c) { return is_digit(c) || is_letter(c); }

std::optional<SizeText> take_size(std::string_view text) {
    if (text.starts_with("0x")) {
        const auto number = take_hex(text);
        return number ? std::optional(SizeText{number->length, number->value}) : std::nullopt;
    }
    const auto whole = take_decimal(text);
    if (!whole) return std::nullopt;
    std::size_t length = whole->length;
    std::uint64_t thousandths = 0;
    if (length + 1 < text.size() && text[length] == '.' && is_digit(text[length + 1])) {
        const std::size_t digits = run(text.substr(length + 1), is_digit);
        std::uint64_t scale = 100;
        for (const char digit : text.substr(length + 1, std::min<std::size_t>(digits, 3))) {
            thousandths += static_cast<std::uint64_t>(digit - '0') * scale;
            scale /= 10;
        }
        length += 1 + digits;
    }
    const std::size_t number_end = length;
    const std::uint64_t unit = unit_of(text.substr(length), length);
    if (length == number_end && length < text.size() && is_alnum(text[length])) return std::nullopt;
    constexpr std::uint64_t kMost = 1ULL << 62;
    if (whole->value > kMost / unit) return std::nullopt;
    return SizeText{length, whole->value * unit + unit / 1000 * thousandths + unit % 1000 * thousandths / 1000};
}

std::optional<RangeText> take_range(std::string_view text, std::size_t min_digits) {
    const auto start = take_hex(text, min_digits);
    if (!start || start->length >= text.size() || text[start->length] != '-') return std::nullopt;
    const auto last = take_hex(text.substr(start->length + 1), min_digits);
    if (!last || last->value < start->value) return std::nullopt;
    return RangeText{start->length + 1 + last->length, Range{start->value, last->value}};
}

std::optional<HoleText> take(HoleType type, std::string_view text) {
    using Kind = Value::Kind;
    switch (type) {
        case HoleType::address:
        case HoleType::hexsize: {
            const auto number = take_hex(text);
            if (!number) return std::nullopt;
            return number_text(*number, type == HoleType::address ? Kind::address : Kind::size);
        }
        case HoleType::count:
        case HoleType::bytes: {
            const auto number = take_decimal(text);
            if (!number) return std::nullopt;
            return number_text(*number, type == HoleType::count ? Kind::count : Kind::size);
        }
        case HoleType::size:
        case HoleType::unit_size: {
            const auto size = take_size(text);
            if (!size) return std::nullopt;
            HoleText taken = number_text({size->length, size->bytes}, Kind::size);
            const std::string_view word = text.substr(0, size->length);
            if (type == HoleType::unit_size && is_digit(word.back())) return std::nullopt;
            // "1.94 GiB" was rounded: it is shown as it stood there
            if (word.find('.') != std::string_view::npos) taken.value.text = std::string(word);
            return taken;
        }
        case HoleType::range: {
            const auto range = take_range(text);
            if (!range) return std::nullopt;
            return HoleText{range->length, Value::of_range({}, range->range), 0};
        }
        case HoleType::device: return take_device(text);
        case HoleType::word: return take_word(text);
        case HoleType::error: return take_errno(text);
        case HoleType::version: return take_version(text);
        case HoleType::rest: return take_rest(text);
        case HoleType::any: break;
    }
    return std::nullopt;
}

std::optional<HoleType> parse_hole_type(std::string_view name) {
    struct Row {
        std::string_view name;
        HoleType type;
    };
    constexpr std::array kTypes{
        Row{"hex", HoleType::address}, Row{"hexsize", HoleType::hexsize}, Row{"dec", HoleType::count},
        Row{"bytes", HoleType::bytes}, Row{"size", HoleType::size},       Row{"units", HoleType::unit_size},
        Row{"range", HoleType::range}, Row{"dev", HoleType::device},      Row{"word", HoleType::word},
        Row{"errno", HoleType::error}, Row{"version", HoleType::version}, Row{"rest", HoleType::rest},
    };
    const auto* found = std::ranges::find(kTypes, name, &Row::name);
    if (found == kTypes.end()) return std::nullopt;
    return found->type;
}

}   // namespace memhot::explaining
