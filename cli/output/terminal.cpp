// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace memhotctl {

namespace {

constexpr unsigned kNarrowest = 20;
constexpr unsigned kWidest = 10000;

std::string_view environment(const char* name) {
    const char* value = std::getenv(name);   // NOLINT(concurrency-mt-unsafe): one thread
    return value == nullptr ? std::string_view{} : std::string_view(value);
}

std::optional<unsigned> size_from(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value == 0) return std::nullopt;
    return std::clamp(value, kNarrowest, kWidest);
}

bool wants_colour(When when, bool tty) {
    if (when != When::automatic) return when == When::always;
    return tty && environment("NO_COLOR").empty() && environment("TERM") != "dumb";   // no-color.org
}

int write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
}

std::string pager_command() {
    for (const char* name : {"MEMHOT_PAGER", "PAGER"}) {
        // set but empty means none, as with git and systemctl
        if (std::getenv(name) != nullptr) return std::string(environment(name));   // NOLINT(concurrency-mt-unsafe)
    }
    return "less";
}

// Whether a pager took the text. One that cannot be started, or goes away early, is no error.
bool page(std::string_view text) {
    const std::string command = pager_command();
    if (command.empty() || command == "cat") return false;
    ::setenv("LESS", "FRX", 0);   // NOLINT(concurrency-mt-unsafe)
    const auto old = std::signal(SIGPIPE, SIG_IGN);
    std::FILE* pipe = ::popen(command.c_str(), "w");   // NOLINT(cert-env33-c): the user's own pager
    if (pipe == nullptr) return false;
    (void)write_all(::fileno(pipe), text);
    constexpr int kNotFound = 127 << 8;   // of sh
    const int status = ::pclose(pipe);
    std::signal(SIGPIPE, old);
    return status != kNotFound;
}

}   // namespace

std::optional<When> parse_when(std::string_view word) {
    if (word == "auto") return When::automatic;
    if (word == "always") return When::always;
    if (word == "never") return When::never;
    return std::nullopt;
}

Terminal look_at_stdout(When colour) {
    Terminal terminal;
    terminal.tty = ::isatty(STDOUT_FILENO) == 1;
    terminal.colour = wants_colour(colour, terminal.tty);
    winsize size{};
    if (terminal.tty && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
        if (size.ws_col != 0) terminal.width = std::max<unsigned>(size.ws_col, kNarrowest);
        if (size.ws_row != 0) terminal.height = size.ws_row;
    }
    terminal.width = size_from(environment("COLUMNS")).value_or(terminal.width);
    if (terminal.tty && size.ws_row == 0) terminal.height = size_from(environment("LINES")).value_or(terminal.height);
    return terminal;
}

std::string paint(const Terminal& terminal, Paint paint, std::string_view text) {
    std::string_view code;
    switch (paint) {
        case Paint::plain: break;
        case Paint::bold: code = "1"; break;
        case Paint::good: code = "32"; break;
        case Paint::bad: code = "1;31"; break;
        case Paint::doubtful: code = "33"; break;
        case Paint::faint: code = "2"; break;
    }
    if (!terminal.colour || code.empty()) return std::string(text);
    return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
}

int write_out(const Terminal& terminal, std::string_view text, bool use_pager) {
    const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n'));
    if (use_pager && terminal.tty && lines >= terminal.height && page(text)) return 0;
    return write_all(STDOUT_FILENO, text);
}

}   // namespace memhotctl
