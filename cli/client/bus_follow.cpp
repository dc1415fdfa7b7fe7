// SPDX-License-Identifier: GPL-2.0-or-later
//
// Signals of memhotd, for monitor.
#ifdef MEMHOT_WITH_BUS

#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include "client/bus.hpp"
#include "client/bus_channel.hpp"

namespace memhotctl {

namespace {

std::uint64_t number(sd_bus* bus, const char* property) {
    std::uint64_t out = 0;
    if (::sd_bus_get_property_trivial(bus, kService, kManagerPath, kManager, property, nullptr, 't', &out) < 0)
        return 0;
    return out;
}

// The text of a hazard, where the caller may have it.
void describe(sd_bus* bus, const std::string& where, BusEvent& event) {
    const auto reply =
        call(bus, where, {"Hazards"}, [](sd_bus_message* message) { return append_asking(message, false); });
    if (!reply || ::sd_bus_message_enter_container(reply->get(), 'a', "(tssssst)") < 0) return;
    std::uint64_t id = 0;
    std::uint64_t since = 0;
    const char* fields[5] = {};
    while (::sd_bus_message_read(reply->get(), "(tssssst)", &id, &fields[0], &fields[1], &fields[2], &fields[3],
                                 &fields[4], &since) > 0) {
        if (id != event.id) continue;
        event.where = fields[2];
        event.text = fields[3];
        event.remedy = fields[4];
    }
}

struct Following {
    sd_bus* bus = nullptr;
    const std::string* where = nullptr;
    std::vector<BusEvent> heard;   // told outside of the library, which knows no exceptions
    bool gone = false;
};

int heard(sd_bus_message* message, void* data, sd_bus_error*) {
    auto& following = *static_cast<Following*>(data);
    const std::string_view member = ::sd_bus_message_get_member(message);
    BusEvent event;
    const char* text = nullptr;
    const char* path = nullptr;
    const char* result = nullptr;
    if (member == "HazardRaised" && ::sd_bus_message_read(message, "ts", &event.id, &text) >= 0) {
        event.what = "hazard-raised";
        event.name = text;
    } else if (member == "HazardCleared" && ::sd_bus_message_read(message, "t", &event.id) >= 0) {
        event.what = "hazard-cleared";
    } else if (member == "JobNew" && ::sd_bus_message_read(message, "so", &text, &path) >= 0) {
        event.what = "job-new";
        event.name = text;
    } else if (member == "JobRemoved" && ::sd_bus_message_read(message, "sos", &text, &path, &result) >= 0) {
        event.what = "job-removed";
        event.name = text;
        event.result = result;
    } else if (member == "BlocksChanged") {
        event.what = "blocks-changed";
    } else {
        return 0;
    }
    following.heard.push_back(std::move(event));
    return 0;
}

volatile std::sig_atomic_t interrupted = 0;
void interrupt(int) { interrupted = 1; }

}   // namespace

BusStatus follow_bus(const std::string& where, const std::function<void(const BusEvent&)>& told) {
    const auto bus = open_bus(where);
    if (!bus) return std::unexpected(bus.error());
    Following following{bus->get(), &where, {}, false};
    int answer =
        ::sd_bus_match_signal(bus->get(), nullptr, kService, kManagerPath, kManager, nullptr, heard, &following);
    if (answer >= 0) {
        answer = ::sd_bus_add_match(bus->get(), nullptr, kOwnerRule, owner_changed, &following.gone);
    }
    sd_bus_error error = SD_BUS_ERROR_NULL;
    if (answer >= 0) {   // is anybody there, and started where that can be
        answer = ::sd_bus_call_method(bus->get(), kService, kManagerPath, "org.freedesktop.DBus.Peer", "Ping", &error,
                                      nullptr, "");
    }
    if (answer < 0) {
        auto out = error_of(where, error, answer);
        ::sd_bus_error_free(&error);
        return std::unexpected(std::move(out));
    }
    struct sigaction action{};
    action.sa_handler = interrupt;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    while (interrupted == 0 && !following.gone) {
        answer = ::sd_bus_process(bus->get(), nullptr);
        for (auto& event : std::exchange(following.heard, {})) {
            if (event.what == "hazard-raised") describe(bus->get(), where, event);
            if (event.what == "blocks-changed") {
                event.online = number(bus->get(), "BlocksOnline");
                event.offline = number(bus->get(), "BlocksOffline");
            }
            told(event);
        }
        if (answer == 0) answer = ::sd_bus_wait(bus->get(), UINT64_MAX);
        if (answer < 0 && answer != -EINTR) following.gone = true;
    }
    if (following.gone) return nobody_there(where, "memhotd went away");
    return memhot::Done{};
}

}   // namespace memhotctl

#endif
