// SPDX-License-Identifier: GPL-2.0-or-later
#include "dbus/outbox.hpp"

#include <algorithm>
#include <iterator>

namespace memhot::bus {

namespace {

// Callers that are remembered, before those who have gone are looked for.
constexpr std::size_t kMany = 1024;
constexpr std::uint64_t kSecond = 1'000'000;

}   // namespace

void Outbox::take(Unread& unread, std::uint64_t& from, std::uint64_t bytes) {
    const std::uint64_t taken = std::min(from, bytes);
    from -= taken;
    all_ -= taken;
    const auto user = of_user_.find(unread.user);
    user->second -= taken;
    if (user->second == 0) of_user_.erase(user);
}

void Outbox::forgive(Unread& unread) {
    const std::uint64_t seconds = (clock_() - unread.time) / kSecond;
    if (seconds == 0) return;
    unread.time += seconds * kSecond;
    std::uint64_t forgiven = seconds * limits_.forgiven;
    const std::uint64_t of_before = std::min(unread.before, forgiven);
    if (of_before != 0) take(unread, unread.before, of_before);
    forgiven -= of_before;
    if (std::min(unread.since, forgiven) != 0) take(unread, unread.since, forgiven);
}

Outbox::Room Outbox::room(const Caller& caller, std::uint64_t bytes) {
    const auto entry = unread_.find(caller.name);
    if (entry != unread_.end()) {
        forgive(entry->second);
        // again, where he could not be asked: who is silenced is told nothing, so nothing else would ask him
        if (entry->second.bytes() > limits_.asked_from) ask(entry);
    }
    const std::uint64_t own = bytes + (entry == unread_.end() ? 0 : entry->second.bytes());
    const auto user = of_user_.find(caller.user);
    const std::uint64_t of_user = caller.trusted ? own : bytes + (user == of_user_.end() ? 0 : user->second);
    const auto state = [&](std::uint64_t margin) {
        return own <= limits_.of_caller + margin && of_user <= limits_.of_caller + margin &&
               (all_ + bytes <= limits_.of_all || own <= limits_.beyond + margin);
    };
    if (state(0)) return Room::enough;
    return state(limits_.beyond) ? Room::none : Room::silent;
}

void Outbox::said(const Caller& caller, std::uint64_t bytes) {
    if (unread_.size() >= kMany && !unread_.contains(caller.name)) tidy();
    const auto [entry, fresh] = unread_.try_emplace(caller.name);
    Unread& unread = entry->second;
    if (fresh) {
        unread.user = caller.user;
        unread.time = clock_();
    }
    forgive(unread);
    unread.since += bytes;
    all_ += bytes;
    std::uint64_t& of_user = of_user_[caller.user];
    of_user += bytes;
    // those who have gone are counted no longer than until they are asked
    const bool much = of_user > limits_.of_caller / 2;
    if (unread.bytes() > limits_.asked_from) ask(entry);
    if (all_ > limits_.of_all / 2) {
        ask_all([](const Unread&) { return true; });
    } else if (much) {
        ask_all([&](const Unread& one) { return one.user == caller.user; });
    }
}

bool Outbox::may_ping(std::uint32_t user) const {
    const auto open = pings_of_.find(user);
    return pings_ < limits_.pings && (open == pings_of_.end() || open->second < limits_.pings_of_user);
}

void Outbox::ask(Entry entry) {
    Unread& unread = entry->second;
    if (unread.asked || unread.waits || clock_() < unread.ask_from) return;
    if (may_ping(unread.user)) return ping(entry);
    unread.waits = true;
    waiting_.push_back(entry->first);
}

void Outbox::ping(Entry entry) {
    Unread& unread = entry->second;
    unread.before += unread.since;
    unread.since = 0;
    const auto then = [this, name = entry->first, user = unread.user](Heard what) { heard(name, user, what); };
    if (!ask_(entry->first, then)) {
        unread.ask_from = clock_() + kSecond;
        return;
    }
    unread.asked = true;
    ++pings_;
    ++pings_of_[unread.user];
}

// In the order in which they came, without those whose user has his share.
void Outbox::ping_next() {
    std::deque<std::string> left;
    while (pings_ < limits_.pings && !waiting_.empty()) {
        const std::string name = std::move(waiting_.front());
        waiting_.pop_front();
        const auto entry = unread_.find(name);
        if (entry == unread_.end() || !entry->second.waits) continue;
        if (!may_ping(entry->second.user)) {
            left.push_back(name);
            continue;
        }
        entry->second.waits = false;
        if (entry->second.bytes() != 0) ping(entry);
    }
    waiting_.insert(waiting_.begin(), left.begin(), left.end());
}

template <class P>
void Outbox::ask_all(P which) {
    for (auto entry = unread_.begin(); entry != unread_.end(); ++entry) {
        if (which(entry->second)) ask(entry);
    }
}

void Outbox::heard(const std::string& name, std::uint32_t user, Heard what) {
    --pings_;
    if (const auto open = pings_of_.find(user); --open->second == 0) pings_of_.erase(open);
    if (const auto entry = unread_.find(name); entry != unread_.end()) {
        Unread& unread = entry->second;
        unread.asked = false;
        if (what == Heard::nothing) {   // nobody knows, and the bus is not pressed
            unread.ask_from = clock_() + kSecond;
        } else {
            if (unread.before != 0) take(unread, unread.before, unread.before);
            if (what == Heard::gone && unread.since != 0) take(unread, unread.since, unread.since);
        }
        if (unread.bytes() == 0) {
            unread_.erase(entry);
        } else if (unread.bytes() > limits_.asked_from) {
            ask(entry);
        }
    }
    ping_next();
}

// Who is asked stays: of one name one ping is on its way at a time.
void Outbox::tidy() {
    for (auto entry = unread_.begin(); entry != unread_.end();) {
        forgive(entry->second);
        const bool done = entry->second.bytes() == 0 && !entry->second.asked;
        entry = done ? unread_.erase(entry) : std::next(entry);
    }
    std::erase_if(waiting_, [&](const std::string& name) { return !unread_.contains(name); });
    ask_all([](const Unread&) { return true; });
}

}   // namespace memhot::bus
