// SPDX-License-Identifier: GPL-2.0-or-later
#include "dbus/gate.hpp"

#include <unistd.h>

#include <algorithm>
#include <new>

#include "app/event_loop.hpp"

namespace memhot::bus {

namespace {

constexpr std::size_t kKnownUsers = 256;
constexpr std::size_t kLongestError = 4096;

// What is done at the end unless it is forgotten.
class Undo {
public:
    explicit Undo(std::function<void()> what) : what_(std::move(what)) {}
    Undo(const Undo&) = delete;
    Undo& operator=(const Undo&) = delete;
    ~Undo() {
        if (what_) what_();
    }
    void forget() { what_ = nullptr; }

private:
    std::function<void()> what_;
};

}   // namespace

std::string shortened(std::string text, std::size_t bytes) {
    constexpr std::string_view kMore = "...";
    if (text.size() <= bytes) return text;
    bytes -= std::min(bytes, kMore.size());
    while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0U) == 0x80U) --bytes;
    text.resize(bytes);
    return text.append(kMore);
}

sdbus::Error error_of(const service::Failure& failure) {
    std::string text = failure.text.substr(0, kLongestError);
    // an error that cannot be sent would be none
    for (auto& c : text) {
        if (static_cast<unsigned char>(c) >= 0x80 || static_cast<unsigned char>(c) < 0x20) c = '?';
    }
    return compat::make_error(std::string(kErrorPrefix) + std::string(failure.name), text);
}

service::Failure current_failure() {
    try {
        throw;
    } catch (const std::bad_alloc&) {
        return {service::error_name::kInternal, "out of memory"};
    } catch (const std::exception& error) {
        return {service::error_name::kInternal, std::string("internal error: ") + error.what()};
    } catch (...) {
        return {service::error_name::kInternal, "internal error: an exception of no known type"};
    }
}

service::Failure unread_too_much() {
    return {service::error_name::kLimitExceeded,
            "answers of many MiB to this caller are not known to be read: read them and answer "
            "org.freedesktop.DBus.Peer.Ping, as every main loop of a bus library does, or connect anew"};
}

Gate::Gate(sdbus::IConnection& connection)
    : authority_(connection), pinger_(std::make_shared<Pinger>(connection)),
      outbox_(std::make_shared<Outbox>(
          Outbox::Limits{},
          [weak = std::weak_ptr(pinger_)](const std::string& name, std::function<void(Outbox::Heard)> heard) {
              const auto pinger = weak.lock();
              return pinger && pinger->ping(name, std::move(heard));
          },
          app::EventLoop::now)) {
    sd_bus_slot* slot = nullptr;
    if (::sd_bus_add_filter(compat::raw_bus(connection), &slot, library_answers, this) < 0)
        throw compat::make_error("org.freedesktop.DBus.Error.Failed", "a filter cannot be added to the bus");
    filter_.reset(slot);
}

std::uint32_t Gate::user_of(sd_bus_message* message, const std::string& sender) {
    if (const auto found = users_.find(sender); found != users_.end()) return found->second;
    sd_bus_creds* creds = nullptr;
    uid_t user = 65534;   // of whom nobody knows
    if (::sd_bus_query_sender_creds(message, SD_BUS_CREDS_EUID, &creds) >= 0) ::sd_bus_creds_get_euid(creds, &user);
    ::sd_bus_creds_unref(creds);
    if (users_.size() >= kKnownUsers) users_.clear();
    return users_[sender] = user;
}

// About what the library says; none of it is much less.
std::uint64_t Gate::library_answer(std::string_view member) const {
    constexpr std::uint64_t kProperty = 300;
    constexpr std::uint64_t kProperties = 1500;   // of one object
    constexpr std::uint64_t kIntrospection = 16'384;
    if (member == "GetManagedObjects") return kProperties * (objects_ ? objects_() : 1);
    if (member == "GetAll") return kProperties;
    return member == "Introspect" ? kIntrospection : kProperty;
}

int Gate::library_answers(sd_bus_message* message, void* gate, sd_bus_error*) noexcept {
    try {
        auto& self = *static_cast<Gate*>(gate);
        const char* interface = ::sd_bus_message_get_interface(message);
        const char* sender = ::sd_bus_message_get_sender(message);
        const char* member = ::sd_bus_message_get_member(message);
        const bool call = ::sd_bus_message_is_method_call(message, nullptr, nullptr) > 0;
        if (!call || sender == nullptr || member == nullptr) return 0;
        if (interface != nullptr && std::string_view(interface).starts_with(kInterfacePrefix)) return 0;
        const std::uint32_t user = self.user_of(message, sender);
        const Outbox::Caller caller{sender, user, user == 0 || user == ::geteuid()};
        const auto room = self.outbox_->room(caller);
        if (room == Outbox::Room::silent) return 1;
        if (room == Outbox::Room::none) {
            const auto failure = unread_too_much();
            const std::string name = std::string(kErrorPrefix) + std::string(failure.name);
            ::sd_bus_reply_method_errorf(message, name.c_str(), "%s", failure.text.c_str());
            self.outbox_->said(caller, failure.text.size());
            return 1;
        }
        self.outbox_->said(caller, self.library_answer(member));
        return 0;
    } catch (...) {
        return 0;   // uncounted
    }
}

Call Gate::call_of(const sdbus::IObject& object, std::string_view interface, std::string_view member) {
    Call call;
    call.interface = interface;
    call.member = member;
    const auto& message = compat::current_message(object);
    call.sender = message.getSender();
    // a question to the bus daemon, so asked once
    if (const auto found = users_.find(call.sender); found == users_.end()) {
        if (users_.size() >= kKnownUsers) users_.clear();
        users_[call.sender] = message.getCredsEuid();
    }
    call.user = users_[call.sender];
    call.trusted = call.user == 0 || call.user == ::geteuid();
    return call;
}

namespace {
template <class Counts, class Key>
void one_less(Counts& counts, const Key& key) {
    const auto found = counts.find(key);
    if (found != counts.end() && --found->second == 0) counts.erase(found);
}
template <class Counts, class Key>
std::uint64_t count_in(const Counts& counts, const Key& key) {
    const auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
}
}   // namespace

std::function<void()> Gate::count(const Call& call) {
    ++open_->of_sender[call.sender];
    ++open_->of_user[call.user];
    return [open = open_, sender = call.sender, user = call.user] {
        one_less(open->of_sender, sender);
        one_less(open->of_user, user);
    };
}

service::Answer<Done> Gate::has_room(const Call& call) const {
    const std::uint64_t limit = limits_.calls_per_sender;
    if (count_in(open_->of_sender, call.sender) > limit) {
        return service::fail(service::error_name::kLimitExceeded,
                             "too many calls of this caller have no answer yet (CallsPerSender= of memhotd.conf)");
    }
    if (!call.trusted && count_in(open_->of_user, call.user) > limit * kConnectionsOfUser) {
        return service::fail(service::error_name::kLimitExceeded,
                             "too many calls of this user have no answer yet: with all of his connections he has four "
                             "times CallsPerSender= of memhotd.conf");
    }
    return Done{};
}

service::Answer<Done> Gate::may_wait(const Call& call, std::uint64_t bytes) const {
    const auto found = waiting_of_.find(call.user);
    const Waiting of_user = found == waiting_of_.end() ? Waiting{} : found->second;
    if (waiting_.calls >= limits_.questions || of_user.calls >= limits_.questions_per_user)
        return service::fail(service::error_name::kLimitExceeded, "too many callers wait for polkit, try again later");
    if (waiting_.bytes + bytes > limits_.held_bytes || of_user.bytes + bytes > limits_.held_bytes_per_user) {
        return service::fail(service::error_name::kLimitExceeded,
                             "the calls that wait for polkit hold too much, try again later or with less");
    }
    return Done{};
}

void Gate::admit(Call& call, std::uint64_t bytes, Admitted then) {
    const auto refuse = [&](std::string_view name, std::string text) {
        const service::Failure failure{name, std::move(text)};
        then(&failure);
    };
    const std::string full = std::string(call.interface) + "." + std::string(call.member);
    if (const auto room = has_room(call); !room) return then(&room.error());
    const Access access = access_of(call.interface, call.member);
    const Need need = access.need == Need::by_plan ? call.need : access.need;
    if (access.need == Need::by_plan && need == Need::denied) {
        // To whoever may do all things it is no question of rights.
        return refuse(
            call.trusted ? service::error_name::kNotFound : service::error_name::kNotAuthorized,
            "this connection has no such plan; plans belong to the connection that made them, and are used up");
    }
    if (need == Need::denied) return refuse(service::error_name::kNotAuthorized, full + " is not for callers");
    const bool owner = access.owner_may && !call.owner.empty() && call.owner == call.sender;
    if (need == Need::open || owner || call.trusted) return then(nullptr);
    if (const auto room = may_wait(call, bytes); !room) return then(&room.error());
    call.details.try_emplace("member", full);
    const std::string action(action_of(need));
    for (auto* waiting : {&waiting_, &waiting_of_[call.user]}) {
        ++waiting->calls;
        waiting->bytes += bytes;
    }
    const auto answered = [this, user = call.user, bytes] {
        for (auto* waiting : {&waiting_, &waiting_of_[user]}) {
            --waiting->calls;
            waiting->bytes -= bytes;
        }
        if (waiting_of_[user].calls == 0) waiting_of_.erase(user);
    };
    Undo uncount(answered);   // where the question cannot be sent
    authority_.ask(call.sender, action, call.details, call.interactive,
                   [answered, then = std::move(then), action](const AuthorityAnswer& answer) {
                       answered();
                       if (answer.authorized) return then(nullptr);
                       const service::Failure failure{service::error_name::kNotAuthorized,
                                                      action + " is needed: " + answer.why};
                       then(&failure);
                   });
    uncount.forget();
}

service::Answer<Done> Gate::read_options(VariantMap options, Asked& asked) {
    constexpr std::uint64_t kOption = 64;   // beside its texts
    for (const auto& [name, value] : options) {
        asked.bytes += kOption + name.size();
        const std::string type = value.peekValueType();
        if (name == "accept" && type == "as") {
            asked.accept = value.get<std::vector<std::string>>();
            asked.bytes += weight(asked.accept);
        } else if (type == "b" && name != "timeout") {
            const bool set = value.get<bool>();
            if (name == "interactive") {
                asked.call.interactive = set;
            } else if (set) {
                asked.options[name] = "";
            }
        } else if (name == "timeout" && type == "t") {
            asked.options[name] = std::to_string(value.get<std::uint64_t>());
        } else if (type == "s" && name != "interactive" && name != "accept" && name != "timeout") {
            asked.options[name] = value.get<std::string>();
            asked.bytes += asked.options[name].size();
        } else {
            return service::fail(service::error_name::kBadInput,
                                 "the option " + name + " is of type " + type + ", which it cannot be");
        }
    }
    return Done{};
}

}   // namespace memhot::bus
