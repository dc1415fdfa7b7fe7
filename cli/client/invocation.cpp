// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/invocation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "context.hpp"

namespace memhotctl {

namespace {

// A word as sh(1) reads it.
std::string shell_word(const std::string& text) {
    const auto plain = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
               std::string_view("-_./:=@%+,").find(c) != std::string_view::npos;
    };
    if (!text.empty() && std::ranges::all_of(text, plain)) return text;
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
    return out + "'";
}

}   // namespace

std::string Invocation::hint(std::string_view verb, std::string_view job) const {
    return fmt::format("`memhotctl{} {} {}{}`", host, verb, job, state);
}

Invocation invocation_of(const Context& context) {
    const auto request = context.request();
    const auto directory = context.arguments().value("state-dir");
    Invocation out;
    if (request.bus) out.host = " -H " + shell_word(*request.bus);
    if (request.snapshot) out.host = " --snapshot " + shell_word(*request.snapshot);
    if (request.root) out.host = " --root " + shell_word(*request.root);
    if (directory) out.state = " --state-dir " + shell_word(*directory);
    out.journal = !request.snapshot || directory;
    return out;
}

}   // namespace memhotctl
