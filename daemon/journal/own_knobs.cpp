// SPDX-License-Identifier: GPL-2.0-or-later
#include "journal/own_knobs.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

#include "journal/descriptor.hpp"
#include "journal/replace.hpp"

namespace memhot::journal {

namespace {

constexpr std::string_view kHeader = "memhot-knobs/1";

Error broken(const std::string& path, const std::string& line) {
    return bad_input(path + ": expected \"knob PATH WAS SET\", not \"" + line +
                     "\"; what memhotd set before is taken for somebody else's");
}

// The words of a line, without the first.
std::vector<std::string> rest_of(const std::string& line) {
    std::istringstream in(line);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    if (!words.empty()) words.erase(words.begin());
    return words;
}

Result<OwnKnobs> parse(const std::string& path, const std::string& text, const std::string& boot) {
    std::istringstream in(text);
    std::string line;
    if (!std::getline(in, line) || line != kHeader)
        return bad_input(path + ": expected a file that begins with " + std::string(kHeader));
    OwnKnobs knobs;
    bool this_boot = false;
    while (std::getline(in, line)) {
        const auto words = rest_of(line);
        if (line.starts_with("boot ") && words.size() == 1) {
            this_boot = words[0] == boot;
        } else if (line.starts_with("knob /") && (words.size() == 3 || words.size() == 4)) {
            knobs.push_back({words[0], words[1], {words.begin() + 2, words.end()}});
        } else {
            return broken(path, line);
        }
    }
    return this_boot ? knobs : OwnKnobs{};
}

}   // namespace

bool OwnKnob::is_ours(std::string_view now) const { return std::ranges::find(set, now) != set.end(); }

void claim(OwnKnobs& knobs, const std::string& path, const std::string& now, const std::string& text) {
    const auto found = std::ranges::find(knobs, path, &OwnKnob::path);
    if (found == knobs.end()) {
        knobs.push_back({path, now, {text}});
    } else if (found->is_ours(now)) {
        found->set = {text, now};
    } else {
        *found = {path, now, {text}};
    }
}

void settle(OwnKnobs& knobs, const std::string& path, const std::string& text) {
    const auto found = std::ranges::find(knobs, path, &OwnKnob::path);
    if (found == knobs.end()) return;
    found->set = {text};
    if (found->was == text) knobs.erase(found);
}

std::string boot_id(const std::string& root) {
    const std::string path = root + "/proc/sys/kernel/random/boot_id";
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const auto text = file.open() ? read_all(file.get(), path) : Result<std::string>(std::string());
    const auto words = rest_of("boot " + (text.ok() ? *text : std::string()));
    return words.empty() ? "unknown" : words.front();
}

Result<OwnKnobs> read_own_knobs(const std::string& state_directory, const std::string& boot) {
    const std::string path = state_directory + "/" + std::string(kKnobsName);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file.open()) {
        if (errno == ENOENT) return OwnKnobs{};
        return io_error(path, "opening", errno);
    }
    const auto text = read_all(file.get(), path);
    if (!text) return text.error();
    return parse(path, *text, boot);
}

Status write_own_knobs(const std::string& state_directory, const std::string& boot, const OwnKnobs& knobs,
                       const HostLock& /*lock*/) {
    std::string text = std::string(kHeader) + "\nboot " + boot + "\n";
    for (const auto& knob : knobs) {
        text += "knob " + knob.path + " " + knob.was;
        for (const auto& word : knob.set) text += " " + word;
        text += "\n";
    }
    return replace_file(state_directory, kKnobsName, text);
}

}   // namespace memhot::journal
