// SPDX-License-Identifier: GPL-2.0-or-later
//
// What differs between sdbus-c++ 1.2 (Debian 12) and 2 (Debian 13): nothing else asks for the version. Glue that is
// generated fits its library by itself.
#pragma once

#include <sdbus-c++/sdbus-c++.h>
#include <systemd/sd-bus.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace memhot::bus::compat {

#if MEMHOT_SDBUS_MAJOR >= 2

inline std::string text(const std::string& name) { return name; }
inline sdbus::Error make_error(const std::string& name, const std::string& message) {
    return sdbus::Error(sdbus::Error::Name{name}, message);
}
inline void request_name(sdbus::IConnection& connection, const std::string& name) {
    connection.requestName(sdbus::ServiceName{name});
}
inline std::string unique_name(const sdbus::IConnection& connection) { return connection.getUniqueName(); }
inline std::unique_ptr<sdbus::IProxy> make_proxy(sdbus::IConnection& connection, const std::string& service,
                                                 const std::string& path) {
    return sdbus::createProxy(connection, sdbus::ServiceName{service}, sdbus::ObjectPath{path});
}
inline bool process(sdbus::IConnection& connection) { return connection.processPendingEvent(); }
inline std::uint64_t timeout_of(const sdbus::IConnection::PollData& data) {
    return static_cast<std::uint64_t>(data.timeout.count());
}
inline sdbus::Message current_message(const sdbus::IObject& object) { return object.getCurrentlyProcessedMessage(); }
inline void properties_changed(sdbus::IObject& object, const std::string& interface,
                               const std::vector<std::string>& names) {
    std::vector<sdbus::PropertyName> typed(names.begin(), names.end());
    object.emitPropertiesChangedSignal(sdbus::InterfaceName{interface}, typed);
}
// As long as what it gives lives.
inline std::shared_ptr<void> add_match(sdbus::IConnection& connection, const std::string& rule,
                                       std::function<void()> heard) {
    auto slot = connection.addMatch(rule, [heard = std::move(heard)](sdbus::Message) { heard(); }, sdbus::return_slot);
    return std::make_shared<sdbus::Slot>(std::move(slot));
}
// Signals of a proxy come by themselves.
inline void finish_registration(sdbus::IProxy&) {}
using ReplyError = std::optional<sdbus::Error>;
inline const sdbus::Error* error_of(const ReplyError& error) { return error ? &*error : nullptr; }
template <class T>
sdbus::Variant variant(T value) {
    return sdbus::Variant{std::move(value)};
}

#else

inline sdbus::Error make_error(const std::string& name, const std::string& message) { return {name, message}; }
inline void request_name(sdbus::IConnection& connection, const std::string& name) { connection.requestName(name); }
inline std::unique_ptr<sdbus::IProxy> make_proxy(sdbus::IConnection& connection, const std::string& service,
                                                 const std::string& path) {
    return sdbus::createProxy(connection, service, path);
}
inline bool process(sdbus::IConnection& connection) { return connection.processPendingRequest(); }
inline std::uint64_t timeout_of(const sdbus::IConnection::PollData& data) { return data.timeout_usec; }
inline const sdbus::Message& current_message(const sdbus::IObject& object) {
    return *object.getCurrentlyProcessedMessage();
}
inline void properties_changed(sdbus::IObject& object, const std::string& interface,
                               const std::vector<std::string>& names) {
    object.emitPropertiesChangedSignal(interface, names);
}
inline std::shared_ptr<void> add_match(sdbus::IConnection& connection, const std::string& rule,
                                       std::function<void()> heard) {
    auto slot = connection.addMatch(rule, [heard = std::move(heard)](sdbus::Message&) { heard(); });
    return std::make_shared<decltype(slot)>(std::move(slot));
}
inline void finish_registration(sdbus::IProxy& proxy) { proxy.finishRegistration(); }
using ReplyError = const sdbus::Error*;
inline const sdbus::Error* error_of(ReplyError error) { return error; }
template <class T>
sdbus::Variant variant(T value) {
    return sdbus::Variant(std::move(value));
}

#endif

// The bus behind the library, which has no way to see a message before it answers it itself. A message knows its bus.
inline sd_bus* raw_bus(sdbus::IConnection& connection) {
    struct Open : sdbus::Message {
        static void* Message::* message() { return &Open::msg_; }
    };
    const auto proxy = make_proxy(connection, "org.freedesktop.DBus", "/org/freedesktop/DBus");
#if MEMHOT_SDBUS_MAJOR >= 2
    const auto call = proxy->createMethodCall(sdbus::InterfaceName{"org.freedesktop.DBus"}, sdbus::MethodName{"GetId"});
#else
    const auto call = proxy->createMethodCall("org.freedesktop.DBus", "GetId");
#endif
    return ::sd_bus_message_get_bus(static_cast<sd_bus_message*>(call.*Open::message()));
}

}   // namespace memhot::bus::compat
