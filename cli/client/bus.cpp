// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/bus.hpp"

#include "output/text.hpp"

#ifndef MEMHOT_WITH_BUS

namespace memhotctl {

namespace {
memhot::Error without_bus() {
    return {memhot::ErrorKind::unsupported, "this memhotctl was built without the bus (MEMHOT_BUILD_DAEMON)"};
}
}   // namespace

bool daemon_runs_here() { return false; }
memhot::Result<memhot::Snapshot> snapshot_from_bus(const std::string&, bool) { return without_bus(); }
memhot::Result<BusJob> apply_on_bus(const std::string&, const BusOrder&, const memhot::Plan&,
                                    const std::function<void(const BusProgress&)>&) {
    return without_bus();
}
memhot::Status follow_bus(const std::string&, const std::function<void(const BusEvent&)>&) { return without_bus(); }

}   // namespace memhotctl

#else

#include <systemd/sd-bus.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "client/agent.hpp"

namespace memhotctl {

using memhot::Error;
using memhot::ErrorKind;
using memhot::Result;

namespace {

constexpr const char* kService = "org.memhot1";
constexpr const char* kPath = "/org/memhot1";
constexpr const char* kInterface = "org.memhot1.Manager";
// A person may be asked for a password.
constexpr std::uint64_t kPatience = 180'000'000;
constexpr const char* kOwnerRule =
    "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.memhot1'";

struct FreeBus {
    void operator()(sd_bus* bus) const { ::sd_bus_flush_close_unref(bus); }
};
struct FreeMessage {
    void operator()(sd_bus_message* message) const { ::sd_bus_message_unref(message); }
};
using Bus = std::unique_ptr<sd_bus, FreeBus>;
using Message = std::unique_ptr<sd_bus_message, FreeMessage>;

Result<Bus> open_bus(const std::string& where) {
    sd_bus* bus = nullptr;
    int answer = 0;
    if (where == "local") {
        answer = ::sd_bus_open_system(&bus);
    } else if (where.find(':') != std::string::npos && where.find('=') != std::string::npos) {
        answer = ::sd_bus_new(&bus);
        if (answer >= 0) answer = ::sd_bus_set_address(bus, where.c_str());
        if (answer >= 0) answer = ::sd_bus_set_bus_client(bus, 1);
        if (answer >= 0) answer = ::sd_bus_start(bus);
    } else {
        answer = ::sd_bus_open_system_remote(&bus, where.c_str());
    }
    Bus out(bus);
    if (answer >= 0) return out;
    return Error(ErrorKind::io, "--host " + in_quotes(where) + ": no bus there: " + std::strerror(-answer));
}

// What memhotd says, as our own errors; what the bus says, as nobody there.
Error error_of(const std::string& where, const sd_bus_error& error, int answer) {
    const std::string_view name = error.name == nullptr ? "" : error.name;
    const std::string text = printable(error.message == nullptr ? std::strerror(-answer) : error.message);
    constexpr std::string_view kPrefix = "org.memhot1.Error.";
    if (!name.starts_with(kPrefix)) {
        return {ErrorKind::io, "--host " + in_quotes(where) + ": memhotd does not answer: " + text};
    }
    const auto kind = name.substr(kPrefix.size());
    if (kind == "NotAuthorized" || kind == "Hidden") return {ErrorKind::not_permitted, text};
    if (kind == "NotFound") return {ErrorKind::not_found, text};
    return {kind == "Unsupported" ? ErrorKind::unsupported : ErrorKind::bad_input, text};
}

// A method whose only argument is its options, here that a person may be asked.
Result<Message> ask(sd_bus* bus, const std::string& where, const char* member, bool may_ask) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message* call = nullptr;
    sd_bus_message* reply = nullptr;
    int answer = ::sd_bus_message_new_method_call(bus, &call, kService, kPath, kInterface, member);
    const Message owned(call);
    if (answer >= 0) answer = ::sd_bus_message_append(call, "a{sv}", 1, "interactive", "b", may_ask ? 1 : 0);
    if (answer >= 0) answer = ::sd_bus_call(bus, call, kPatience, &error, &reply);
    if (answer >= 0) return Message(reply);
    auto out = error_of(where, error, answer);
    ::sd_bus_error_free(&error);
    return out;
}

std::uint64_t number(sd_bus* bus, const char* property) {
    std::uint64_t out = 0;
    if (::sd_bus_get_property_trivial(bus, kService, kPath, kInterface, property, nullptr, 't', &out) < 0) return 0;
    return out;
}

// The text of a hazard, where the caller may have it.
void describe(sd_bus* bus, const std::string& where, BusEvent& event) {
    const auto reply = ask(bus, where, "Hazards", false);
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

// data: a bool, true once nobody has the name any more.
int owner_changed(sd_bus_message* message, void* data, sd_bus_error*) {
    const char* name = nullptr;
    const char* before = nullptr;
    const char* now = nullptr;
    if (::sd_bus_message_read(message, "sss", &name, &before, &now) >= 0 && *now == '\0')
        *static_cast<bool*>(data) = true;
    return 0;
}

volatile std::sig_atomic_t interrupted = 0;
void interrupt(int) { interrupted = 1; }

}   // namespace

bool daemon_runs_here() {
    const auto bus = open_bus("local");
    int there = 0;
    int simulated = 1;
    sd_bus_message* reply = nullptr;
    if (!bus || ::sd_bus_call_method(bus->get(), "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                     "org.freedesktop.DBus", "NameHasOwner", nullptr, &reply, "s", kService) < 0)
        return false;
    const Message owned(reply);
    if (::sd_bus_message_read(reply, "b", &there) < 0 || there == 0) return false;
    const int answer =
        ::sd_bus_get_property_trivial(bus->get(), kService, kPath, kInterface, "Simulated", nullptr, 'b', &simulated);
    return answer >= 0 && simulated == 0;
}

namespace {

// What is behind a descriptor of the message, from its beginning.
Result<std::string> text_of_file(sd_bus_message* reply, const std::string& where) {
    int fd = -1;
    std::string out;
    char piece[65536];
    ssize_t got = ::sd_bus_message_read(reply, "h", &fd);
    for (off_t at = 0; got >= 0; at += got) {
        got = ::pread(fd, piece, sizeof piece, at);
        if (got == 0) return out;
        if (got > 0) out.append(piece, static_cast<std::size_t>(got));
    }
    return Error(ErrorKind::io, "--host " + in_quotes(where) + ": the file of memhotd cannot be read");
}

Result<std::string> snapshot_text(sd_bus* bus, const std::string& where, bool may_ask) {
    // no descriptor comes through ssh
    const bool file = where == "local" || where.find('=') != std::string::npos;
    const auto reply = ask(bus, where, file ? "DumpSnapshot" : "GetSnapshot", may_ask);
    if (!reply) return reply.error();
    if (file) return text_of_file(reply->get(), where);
    const char* text = nullptr;
    if (::sd_bus_message_read(reply->get(), "s", &text) >= 0) return std::string(text);
    return Error(ErrorKind::io, "--host " + in_quotes(where) + ": memhotd answers something else than a snapshot");
}

}   // namespace

Result<memhot::Snapshot> snapshot_from_bus(const std::string& where, bool may_ask) {
    const PolkitAgent agent(may_ask);
    const auto bus = open_bus(where);
    if (!bus) return bus.error();
    const auto text = snapshot_text(bus->get(), where, may_ask);
    if (!text) return text.error();
    return memhot::snapshot_from_json(*text).with_context("--host " + in_quotes(where));
}

namespace {

int append_texts(sd_bus_message* message, const std::vector<std::string>& texts) {
    int answer = ::sd_bus_message_open_container(message, 'a', "s");
    for (const auto& text : texts) {
        if (answer >= 0) answer = ::sd_bus_message_append(message, "s", text.c_str());
    }
    return answer < 0 ? answer : ::sd_bus_message_close_container(message);
}

// interactive, and what of a job's options is asked for.
int append_options(sd_bus_message* message, bool may_ask, const std::vector<std::string>& accept, bool all_or_nothing) {
    int answer = ::sd_bus_message_open_container(message, 'a', "{sv}");
    if (answer >= 0) answer = ::sd_bus_message_append(message, "{sv}", "interactive", "b", may_ask ? 1 : 0);
    if (answer >= 0 && all_or_nothing) answer = ::sd_bus_message_append(message, "{sv}", "all-or-nothing", "b", 1);
    if (answer >= 0 && !accept.empty()) {
        answer = ::sd_bus_message_open_container(message, 'e', "sv");
        if (answer >= 0) answer = ::sd_bus_message_append(message, "s", "accept");
        if (answer >= 0) answer = ::sd_bus_message_open_container(message, 'v', "as");
        if (answer >= 0) answer = append_texts(message, accept);
        if (answer >= 0) answer = ::sd_bus_message_close_container(message);
        if (answer >= 0) answer = ::sd_bus_message_close_container(message);
    }
    return answer < 0 ? answer : ::sd_bus_message_close_container(message);
}

Result<Message> call(sd_bus* bus, const std::string& where, const char* member,
                     const std::function<int(sd_bus_message*)>& fill) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message* message = nullptr;
    sd_bus_message* reply = nullptr;
    int answer = ::sd_bus_message_new_method_call(bus, &message, kService, kPath, kInterface, member);
    const Message owned(message);
    if (answer >= 0) answer = fill(message);
    if (answer >= 0) answer = ::sd_bus_call(bus, message, kPatience, &error, &reply);
    if (answer >= 0) return Message(reply);
    auto out = error_of(where, error, answer);
    ::sd_bus_error_free(&error);
    return out;
}

constexpr const char* kJob = "org.memhot1.Job";

// What a job says of itself; nothing where it cannot be asked.
std::optional<BusJob> look_at(sd_bus* bus, const std::string& path, BusProgress& progress) {
    BusJob job;
    char* state = nullptr;
    char* id = nullptr;
    const auto number = [&](const char* name, char type, void* to) {
        return ::sd_bus_get_property_trivial(bus, kService, path.c_str(), kJob, name, nullptr, type, to) >= 0;
    };
    // Its end before its state: where there is one, the state is that of the end.
    const bool good = number("ExitStatus", 'i', &job.exit_status) && number("Progress", 'd', &progress.done) &&
                      number("CurrentStep", 't', &progress.step) && number("Steps", 't', &progress.steps) &&
                      number("BytesPerSecond", 't', &progress.bytes_per_second) &&
                      ::sd_bus_get_property_string(bus, kService, path.c_str(), kJob, "State", nullptr, &state) >= 0 &&
                      ::sd_bus_get_property_string(bus, kService, path.c_str(), kJob, "Id", nullptr, &id) >= 0;
    if (good) {
        job.id = id;
        job.end = state;
    }
    std::free(state);
    std::free(id);
    return good ? std::optional(job) : std::nullopt;
}

struct Watch {
    bool news = true;
    bool gone = false;
};
int job_news(sd_bus_message*, void* data, sd_bus_error*) {
    static_cast<Watch*>(data)->news = true;
    return 0;
}

// Its signals say when there is something new. It can be asked for a while behind its end.
Result<BusJob> wait_for(sd_bus* bus, const std::string& where, const std::string& path,
                        const std::function<void(const BusProgress&)>& told) {
    Watch watch;
    const Error lost(ErrorKind::io, "--host " + in_quotes(where) +
                                        ": memhotd went away while the job ran; its journal knows more "
                                        "(memhotctl jobs there)");
    const char* at = path.c_str();
    int answer = ::sd_bus_match_signal(bus, nullptr, kService, at, "org.freedesktop.DBus.Properties",
                                       "PropertiesChanged", job_news, &watch);
    if (answer >= 0) answer = ::sd_bus_match_signal(bus, nullptr, kService, at, kJob, "Completed", job_news, &watch);
    if (answer >= 0) answer = ::sd_bus_add_match(bus, nullptr, kOwnerRule, owner_changed, &watch.gone);
    while (answer >= 0 && !watch.gone) {
        if (std::exchange(watch.news, false)) {
            BusProgress progress;
            const auto job = look_at(bus, path, progress);
            if (!job) return lost;
            if (job->exit_status >= 0) return *job;
            told(progress);
        }
        answer = ::sd_bus_process(bus, nullptr);
        if (answer == 0 && !watch.news && !watch.gone) answer = ::sd_bus_wait(bus, UINT64_MAX);
        if (answer == -EINTR) answer = 0;
    }
    return lost;
}

}   // namespace

Result<BusJob> apply_on_bus(const std::string& where, const BusOrder& order, const memhot::Plan& shown,
                            const std::function<void(const BusProgress&)>& told) {
    const PolkitAgent agent(order.ask);
    const auto bus = open_bus(where);
    if (!bus) return bus.error();
    const auto planned = call(bus->get(), where, "Plan", [&](sd_bus_message* message) {
        const int answer = append_texts(message, order.words);
        return answer < 0 ? answer : append_options(message, order.ask, {}, false);
    });
    if (!planned) return planned.error();
    const char* name = nullptr;
    const char* json = nullptr;
    if (::sd_bus_message_read(planned->get(), "ss", &name, &json) < 0)
        return Error(ErrorKind::io, "--host " + in_quotes(where) + ": memhotd answers something else than a plan");
    const auto plan = memhot::plan_from_json(json);
    if (!plan) return plan.error();
    if (!same_actions(*plan, shown))
        return memhot::bad_input("the host has changed since the plan was shown; try again");
    const auto begun = call(bus->get(), where, "Apply", [&](sd_bus_message* message) {
        const int answer = ::sd_bus_message_append(message, "s", name);
        return answer < 0 ? answer : append_options(message, order.ask, order.accept, order.all_or_nothing);
    });
    if (!begun) return begun.error();
    const char* path = nullptr;
    if (::sd_bus_message_read(begun->get(), "o", &path) < 0)
        return Error(ErrorKind::io, "--host " + in_quotes(where) + ": memhotd answers something else than a job");
    return wait_for(bus->get(), where, path, told);
}

memhot::Status follow_bus(const std::string& where, const std::function<void(const BusEvent&)>& told) {
    const auto bus = open_bus(where);
    if (!bus) return bus.error();
    Following following{bus->get(), &where, {}, false};
    int answer = ::sd_bus_match_signal(bus->get(), nullptr, kService, kPath, kInterface, nullptr, heard, &following);
    if (answer >= 0) {
        answer = ::sd_bus_add_match(bus->get(), nullptr, kOwnerRule, owner_changed, &following.gone);
    }
    sd_bus_error error = SD_BUS_ERROR_NULL;
    if (answer >= 0) {   // is anybody there, and started where that can be
        answer =
            ::sd_bus_call_method(bus->get(), kService, kPath, "org.freedesktop.DBus.Peer", "Ping", &error, nullptr, "");
    }
    if (answer < 0) {
        auto out = error_of(where, error, answer);
        ::sd_bus_error_free(&error);
        return out;
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
    if (following.gone) return Error(ErrorKind::io, "memhotd went away");
    return memhot::Done{};
}

}   // namespace memhotctl

#endif
