// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/ini.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "config/text.hpp"

namespace memhot::config {

namespace {

using Severity = Problem::Severity;

class Parser {
public:
    Parser(const std::string& path, Problems& problems, Strict strict)
        : path_(path), problems_(problems), strict_(strict) {}

    // One line of the file, without its end.
    void take_line(std::string_view line, std::uint64_t number) {
        const std::string_view bare = trimmed(line);
        // comments between the parts of a joined line are left out, as systemd does
        if (!bare.empty() && (bare.front() == '#' || bare.front() == ';')) return;
        if (joined_.empty() && bare.empty() && !continues_) return;
        if (!continues_) begun_ = number;
        // an even number of backslashes at the end stands for themselves
        const auto last_other = line.find_last_not_of('\\');
        const std::size_t slashes = line.size() - (last_other == std::string_view::npos ? 0 : last_other + 1);
        continues_ = slashes % 2 == 1;
        if (continues_) line.remove_suffix(1);
        if (too_long_ || joined_.size() + line.size() > kLongestLine) {
            too_long_ = true;
        } else {
            joined_ += line;
            if (continues_) joined_ += ' ';
        }
        if (!continues_) finish();
    }

    IniFile end() {
        if (continues_) finish();
        return std::move(file_);
    }

private:
    void say(Severity severity, std::string text) { problems_.push_back({severity, {path_, begun_}, std::move(text)}); }

    void leave_out(std::string text) {
        const bool error = strict_(section_.value_or(""));
        say(error ? Severity::error : Severity::warning, std::move(text) + (error ? "" : ", ignored"));
    }

    void finish() {
        const std::string whole = std::move(joined_);
        joined_.clear();
        continues_ = false;
        const bool too_long = std::exchange(too_long_, false);
        if (too_long) {
            say(Severity::error, fmt::format("the line is longer than {} bytes", kLongestLine));
            return;
        }
        const std::string_view line = trimmed(whole);
        if (line.empty()) return;
        if (!is_utf8(line)) {
            leave_out("the line is no UTF-8");
            return;
        }
        if (line.front() == '[') {
            take_head(line);
        } else {
            take_assignment(line);
        }
    }

    void take_head(std::string_view line) {
        section_.reset();
        if (line.size() < 3 || line.back() != ']') {
            say(Severity::error, fmt::format("section head {}: expected [NAME]", quoted(line)));
            return;
        }
        section_ = std::string(line.substr(1, line.size() - 2));
        file_.sections.push_back({*section_, begun_});
    }

    void take_assignment(std::string_view line) {
        const auto equals = line.find('=');
        if (equals == std::string_view::npos || trimmed(line.substr(0, equals)).empty()) {
            leave_out(fmt::format("{}: expected KEY=VALUE", quoted(line)));
            return;
        }
        const std::string key(trimmed(line.substr(0, equals)));
        if (!section_) {
            leave_out(fmt::format("{}= stands outside of any section", printable(key)));
            return;
        }
        file_.assignments.push_back({*section_, key, std::string(trimmed(line.substr(equals + 1))), begun_});
    }

    const std::string& path_;
    Problems& problems_;
    Strict strict_;
    IniFile file_;
    std::optional<std::string> section_;
    std::string joined_;
    std::uint64_t begun_ = 0;
    bool continues_ = false;
    bool too_long_ = false;
};

}   // namespace

IniFile parse_ini(std::string_view text, const std::string& path, Problems& problems, Strict strict) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    Parser parser(path, problems, strict);
    for (std::uint64_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        parser.take_line(line, number);
    }
    return parser.end();
}

}   // namespace memhot::config
