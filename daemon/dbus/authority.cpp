// SPDX-License-Identifier: GPL-2.0-or-later
#include "dbus/authority.hpp"

#include "dbus/compat.hpp"
#include "log/log.hpp"

namespace memhot::bus {

namespace {

constexpr const char* kService = "org.freedesktop.PolicyKit1";
constexpr const char* kPath = "/org/freedesktop/PolicyKit1/Authority";
constexpr const char* kInterface = "org.freedesktop.PolicyKit1.Authority";
constexpr std::uint32_t kAllowInteraction = 1;
// A person types a password; a machine does not.
constexpr std::uint64_t kPatience = 180'000'000;
constexpr std::uint64_t kShortPatience = 25'000'000;

using Subject = sdbus::Struct<std::string, std::map<std::string, sdbus::Variant>>;
using CheckResult = sdbus::Struct<bool, bool, std::map<std::string, std::string>>;

}   // namespace

Authority::Authority(sdbus::IConnection& connection)
    : proxy_(compat::make_proxy(connection, kService, kPath)), alive_(std::make_shared<bool>(true)) {}
Authority::~Authority() { *alive_ = false; }

void Authority::ask(const std::string& sender, std::string_view action,
                    const std::map<std::string, std::string>& details, bool interactive, Then then) {
    const Subject subject{"system-bus-name", {{"name", compat::variant(sender)}}};
    // then must not throw: it runs below the bus library, which in 1.2 ends the process
    auto reply = [then = std::move(then), alive = alive_](compat::ReplyError given, const CheckResult& result) {
        if (!*alive) return;
        const auto* error = compat::error_of(given);
        if (error != nullptr) {
            then({false, std::string("polkit does not answer: ") + error->getMessage()});
        } else if (std::get<0>(result)) {
            then({true, {}});
        } else {
            then({false, std::get<1>(result)
                             ? "a person must be asked, which the caller did not allow (option interactive)"
                             : "polkit says no"});
        }
    };
    proxy_->callMethodAsync("CheckAuthorization")
        .onInterface(kInterface)
        .withTimeout(std::chrono::microseconds(interactive ? kPatience : kShortPatience))
        .withArguments(subject, std::string(action), details, interactive ? kAllowInteraction : std::uint32_t{0},
                       std::string())
        .uponReplyInvoke(std::move(reply));
}

}   // namespace memhot::bus
