// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Attributes of devices (device.hpp).
#include "host/device.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <fmt/format.h>
#include <unistd.h>

#include "host/nodes.hpp"
#include "memhot/units.hpp"
#include "units/quote.hpp"

namespace memhot::host {
namespace {

bool is_line(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

std::optional<int> parse_int(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        if (end != 0) parts.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

}   // namespace

std::string Device::below(std::string_view name) const { return fmt::format("{}/{}", path_, name); }

void Device::fail(std::string_view attribute, std::string_view text, std::string_view expected) {
    if (error_) return;
    error_ =
        bad_input(fmt::format("{}: {}, expected {}", root_->shown(below(attribute)), units::quoted(text), expected));
}

Status Device::status() const { return error_ ? Status(*error_) : Status(Done{}); }

std::optional<std::string> Device::content(std::string_view attribute) {
    const std::string path = below(attribute);
    auto content = root_->read(path);
    if (content) return *std::move(content);
    const auto kind = content.error().kind();
    if (kind == ErrorKind::not_permitted) hidden_->push_back("/" + path);
    if (kind != ErrorKind::not_found && kind != ErrorKind::not_permitted && !error_) error_ = content.error();
    return std::nullopt;
}

std::optional<std::vector<std::string>> Device::lines(std::string_view attribute) {
    const auto text = content(attribute);
    if (!text) return std::nullopt;
    auto all = split(*text, '\n');
    for (const auto& line : all) {
        if (!is_line(line)) fail(attribute, line, "lines of text");
    }
    return all;
}

std::string Device::text(std::string_view attribute) {
    const auto content = this->content(attribute);
    if (!content) return {};
    const auto word = trimmed(*content);
    if (is_line(word)) return std::string(word);
    fail(attribute, word, "one line of text");
    return {};
}

std::optional<std::uint64_t> Device::number(std::string_view attribute) {
    const std::string word = text(attribute);
    if (word.empty()) return std::nullopt;
    if (const auto value = parse_number(word)) return *value;
    fail(attribute, word, "a number, decimal or with 0x");
    return std::nullopt;
}

std::optional<int> Device::small(std::string_view attribute) {
    const std::string word = text(attribute);
    if (word.empty()) return std::nullopt;
    if (const auto value = parse_int(word)) return value;
    fail(attribute, word, "a small number");
    return std::nullopt;
}

std::optional<int> Device::node(std::string_view attribute) {
    const std::string word = text(attribute);
    if (word.empty()) return std::nullopt;
    const auto value = parse_int(word);
    if (value == -1) return std::nullopt;   // NUMA_NO_NODE
    if (value && *value >= 0 && *value <= kMaxNode) return value;
    fail(attribute, word, fmt::format("a node from 0 to {}, or -1", kMaxNode));
    return std::nullopt;
}

std::optional<bool> Device::flag(std::string_view attribute) {
    const std::string word = text(attribute);
    if (word.empty()) return std::nullopt;
    if (word == "0" || word == "1") return word == "1";
    fail(attribute, word, "0 or 1");
    return std::nullopt;
}

Device::Choice Device::choice(std::string_view attribute) {
    Choice choice;
    for (std::string_view word : split(text(attribute), ' ')) {
        const bool chosen = word.starts_with('[') && word.ends_with(']');
        const auto value = parse_number(chosen ? word.substr(1, word.size() - 2) : word);
        if (!value) {
            fail(attribute, word, "numbers, one of them perhaps in brackets");
            return {};
        }
        choice.all.push_back(*value);
        if (chosen) choice.chosen = *value;
    }
    return choice;
}

std::string Device::link(std::string_view name) {
    const auto parts = read_link(*root_, path_, name);
    if (!parts) {
        if (!error_) error_ = parts.error();
        return {};
    }
    return parts->empty() ? std::string() : parts->back();
}

std::vector<std::string> Device::list(std::string_view directory) {
    auto names = root_->list(below(directory));
    if (!names) {
        if (names.error().kind() == ErrorKind::not_permitted) {
            hidden_->push_back("/" + below(directory));
        } else if (!error_) {
            error_ = names.error();
        }
        return {};
    }
    return *names ? std::move(**names) : std::vector<std::string>{};
}

Result<std::vector<std::string>> read_link(const Root& root, std::string_view directory, std::string_view name) {
    const auto open = root.open_directory(directory);
    if (!open) {
        if (open.error().kind() == ErrorKind::not_found || open.error().kind() == ErrorKind::not_permitted) {
            return std::vector<std::string>{};
        }
        return open.error();
    }
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlinkat(open->get(), std::string(name).c_str(), target.data(), target.size());
    // EINVAL: no link. A copied tree may have directories in place of links.
    if (length < 0 && (errno == EINVAL || is_absent(errno))) return std::vector<std::string>{};
    if (length < 0) return file_error(root.shown(fmt::format("{}/{}", directory, name)), errno);
    return split({target.data(), static_cast<std::size_t>(length)}, '/');
}

void keep_first(std::optional<Error>& error, const Device& device) {
    if (const auto status = device.status(); !status && !error) error = status.error();
}

}   // namespace memhot::host
