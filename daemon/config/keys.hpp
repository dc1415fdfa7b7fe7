// SPDX-License-Identifier: GPL-2.0-or-later
//
// Keys as data: what a file may say, what it means, how its value is read. The reader, the manual pages' tests and the
// default file go by the same table.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/ini.hpp"
#include "memhot/result.hpp"

namespace memhot::config {

template <class T>
struct Key {
    std::string_view section;
    std::string_view name;
    std::string_view type;      // "boolean", "seconds", ...: of the manual
    std::string_view fallback;   // the default, as it would be written
    std::string_view meaning;
    // The error says only what is expected.
    Status (*set)(T& into, const Assignment& assignment, const std::string& path);
};

// What is not in the table: whole sections and keys that begin with X- are others' (systemd.syntax(7)).
inline bool is_extension(std::string_view name) { return name.starts_with("X-"); }

Problem unknown_key(const Assignment& assignment, const std::string& path, const std::string& known, bool strict);
Problem unknown_section(const SectionHead& head, const std::string& path, const std::string& known, bool strict);
Problem wrong_value(const Assignment& assignment, const std::string& path, const Error& error);

// Sets what a file assigns; an empty value means the default. What is unknown is left out with a warning, where strict
// says so with an error.
template <class T>
void apply(const IniFile& file, const std::string& path, std::span<const Key<T>> keys, T& into, Problems& problems,
           Strict strict = nothing_strict) {
    const auto has_section = [&](std::string_view name) {
        for (const auto& key : keys) {
            if (key.section == name) return true;
        }
        return is_extension(name);
    };
    for (const auto& head : file.sections) {
        if (has_section(head.name)) continue;
        std::string known;
        std::string_view before;
        for (const auto& key : keys) {
            if (key.section != before) known += (known.empty() ? "[" : ", [") + std::string(key.section) + "]";
            before = key.section;
        }
        problems.push_back(unknown_section(head, path, known, strict(head.name)));
    }
    for (auto assignment : file.assignments) {
        if (is_extension(assignment.section) || is_extension(assignment.key) || !has_section(assignment.section))
            continue;
        const Key<T>* found = nullptr;
        std::string known;
        for (const auto& key : keys) {
            if (key.section != assignment.section) continue;
            known += (known.empty() ? "" : ", ") + std::string(key.name) + "=";
            if (key.name == assignment.key) found = &key;
        }
        if (found == nullptr) {
            problems.push_back(unknown_key(assignment, path, known, strict(assignment.section)));
            continue;
        }
        if (const auto set = found->set(into, assignment, path); !set) {
            problems.push_back(wrong_value(assignment, path, set.error()));
        }
    }
}

// The values that systemd's files have; the error says what is expected.
Result<bool> parse_boolean(std::string_view text);
// "200ms", "30s", "1min 30s"; a bare number is seconds. Microseconds.
Result<std::uint64_t> parse_seconds(std::string_view text, std::uint64_t least, std::uint64_t most);
Result<std::uint64_t> parse_count(std::string_view text, std::uint64_t least, std::uint64_t most);
Result<std::string> parse_directory(std::string_view text);
// The index of the word among words.
Result<std::size_t> parse_word(std::string_view text, std::span<const std::string_view> words);

}   // namespace memhot::config
