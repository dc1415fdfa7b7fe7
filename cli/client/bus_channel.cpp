// SPDX-License-Identifier: GPL-2.0-or-later
#ifdef MEMHOT_WITH_BUS

#include "client/bus_channel.hpp"

#include <cstdlib>
#include <cstring>

#include "output/text.hpp"

namespace memhotctl {

namespace {

bool is_address(const std::string& where) {
    return where.find(':') != std::string::npos && where.find('=') != std::string::npos;
}

}   // namespace

bool passes_files(const std::string& where) { return where == "local" || where.starts_with("unix:"); }

BusResult<Bus> open_bus(const std::string& where) {
    sd_bus* bus = nullptr;
    int answer = 0;
    if (where == "local") {
        answer = ::sd_bus_open_system(&bus);
    } else if (is_address(where)) {
        answer = ::sd_bus_new(&bus);
        if (answer >= 0) answer = ::sd_bus_set_address(bus, where.c_str());
        if (answer >= 0) answer = ::sd_bus_set_bus_client(bus, 1);
        if (answer >= 0) answer = ::sd_bus_start(bus);
    } else {
        answer = ::sd_bus_open_system_remote(&bus, where.c_str());
    }
    Bus out(bus);
    if (answer >= 0) return out;
    return nobody_there(where, std::string("no bus there: ") + std::strerror(-answer));
}

BusError error_of(const std::string& where, const sd_bus_error& error, int answer) {
    return bus_error(where, error.name == nullptr ? "" : error.name,
                     printable(error.message == nullptr ? std::strerror(-answer) : error.message));
}

std::unexpected<BusError> not_understood(const std::string& where, const std::string& expected) {
    return nobody_there(where, "memhotd answers something else than " + expected);
}

BusResult<Message> call(sd_bus* bus, const std::string& where, const Method& method, const Fill& fill) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message* message = nullptr;
    sd_bus_message* reply = nullptr;
    int answer =
        ::sd_bus_message_new_method_call(bus, &message, kService, method.path, method.interface, method.member);
    const Message owned(message);
    if (answer >= 0) answer = fill(message);
    if (answer >= 0) answer = ::sd_bus_call(bus, message, kPatience, &error, &reply);
    if (answer >= 0) return Message(reply);
    auto out = error_of(where, error, answer);
    ::sd_bus_error_free(&error);
    return std::unexpected(std::move(out));
}

int append_asking(sd_bus_message* message, bool may_ask) {
    return ::sd_bus_message_append(message, "a{sv}", 1, "interactive", "b", may_ask ? 1 : 0);
}

int append_texts(sd_bus_message* message, const std::vector<std::string>& texts) {
    int answer = ::sd_bus_message_open_container(message, 'a', "s");
    for (const auto& text : texts) {
        if (answer >= 0) answer = ::sd_bus_message_append(message, "s", text.c_str());
    }
    return answer < 0 ? answer : ::sd_bus_message_close_container(message);
}

BusResult<std::vector<std::string>> read_texts(sd_bus_message* message, const std::string& where) {
    std::vector<std::string> out;
    const char* text = nullptr;
    int answer = ::sd_bus_message_enter_container(message, 'a', "s");
    if (answer < 0) return not_understood(where, "a list of texts");
    while ((answer = ::sd_bus_message_read(message, "s", &text)) > 0) out.emplace_back(text);
    if (answer >= 0) answer = ::sd_bus_message_exit_container(message);
    if (answer < 0) return not_understood(where, "a list of texts");
    return out;
}

int owner_changed(sd_bus_message* message, void* data, sd_bus_error*) {
    const char* name = nullptr;
    const char* before = nullptr;
    const char* now = nullptr;
    if (::sd_bus_message_read(message, "sss", &name, &before, &now) >= 0 && *now == '\0')
        *static_cast<bool*>(data) = true;
    return 0;
}

}   // namespace memhotctl

#endif
