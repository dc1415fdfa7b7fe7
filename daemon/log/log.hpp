// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the daemon says: to the systemd journal with fields where stderr goes there, else as lines on stderr.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memhot::log {

enum class Priority : int { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

// Messages that an administrator may look for; systemd/memhot.catalog says what to do about each.
struct MessageId {
    std::string_view id;   // 128 bits as systemd prints them
    std::string_view name;
};
inline constexpr MessageId kStarted{"e255e16e731b4f3ca9da695285471fa4", "started"};
inline constexpr MessageId kEventsLost{"868831cc29b548a2af110fd89acdfc6c", "events lost"};
inline constexpr MessageId kHazardRaised{"be207e1409e34abfa89ee770c971a89f", "hazard raised"};
inline constexpr MessageId kHazardCleared{"a5e6ad27341d48dd9309a603dec709da", "hazard cleared"};
inline constexpr MessageId kJobBegun{"27e1e20b9b1f4257acd7d6802a35e079", "job begun"};
inline constexpr MessageId kJobEnded{"982e7dbb64c34d89bf258ffa51713989", "job ended"};
inline constexpr MessageId kJobInterrupted{"8849e02548824a568c499a13c41827cf", "job interrupted"};
inline constexpr MessageId kConfigurationRejected{"a90872c4ac0548318b1d400ff91c9e8f", "configuration rejected"};
inline constexpr MessageId kBusLost{"f1cb16a8016447c7afaeba84376d01cb", "bus lost"};
inline constexpr MessageId kPolicyReport{"059135e6803f41e794ccfaac9c9bdb12", "policy report"};
inline constexpr MessageId kStale{"2140f6b907c54602869119f924778638", "host not read"};
inline constexpr MessageId kUnitFailed{"068141c910a3406ebe7f9476a6bee49a", "unit failed"};
inline constexpr const MessageId* kMessageIds[] = {
    &kStarted,  &kEventsLost,   &kHazardRaised,   &kHazardCleared,
    &kJobBegun, &kJobEnded,     &kJobInterrupted, &kConfigurationRejected,
    &kBusLost,  &kPolicyReport, &kStale,          &kUnitFailed};

// Names in capitals: "MEMHOT_JOB".
using Fields = std::vector<std::pair<std::string, std::string>>;

void say(Priority priority, const std::string& text, const MessageId* id = nullptr, const Fields& fields = {});
inline void error(const std::string& text) { say(Priority::error, text); }
inline void warning(const std::string& text) { say(Priority::warning, text); }
inline void info(const std::string& text) { say(Priority::info, text); }

// Those that are less important are not said.
void set_level(Priority least);

}   // namespace memhot::log
