// SPDX-License-Identifier: GPL-2.0-or-later
#ifdef MEMHOT_WITH_BUS

#include "client/bus_channel.hpp"

#include <fmt/format.h>

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "output/text.hpp"

namespace memhotctl {

namespace {

// For a value in an address of a bus (dbus-specification, "Server Addresses").
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = std::isalnum(byte) != 0 || std::string_view("-_/.*").find(c) != std::string_view::npos;
        out += plain ? std::string(1, c) : fmt::format("%{:02x}", byte);
    }
    return out;
}

// ssh as sd_bus_open_system_remote() has it (USER@HOST, HOST:PORT, HOST/MACHINE are systemctl's, too), but deaf to Ctrl-C,
// which a terminal sends to all of its foreground: the job that it stops is stopped, and reported, over that ssh. ssh(1)
// leaves signals ignored that were (clientloop.c). What ends memhotctl ends it, too: its input is then at its end.
std::string ssh_address(std::string host) {
    std::vector<std::string> words{"-c", R"(trap "" INT HUP; exec ssh "$@")", "ssh", "-xT"};
    std::string machine;
    if (const auto slash = host.find('/'); slash != std::string::npos) {
        machine = host.substr(slash + 1);
        host.resize(slash);
    }
    const auto bracket = host.find(']');   // of an IPv6 address
    if (const auto colon = host.find(':', bracket == std::string::npos ? 0 : bracket); colon != std::string::npos) {
        words.insert(words.end(), {"-p", host.substr(colon + 1)});
        host.resize(colon);
    }
    std::erase_if(host, [](char c) { return c == '[' || c == ']'; });   // which ssh does not know
    words.insert(words.end(), {"--", host, "systemd-stdio-bridge"});
    if (!machine.empty()) words.push_back("--machine=" + machine);
    std::string out = "unixexec:path=sh";
    for (std::size_t i = 0; i < words.size(); ++i) out += fmt::format(",argv{}={}", i + 1, escaped(words[i]));
    return out;
}

bool is_address(const std::string& where) {
    return where.find(':') != std::string::npos && where.find('=') != std::string::npos;
}

bool is_over_ssh(const std::string& where) { return where != "local" && !is_address(where); }

// Where sd_bus_open_system() looks (sd-bus.c: bus_set_address_system).
std::string address_of_system_bus() {
    const char* given = std::getenv("DBUS_SYSTEM_BUS_ADDRESS");   // NOLINT(concurrency-mt-unsafe)
    return printable(given == nullptr ? "unix:path=/run/dbus/system_bus_socket" : given);
}

// Nobody has the name, and the bus knows of none to start.
bool is_not_running(const sd_bus_error& error) {
    return ::sd_bus_error_has_name(&error, SD_BUS_ERROR_SERVICE_UNKNOWN) > 0 ||
           ::sd_bus_error_has_name(&error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) > 0;
}

}   // namespace

bool passes_files(const std::string& where) { return where == "local" || where.starts_with("unix:"); }

BusResult<Bus> open_bus(const std::string& where) {
    sd_bus* bus = nullptr;
    int answer = 0;
    if (where == "local") {
        answer = ::sd_bus_open_system(&bus);
    } else {
        const std::string address = is_address(where) ? where : ssh_address(where);
        answer = ::sd_bus_new(&bus);
        if (answer >= 0) answer = ::sd_bus_set_address(bus, address.c_str());
        if (answer >= 0) answer = ::sd_bus_set_bus_client(bus, 1);
        if (answer >= 0) answer = ::sd_bus_start(bus);
    }
    Bus out(bus);
    if (answer >= 0) return out;
    const char* why = std::strerror(-answer);
    if (where != "local") return nobody_there(where, std::string("no bus there: ") + why);
    // memhotd.service requires dbus.socket
    return nobody_there(where, fmt::format("no system bus at {}: {}; `systemctl start memhotd` starts it with memhotd",
                                           address_of_system_bus(), why));
}

BusError error_of(const std::string& where, const sd_bus_error& error, int answer) {
    const bool lost = answer == -ENOTCONN || answer == -ECONNRESET || answer == -EPIPE;
    if (lost && is_over_ssh(where)) return nobody_there(where, "ssh ended; see its message above").error();
    if (where == "local" && is_not_running(error)) {
        return nobody_there(where, "memhotd does not run on the bus at " + address_of_system_bus() +
                                       "; start it with `systemctl start memhotd`")
            .error();
    }
    return bus_error(where, error.name == nullptr ? "" : error.name,
                     printable(error.message == nullptr ? std::strerror(-answer) : error.message));
}

std::unexpected<BusError> not_understood(const std::string& where, const std::string& expected) {
    return nobody_there(where, "memhotd answers something else than " + expected);
}

void answer_pings(sd_bus* bus) {
    constexpr std::uint64_t kSoon = 20'000;   // microseconds
    do {
        while (::sd_bus_process(bus, nullptr) > 0) continue;
    } while (::sd_bus_wait(bus, kSoon) > 0);
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
