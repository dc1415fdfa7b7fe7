// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the files that speak to a bus share: the bus of a --host, and calls of memhotd's methods. Only they include this.
#pragma once

#include <systemd/sd-bus.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/bus_error.hpp"

namespace memhotctl {

inline constexpr const char* kService = "org.memhot1";
inline constexpr const char* kManagerPath = "/org/memhot1";
inline constexpr const char* kManager = "org.memhot1.Manager";
inline constexpr const char* kJob = "org.memhot1.Job";
// data: a bool; see owner_changed().
inline constexpr const char* kOwnerRule =
    "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.memhot1'";
// A person may be asked for a password.
inline constexpr std::uint64_t kPatience = 180'000'000;   // microseconds

struct FreeBus {
    void operator()(sd_bus* bus) const { ::sd_bus_flush_close_unref(bus); }
};
struct FreeMessage {
    void operator()(sd_bus_message* message) const { ::sd_bus_message_unref(message); }
};
using Bus = std::unique_ptr<sd_bus, FreeBus>;
using Message = std::unique_ptr<sd_bus_message, FreeMessage>;
using Fill = std::function<int(sd_bus_message*)>;   // appends the arguments

BusResult<Bus> open_bus(const std::string& where);
// Whether descriptors come through: not over ssh, even where its ends agree to them.
bool passes_files(const std::string& where);

// error: of a reply; answer: what the library said.
BusError error_of(const std::string& where, const sd_bus_error& error, int answer);
// A reply that is not of the type it must have.
std::unexpected<BusError> not_understood(const std::string& where, const std::string& expected);

struct Method {
    const char* member;
    const char* path = kManagerPath;
    const char* interface = kManager;
};
BusResult<Message> call(sd_bus* bus, const std::string& where, const Method& method, const Fill& fill);
// What memhotd asks who has much to read: between two long answers, for call() looks at nothing but its own.
void answer_pings(sd_bus* bus);
// Options that only say whether polkit may ask a person.
int append_asking(sd_bus_message* message, bool may_ask);
int append_texts(sd_bus_message* message, const std::vector<std::string>& texts);
BusResult<std::vector<std::string>> read_texts(sd_bus_message* message, const std::string& where);

// True once nobody has the name any more.
int owner_changed(sd_bus_message* message, void* data, sd_bus_error* error);

}   // namespace memhotctl
