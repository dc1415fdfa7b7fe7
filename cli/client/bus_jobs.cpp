// SPDX-License-Identifier: GPL-2.0-or-later
//
// Jobs of memhotd: begun, waited for, stopped.
#ifdef MEMHOT_WITH_BUS

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <utility>

#include "client/agent.hpp"
#include "client/bus.hpp"
#include "client/bus_channel.hpp"
#include "client/signals.hpp"
#include "commands/command.hpp"
#include "output/text.hpp"

namespace memhotctl {

namespace {

// A signal that comes just before the wait begins ends nothing.
constexpr std::uint64_t kBetweenLooks = 250'000;   // microseconds

int append_options(sd_bus_message* message, const BusOrder& order) {
    int answer = ::sd_bus_message_open_container(message, 'a', "{sv}");
    if (answer >= 0) answer = ::sd_bus_message_append(message, "{sv}", "interactive", "b", order.ask ? 1 : 0);
    if (answer >= 0 && order.all_or_nothing)
        answer = ::sd_bus_message_append(message, "{sv}", "all-or-nothing", "b", 1);
    if (answer >= 0 && order.timeout) answer = ::sd_bus_message_append(message, "{sv}", "timeout", "t", *order.timeout);
    if (answer >= 0 && !order.accept.empty()) {
        answer = ::sd_bus_message_open_container(message, 'e', "sv");
        if (answer >= 0) answer = ::sd_bus_message_append(message, "s", "accept");
        if (answer >= 0) answer = ::sd_bus_message_open_container(message, 'v', "as");
        if (answer >= 0) answer = append_texts(message, order.accept);
        if (answer >= 0) answer = ::sd_bus_message_close_container(message);
        if (answer >= 0) answer = ::sd_bus_message_close_container(message);
    }
    return answer;
}

// All of Apply's, Undo's and Finish's arguments. shown: what an undo or a rest was shown to do.
int append_order(sd_bus_message* message, const std::string& subject, const BusOrder& order, const std::string& shown) {
    int answer = ::sd_bus_message_append(message, "s", subject.c_str());
    if (answer >= 0) answer = append_options(message, order);
    if (answer >= 0 && !shown.empty()) answer = ::sd_bus_message_append(message, "{sv}", "shown", "s", shown.c_str());
    return answer < 0 ? answer : ::sd_bus_message_close_container(message);
}

// A job from the call that begins it to its end.
class Following {
public:
    Following(sd_bus* bus, const std::string& where, const BusListener& listener)
        : bus_(bus), where_(where), listener_(listener) {}

    BusResult<BusJob> run(const char* member, const Fill& fill) {
        if (auto sent = send(member, fill); !sent) return std::unexpected(sent.error());
        while (!begun_) {
            if (Signals::count() > 1) {
                return std::unexpected(
                    BusError{exit_code::cancelled, "memhotd was asked, and may still begin the job: memhotctl jobs"});
            }
            if (Signals::count() > 0) announce_stop();
            if (!turn()) return lost("before it said whether the job begins");
        }
        if (refusal_) return std::unexpected(*refusal_);
        return wait();
    }

private:
    BusStatus send(const char* member, const Fill& fill) {
        sd_bus_message* message = nullptr;
        int answer = ::sd_bus_add_match(bus_, nullptr, kOwnerRule, owner_changed, &gone_);
        if (answer >= 0)
            answer = ::sd_bus_message_new_method_call(bus_, &message, kService, kManagerPath, kManager, member);
        const Message owned(message);
        if (answer >= 0) answer = fill(message);
        // Others' jobs come first, however long they take.
        if (answer >= 0) answer = ::sd_bus_call_async(bus_, nullptr, message, begun, this, UINT64_MAX);
        if (answer >= 0) return memhot::Done{};
        return std::unexpected(error_of(where_, SD_BUS_ERROR_NULL, answer));
    }

    static int begun(sd_bus_message* reply, void* data, sd_bus_error*) {
        auto& self = *static_cast<Following*>(data);
        self.begun_ = true;
        const char* path = nullptr;
        if (const auto* error = ::sd_bus_message_get_error(reply); error != nullptr) {
            self.refusal_ = error_of(self.where_, *error, -EIO);
        } else if (::sd_bus_message_read(reply, "o", &path) < 0) {
            self.refusal_ = not_understood(self.where_, "a job").error();
        } else {
            self.path_ = path;
        }
        return 0;
    }

    // Its signals say when there is something new. It can be asked for a while behind its end.
    BusResult<BusJob> wait() {
        const char* at = path_.c_str();
        int answer = ::sd_bus_match_signal(bus_, nullptr, kService, at, "org.freedesktop.DBus.Properties",
                                           "PropertiesChanged", heard, this);
        if (answer >= 0) answer = ::sd_bus_match_signal(bus_, nullptr, kService, at, kJob, "Completed", heard, this);
        std::optional<BusJob> job;
        while (answer >= 0) {
            if (std::exchange(news_, false)) {
                JobProgress progress;
                job = look(progress);
                if (!job) break;
                if (job->exit_status >= 0) return *job;
                listener_.progress(progress);
            }
            if (Signals::count() > 1 && job) return left(*std::move(job));
            if (Signals::count() > 0 && !std::exchange(stopped_, true)) stop();
            if (!turn()) break;
        }
        return lost("while the job ran");
    }

    static int heard(sd_bus_message*, void* data, sd_bus_error*) {
        static_cast<Following*>(data)->news_ = true;
        return 0;
    }

    void announce_stop() {
        if (!std::exchange(announced_, true)) listener_.stopping();
    }

    // Whoever began a job may stop it. That it has just ended is no error.
    void stop() {
        announce_stop();
        ::sd_bus_call_method_async(bus_, nullptr, kService, path_.c_str(), kJob, "Cancel", nullptr, nullptr, "a{sv}",
                                   0);
    }

    // One message, or a moment without any. False: memhotd or the bus is gone.
    bool turn() {
        int answer = ::sd_bus_process(bus_, nullptr);
        if (answer == 0 && !news_ && !gone_) answer = ::sd_bus_wait(bus_, kBetweenLooks);
        return !gone_ && (answer >= 0 || answer == -EINTR);
    }

    // What the job says of itself; nothing where it cannot be asked.
    std::optional<BusJob> look(JobProgress& progress) {
        BusJob job;
        char* state = nullptr;
        char* id = nullptr;
        const char* at = path_.c_str();
        // A Ctrl-C while libsystemd waits for the answer (sd-bus.c: sd_bus_call) is not the end of memhotd.
        const auto asked = [](const auto& ask) {
            int answer = ask();
            while (answer == -EINTR) answer = ask();
            return answer >= 0;
        };
        const auto number = [&](const char* name, char type, void* to) {
            return asked(
                [&] { return ::sd_bus_get_property_trivial(bus_, kService, at, kJob, name, nullptr, type, to); });
        };
        const auto text = [&](const char* name, char** to) {
            return asked([&] { return ::sd_bus_get_property_string(bus_, kService, at, kJob, name, nullptr, to); });
        };
        // Its end before its state: where there is one, the state is that of the end.
        const bool good = number("ExitStatus", 'i', &job.exit_status) && number("CurrentStep", 't', &progress.step) &&
                          number("Steps", 't', &progress.steps) && number("BytesDone", 't', &progress.bytes) &&
                          number("BytesTotal", 't', &progress.all_bytes) &&
                          number("BytesPerSecond", 't', &progress.bytes_per_second) &&
                          number("TimeLeft", 't', &progress.left) && text("State", &state) && text("Id", &id);
        if (good) {
            job.id = id;
            job.end = state;
        }
        std::free(state);
        std::free(id);
        return good ? std::optional(job) : std::nullopt;
    }

    static BusJob left(BusJob job) {
        job.left = true;
        job.exit_status = exit_code::cancelled;
        return job;
    }

    std::unexpected<BusError> lost(const char* when) {
        return nobody_there(where_,
                            fmt::format("memhotd went away {}; its journal knows more (memhotctl jobs there)", when));
    }

    sd_bus* bus_;
    const std::string& where_;
    const BusListener& listener_;
    bool begun_ = false;   // or refused
    std::optional<BusError> refusal_;
    std::string path_;
    bool news_ = true;
    bool gone_ = false;
    bool announced_ = false;
    bool stopped_ = false;
};

// The name that memhotd gave to the plan of the words, whose steps are those of `shown`.
BusResult<std::string> name_of_plan(sd_bus* bus, const std::string& where, const BusOrder& order,
                                    const memhot::Plan& shown) {
    const auto planned = call(bus, where, {"Plan"}, [&](sd_bus_message* message) {
        const int answer = append_texts(message, order.words);
        return answer < 0 ? answer : append_asking(message, order.ask);
    });
    if (!planned) return std::unexpected(planned.error());
    const char* name = nullptr;
    const char* json = nullptr;
    if (::sd_bus_message_read(planned->get(), "ss", &name, &json) < 0) return not_understood(where, "a plan");
    const auto plan = memhot::plan_from_json(json);
    if (!plan) return std::unexpected(BusError{exit_code::usage, plan.error().message()});
    if (same_actions(*plan, shown)) return std::string(name);
    return std::unexpected(BusError{exit_code::no, "the host has changed since the plan was shown; try again"});
}

}   // namespace

BusResult<BusJob> carry_out_on_bus(const std::string& where, const BusOrder& order, const memhot::Plan& shown,
                                   const BusListener& listener) {
    const PolkitAgent agent(order.ask);
    const auto bus = open_bus(where);
    if (!bus) return std::unexpected(bus.error());
    std::string subject = order.job;
    std::string as_shown;
    if (order.kind == BusOrder::Kind::apply) {
        auto name = name_of_plan(bus->get(), where, order, shown);
        if (!name) return std::unexpected(name.error());
        subject = *std::move(name);
    } else {
        as_shown = to_compact_json(shown);
    }
    const Signals signals;
    constexpr const char* kMembers[] = {"Apply", "Undo", "Finish"};
    Following following(bus->get(), where, listener);
    return following.run(kMembers[static_cast<std::size_t>(order.kind)],
                         [&](sd_bus_message* message) { return append_order(message, subject, order, as_shown); });
}

BusResult<bool> cancel_on_bus(const std::string& where, bool ask, const std::string& id) {
    const PolkitAgent agent(ask);
    const auto bus = open_bus(where);
    if (!bus) return std::unexpected(bus.error());
    char* encoded = nullptr;
    if (const int answer = ::sd_bus_path_encode("/org/memhot1/job", id.c_str(), &encoded); answer < 0)
        return std::unexpected(error_of(where, SD_BUS_ERROR_NULL, answer));
    const std::unique_ptr<char, decltype(&std::free)> path(encoded, std::free);
    // Only jobs of memhotd are objects.
    char* state = nullptr;
    const int there = ::sd_bus_get_property_string(bus->get(), kService, path.get(), kJob, "State", nullptr, &state);
    std::free(state);
    if (there == -EBADR || there == -ENOENT) return false;   // no such method, no such object
    const auto reply = call(bus->get(), where, {"Cancel", path.get(), kJob},
                            [&](sd_bus_message* message) { return append_asking(message, ask); });
    if (!reply) return std::unexpected(reply.error());
    return true;
}

}   // namespace memhotctl

#endif
