// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/settings.hpp"

#include <fmt/format.h>

#include <array>

namespace memhot::config {

namespace {

constexpr std::uint64_t kMillisecond = 1000;
constexpr std::uint64_t kSecond = 1000 * kMillisecond;
constexpr std::uint64_t kHour = 3600 * kSecond;

using Setter = Status (*)(Settings&, const Assignment&, const std::string&);

template <auto member, class Parsed>
Status put(Settings& settings, const Assignment& assignment, Parsed (*parse)(std::string_view)) {
    if (assignment.value.empty()) {
        settings.*member = Settings{}.*member;
        return Done{};
    }
    auto value = parse(assignment.value);
    if (!value) return std::move(value).error();
    settings.*member = *std::move(value);
    return Done{};
}

template <auto member>
constexpr Setter kBoolean = [](Settings& settings, const Assignment& assignment, const std::string&) {
    return put<member>(settings, assignment, parse_boolean);
};
template <auto member>
constexpr Setter kDirectory = [](Settings& settings, const Assignment& assignment, const std::string&) {
    return put<member>(settings, assignment, parse_directory);
};
template <auto member, std::uint64_t least, std::uint64_t most>
constexpr Setter kSeconds = [](Settings& settings, const Assignment& assignment, const std::string&) {
    return put<member>(settings, assignment, +[](std::string_view text) { return parse_seconds(text, least, most); });
};
template <auto member, std::uint64_t least, std::uint64_t most>
constexpr Setter kCount = [](Settings& settings, const Assignment& assignment, const std::string&) {
    return put<member>(settings, assignment, +[](std::string_view text) { return parse_count(text, least, most); });
};

using S = Settings;
constexpr std::array<Key<Settings>, 11> kKeys{{
    {"Daemon", "Act", "boolean", "no",
     "whether policies are carried out; without it the daemon observes, predicts and reports", kBoolean<&S::act>},
    {"Daemon", "OverrideOtherOwners", "boolean", "no",
     "act also where a udev rule, daxctl or the kernel takes the same memory online; without it the daemon stands down",
     kBoolean<&S::override_owners>},
    {"Daemon", "StateDirectory", "directory", "/var/lib/memhot", "where the journal of jobs is kept",
     kDirectory<&S::state_directory>},
    {"Daemon", "RuntimeDirectory", "directory", "/run/memhot", "where the lock over journal and host is kept",
     kDirectory<&S::runtime_directory>},
    {"Jobs", "BusyTimeoutSec", "seconds", "30s", "how long a memory block that is busy is tried again",
     kSeconds<&S::busy_timeout, 0, 24 * kHour>},
    {"Jobs", "History", "count", "1000", "how many jobs that have ended are kept in the journal",
     kCount<&S::job_history, 1, 1'000'000>},
    {"Events", "CoalesceSec", "seconds", "200ms", "events that follow each other within this time are taken as one",
     kSeconds<&S::coalesce, 0, 10 * kSecond>},
    {"Events", "CoalesceLimitSec", "seconds", "1s", "the longest that events are held back while others follow",
     kSeconds<&S::coalesce_limit, 0, 60 * kSecond>},
    {"Limits", "CallsPerSender", "count", "16", "calls of one bus client that may be unanswered at a time",
     kCount<&S::calls_per_sender, 1, 1024>},
    {"Limits", "PlansPerSender", "count", "16", "plans that are kept for one bus client",
     kCount<&S::plans_per_sender, 1, 1024>},
    {"Limits", "JobsPerSender", "count", "4", "jobs of one bus client that may wait or run at a time",
     kCount<&S::jobs_per_sender, 1, 1024>},
}};

void take_files(std::vector<ConfigFile> files, LoadedSettings& loaded) {
    for (auto& file : files) {
        if (file.state == FileState::used) {
            const auto ini = parse_ini(file.text, file.path, loaded.problems);
            apply(ini, file.path, setting_keys(), loaded.settings, loaded.problems);
        }
        loaded.files.push_back(std::move(file));
    }
}

// Keys that are good alone and not together.
void check_together(LoadedSettings& loaded) {
    const Settings& settings = loaded.settings;
    if (settings.coalesce <= settings.coalesce_limit) return;
    loaded.problems.push_back({Problem::Severity::error,
                               {"memhotd.conf", 0},
                               "[Events] CoalesceSec= is longer than CoalesceLimitSec=: expected at most that"});
}

}   // namespace

std::span<const Key<Settings>> setting_keys() { return kKeys; }

LoadedSettings load_settings(const std::string& root) {
    LoadedSettings loaded;
    const auto directories = places_of("memhot/memhotd.conf.d");
    auto found = find_file(root, "memhot/memhotd.conf");
    if (found) take_files(*std::move(found), loaded);
    auto drop_ins = find_files(root, directories, ".conf");
    if (drop_ins) take_files(*std::move(drop_ins), loaded);
    for (const auto* failed : {&found, &drop_ins}) {
        if (*failed) continue;
        if (failed == &drop_ins && !found && found.error().message() == drop_ins.error().message()) continue;
        loaded.problems.push_back({Problem::Severity::error, {"memhotd.conf", 0}, failed->error().message()});
    }
    check_together(loaded);
    return loaded;
}

Problems reload(const std::string& root, Settings& current) {
    auto loaded = load_settings(root);
    if (!has_errors(loaded.problems)) current = std::move(loaded.settings);
    return std::move(loaded.problems);
}

std::string default_file() {
    std::string out =
        "# Defaults of memhotd; see memhotd.conf(5).\n"
        "#\n"
        "# Put changes into a file of your own, /etc/memhot/memhotd.conf.d/NAME.conf: this one is replaced\n"
        "# by updates. A line that is commented out shows the default.\n";
    std::string_view section;
    for (const auto& key : kKeys) {
        if (key.section != section) out += fmt::format("\n[{}]\n", key.section);
        section = key.section;
        out += fmt::format("#{}={}\n", key.name, key.fallback);
    }
    return out;
}

}   // namespace memhot::config
