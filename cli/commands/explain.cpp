// SPDX-License-Identifier: GPL-2.0-or-later
//
// explain: a kernel log or an error of ndctl, daxctl or cxl, in words, with the next value that would be taken.
#include "memhot/explain.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <unistd.h>

#include <fmt/format.h>

#include "context.hpp"
#include "output/labelled.hpp"
#include "output/text.hpp"

namespace memhotctl {

using memhot::Explanation;
using memhot::Result;

namespace {

constexpr std::size_t kLargest = std::size_t{16} << 20;

std::vector<std::string> texts_of(const std::vector<memhot::Value>& values) {
    std::vector<std::string> out;
    out.reserve(values.size());
    for (const auto& value : values) out.push_back(fmt::format("{} {}", value.name, to_string(value)));
    return out;
}

std::string text_of(const Context& context, const Explanation& one) {
    const std::size_t most = context.verbose() ? 0 : 6;
    Labelled body(context.terminal());
    body.add("Text", one.lines, most);
    if (!one.cause.empty()) body.add("Cause", one.cause);
    body.add("Numbers", texts_of(one.found), most);
    body.add("Next", texts_of(one.next), most);
    if (!one.remedy.empty()) body.add("Instead", one.remedy);
    body.add("Needed", one.needed, most);
    body.add("Host", one.evidence, most);
    body.add("Nearest", one.candidates, most);
    if (context.verbose() && !one.source.empty()) body.add("Source", one.source);
    if (context.verbose() && !one.releases.empty()) body.add("Releases", one.releases);
    return context.paint(Paint::bold, one.id) + "\n" + body.text();
}

Result<std::string> read_standard_input() {
    std::string text;
    std::array<char, 1 << 16> buffer{};
    for (;;) {
        const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return memhot::bad_input("standard input cannot be read");
        if (got == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
        if (text.size() > kLargest) return memhot::bad_input("standard input: expected at most 16 MiB of text");
    }
}

Result<std::string> text_given(const Arguments& arguments) {
    if (arguments.operands.size() == 1 && arguments.operands.front() == "-") return read_standard_input();
    std::string text;
    for (const auto& word : arguments.operands) text += (text.empty() ? "" : " ") + word;
    return text;
}

Result<int> run(Context& context) {
    const auto text = text_given(context.arguments());
    if (!text) return text.error();
    // The text may come from another machine, so this one is not asked; one that was named is.
    memhot::Snapshot snapshot;
    memhot::ExplainContext about;
    if (!context.request().is_this_machine()) {
        auto read = context.snapshot();
        if (!read) return std::move(read).error();
        snapshot = *std::move(read);
        about.snapshot = &snapshot;
    }
    const auto explanations = memhot::explain(*text, about);
    if (context.json()) {
        context.print(memhot::to_json(explanations));
    } else {
        for (const auto& one : explanations) context.print(text_of(context, one));
    }
    const bool known =
        std::ranges::any_of(explanations, [](const auto& one) { return one.kind != Explanation::Kind::unknown; });
    return known ? exit_code::yes : exit_code::no;
}

constexpr std::string_view kNotes =
    "TEXT is a line of the kernel log, or an error of ndctl, daxctl or cxl; with - it is\n"
    "standard input, a whole log. With --snapshot or --root the numbers are looked up on\n"
    "that host. Exit status 1 where nothing in the text is known.\n";

}   // namespace

const Command kExplain{.name = "explain",
                       .operands = "TEXT...|-",
                       .least = 1,
                       .most = kAny,
                       .summary = "what a message of the kernel, ndctl or daxctl means, and what to do",
                       .options = {},
                       .notes = kNotes,
                       .foreign = {},
                       .run = run};

}   // namespace memhotctl
