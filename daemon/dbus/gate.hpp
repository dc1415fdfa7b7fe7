// SPDX-License-Identifier: GPL-2.0-or-later
//
// The one way from a message to what it asks for: limits, authorization, and a wall against exceptions. sdbus-c++ 1.2
// ends the process on any exception that is not its own, so nothing passes here; every call is answered once.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dbus/access.hpp"
#include "dbus/authority.hpp"
#include "dbus/compat.hpp"
#include "dbus/names.hpp"
#include "dbus/outbox.hpp"
#include "dbus/pinger.hpp"
#include "dbus/weight.hpp"
#include "service/failure.hpp"

namespace memhot::bus {

using VariantMap = std::map<std::string, sdbus::Variant>;

// Who calls, and what beside the arguments.
struct Call {
    std::string sender;
    std::uint32_t user = 0;
    bool trusted = false;   // root, and whoever the daemon itself runs as (a daemon of one's own on a bus of one's own)
    std::string_view interface;
    std::string_view member;
    std::map<std::string, std::string> details;   // shown where polkit asks a person
    bool interactive = false;
    Need need = Need::denied;   // where the table says by_plan
    std::string owner;   // of the job that the call is about; may do what the table says
};

// A call with its options as text: flags have an empty value where they are true, and are not there where they are false;
// timeout is a number.
struct Asked {
    Call call;
    std::map<std::string, std::string, std::less<>> options;
    std::vector<std::string> accept;
    std::uint64_t bytes = 0;   // about, of all that the call holds while it waits
};

// At most so many bytes of it with "..." behind what is missing, and no half of a character: the bus takes only what is UTF-8.
std::string shortened(std::string text, std::size_t bytes);
sdbus::Error error_of(const service::Failure& failure);
// What is being handled right now: only inside of a catch block.
service::Failure current_failure();
// Of a caller who does not read.
service::Failure unread_too_much();

// Answers a call once; where nobody did, with an error.
template <class... R>
class Reply {
public:
    explicit Reply(sdbus::Result<R...>&& result) : state_(std::make_shared<State>(std::move(result))) {}

    void operator()(const R&... values) const noexcept {
        if (state_->answered) return;
        try {
            const std::uint64_t bytes = kSmallest + (std::uint64_t{0} + ... + weight(values));
            if (state_->outbox && bytes > kSmall && state_->outbox->room(state_->caller, bytes) != Outbox::Room::enough)
                return error(unread_too_much());
            state_->result.returnResults(values...);
            state_->answered = true;
            if (state_->outbox) state_->outbox->said(state_->caller, bytes);
        } catch (...) {
            error(current_failure());   // such as a string that is no UTF-8
        }
    }
    void error(const service::Failure& failure) const noexcept {
        if (state_->answered) return;
        state_->answered = true;
        try {
            state_->result.returnError(error_of(failure));
            if (state_->outbox) state_->outbox->said(state_->caller, kSmallest + failure.text.size());
        } catch (...) {
            return;   // the caller or the bus is gone
        }
    }
    // The call has no answer, ever.
    void forget() const noexcept { state_->answered = true; }
    // Where what is said is counted.
    void count_in(std::shared_ptr<Outbox> outbox, Outbox::Caller caller) const {
        state_->outbox = std::move(outbox);
        state_->caller = std::move(caller);
    }
    // Called when the answer is out, or will never be.
    void then(std::function<void()> done) const { state_->done = std::move(done); }

private:
    static constexpr std::uint64_t kSmallest = 200;   // a message without its arguments
    static constexpr std::uint64_t kSmall = std::uint64_t{4} << 10;   // such an answer is not lost for that
    struct State {
        explicit State(sdbus::Result<R...>&& r) : result(std::move(r)) {}
        State(const State&) = delete;
        State& operator=(const State&) = delete;
        ~State() {
            try {
                if (!answered) result.returnError(error_of({service::error_name::kInternal, "the call was forgotten"}));
                if (done) done();
            } catch (...) {
                answered = true;   // the caller or the bus is gone
            }
        }
        sdbus::Result<R...> result;
        bool answered = false;
        std::function<void()> done;
        std::shared_ptr<Outbox> outbox;
        Outbox::Caller caller;
    };
    std::shared_ptr<State> state_;
};

// A user with many connections has so many times what one has. Those who are trusted have no limit but each connection's.
inline constexpr std::uint64_t kConnectionsOfUser = 4;

class Gate {
public:
    struct Limits {
        std::uint64_t calls_per_sender = 16;
        std::uint64_t questions = 64;   // that polkit has not answered, of all senders
        std::uint64_t questions_per_user = 16;
        std::uint64_t held_bytes = std::uint64_t{128} << 20;   // by calls that polkit was asked about
        std::uint64_t held_bytes_per_user = std::uint64_t{32} << 20;   // the largest message there is
    };
    explicit Gate(sdbus::IConnection& connection);

    // Of the gate's own filter, for what the bus library answers by itself: properties, objects, introspection. They say
    // nothing that sysfs hides, and what was said counts all the same.
    static int library_answers(sd_bus_message* message, void* gate, sd_bus_error* error) noexcept;
    // Objects that ObjectManager tells of.
    void set_objects(std::function<std::size_t()> objects) { objects_ = std::move(objects); }

    void set_limits(const Limits& limits) { limits_ = limits; }
    // Called before each member is carried out, and may throw: tests show that this ends no process.
    void set_seam(std::function<void(std::string_view interface, std::string_view member)> seam) {
        seam_ = std::move(seam);
    }

    // run: (Asked&, const Reply<R...>&), once the caller may; prepare: (Asked&), before that is known. Whatever they throw
    // becomes an error reply. Neither may hold the object: it may be gone when polkit answers.
    template <class F, class P, class... R>
    void handle(const sdbus::IObject& object, std::string_view interface, std::string_view member, VariantMap options,
                sdbus::Result<R...>&& result, F run, P prepare) noexcept {
        try {
            const Reply<R...> reply(std::move(result));
            try {
                auto asked = std::make_shared<Asked>();
                asked->call = call_of(object, interface, member);
                reply.then(count(asked->call));
                if (!hears(asked->call, reply)) return;
                if (const auto good = read_options(std::move(options), *asked); !good) return reply.error(good.error());
                prepare(*asked);
                admit(asked->call, asked->bytes,
                      [this, asked, reply, run = std::move(run)](const service::Failure* refusal) {
                          if (refusal != nullptr) return reply.error(*refusal);
                          try {
                              if (seam_) seam_(asked->call.interface, asked->call.member);
                              run(*asked, reply);
                          } catch (...) {
                              reply.error(current_failure());
                          }
                      });
            } catch (...) {
                reply.error(current_failure());
            }
        } catch (...) {
            return;   // not even memory for an answer: the caller runs into its timeout
        }
    }

    // The value of a property.
    template <class F>
    auto get(std::string_view interface, std::string_view property, F value) const {
        try {
            if (seam_) seam_(interface, property);
            return value();
        } catch (...) {
            throw error_of(current_failure());
        }
    }

private:
    using Admitted = std::function<void(const service::Failure*)>;
    // Who sent the message that is being handled.
    Call call_of(const sdbus::IObject& object, std::string_view interface, std::string_view member);
    // bytes: what is held until it is known.
    void admit(Call& call, std::uint64_t bytes, Admitted then);
    static service::Answer<Done> read_options(VariantMap options, Asked& asked);
    [[nodiscard]] std::uint32_t user_of(sd_bus_message* message, const std::string& sender);
    [[nodiscard]] std::uint64_t library_answer(std::string_view member) const;
    // Whether the caller reads what is said to him; otherwise the reply is used up.
    template <class... R>
    bool hears(const Call& call, const Reply<R...>& reply) {
        const Outbox::Caller caller{call.sender, call.user, call.trusted};
        reply.count_in(outbox_, caller);
        const auto room = outbox_->room(caller);
        if (room == Outbox::Room::silent) reply.forget();
        if (room == Outbox::Room::none) reply.error(unread_too_much());
        return room == Outbox::Room::enough;
    }
    // Until the result is called.
    std::function<void()> count(const Call& call);
    service::Answer<Done> has_room(const Call& call) const;

    struct FreeSlot {
        void operator()(sd_bus_slot* slot) const { ::sd_bus_slot_unref(slot); }
    };
    Authority authority_;
    std::shared_ptr<Pinger> pinger_;
    std::shared_ptr<Outbox> outbox_;   // of replies, too
    Limits limits_;
    std::function<void(std::string_view, std::string_view)> seam_;
    // Calls without an answer.
    struct Open {
        std::map<std::string, std::uint64_t> of_sender;
        std::map<std::uint32_t, std::uint64_t> of_user;
    };
    std::shared_ptr<Open> open_ = std::make_shared<Open>();
    std::unique_ptr<sd_bus_slot, FreeSlot> filter_;
    std::function<std::size_t()> objects_;
    // Calls that polkit was asked about.
    struct Waiting {
        std::uint64_t calls = 0;
        std::uint64_t bytes = 0;
    };
    [[nodiscard]] service::Answer<Done> may_wait(const Call& call, std::uint64_t bytes) const;
    Waiting waiting_;
    std::map<std::uint32_t, Waiting> waiting_of_;   // by user
    std::map<std::string, std::uint32_t> users_;   // of senders; names on the bus are never used again
};

}   // namespace memhot::bus
