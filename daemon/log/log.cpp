// SPDX-License-Identifier: GPL-2.0-or-later
#include "log/log.hpp"

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

namespace memhot::log {

namespace {

Priority least_said = Priority::info;

// systemd says with JOURNAL_STREAM=DEVICE:INODE which stream is the journal (systemd.exec(5)).
bool stderr_is_journal() {
    static const bool answer = [] {
        const char* stream = std::getenv("JOURNAL_STREAM");
        struct stat status{};
        if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return false;
        unsigned long long device = 0;
        unsigned long long inode = 0;
        return std::sscanf(stream, "%llu:%llu", &device, &inode) == 2 && device == status.st_dev &&
               inode == status.st_ino;
    }();
    return answer;
}

void send(Priority priority, const std::string& text, const MessageId* id, const Fields& fields) {
    std::vector<std::string> lines;
    lines.reserve(fields.size() + 3);
    lines.push_back("MESSAGE=" + text);
    lines.push_back("PRIORITY=" + std::to_string(static_cast<int>(priority)));
    if (id != nullptr) lines.push_back("MESSAGE_ID=" + std::string(id->id));
    for (const auto& [name, value] : fields) lines.push_back(name + "=" + value);
    std::vector<iovec> parts;
    parts.reserve(lines.size());
    for (auto& line : lines) parts.push_back({line.data(), line.size()});
    ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

}   // namespace

void set_level(Priority least) { least_said = least; }

void say(Priority priority, const std::string& text, const MessageId* id, const Fields& fields) {
    if (priority > least_said) return;
    if (stderr_is_journal()) {
        send(priority, text, id, fields);
        return;
    }
    std::fprintf(stderr, "memhotd: %s\n", text.c_str());
}

}   // namespace memhot::log
