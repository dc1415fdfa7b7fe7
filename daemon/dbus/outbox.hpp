// SPDX-License-Identifier: GPL-2.0-or-later
//
// What was said to callers and is not known to be read. The bus keeps it until they read it, and once it keeps too much of
// what one service said (max_incoming_bytes of dbus-daemon: 127 MiB; 64 descriptors) it takes no more from that service,
// for anybody. So a caller who does not read is refused before that. Who answers a ping has read all that was said before
// it. Knows no bus: pings are its owner's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>

namespace memhot::bus {

class Outbox {
public:
    enum class Heard { read, gone, nothing };
    // Asks whether that name reads; heard is called once, later. false: it could not be sent, and heard is not called.
    using Ask = std::function<bool(const std::string& name, std::function<void(Heard)> heard)>;
    struct Limits {
        std::uint64_t of_caller = std::uint64_t{32} << 20;   // bytes; of a user who is not trusted, too
        std::uint64_t of_all = std::uint64_t{96} << 20;
        std::uint64_t beyond = std::uint64_t{64} << 10;   // that a caller may have even then; that refusals may have
        std::uint64_t asked_from = std::uint64_t{256} << 10;   // from where a caller is asked whether he reads
        // What every caller is believed to read in a second: small answers to one who never looks at pings.
        std::uint64_t forgiven = std::uint64_t{4} << 10;
        // Pings without an answer. dbus-daemon lets a connection wait for 128 answers (max_replies_per_connection), and
        // questions to polkit have to go through beside them. Who is not asked stays counted.
        std::uint64_t pings = 32;
        std::uint64_t pings_of_user = 8;
    };
    // clock: microseconds, monotonic.
    Outbox(Limits limits, Ask ask, std::function<std::uint64_t()> clock)
        : limits_(limits), ask_(std::move(ask)), clock_(std::move(clock)) {}

    struct Caller {
        std::string name;
        std::uint32_t user = 0;
        bool trusted = false;
    };
    // silent: not even refusals are sent any more; the bus itself refuses once 128 calls have no answer.
    enum class Room { enough, none, silent };
    Room room(const Caller& caller, std::uint64_t bytes = 0);
    void said(const Caller& caller, std::uint64_t bytes);
    [[nodiscard]] std::uint64_t unread() const { return all_; }
    [[nodiscard]] std::size_t callers() const { return unread_.size(); }

private:
    struct Unread {
        std::uint32_t user = 0;
        std::uint64_t before = 0;   // said before the ping that has no answer yet
        std::uint64_t since = 0;
        bool asked = false;   // a ping is on its way
        bool waits = false;   // for one of his user's or of all pings to be answered
        std::uint64_t ask_from = 0;   // time before which he is not asked again
        std::uint64_t time = 0;   // until which it was forgiven
        [[nodiscard]] std::uint64_t bytes() const { return before + since; }
    };
    using Entry = std::map<std::string, Unread>::iterator;
    void take(Unread& unread, std::uint64_t& from, std::uint64_t bytes);
    void forgive(Unread& unread);
    [[nodiscard]] bool may_ping(std::uint32_t user) const;
    void ask(Entry entry);
    void ping(Entry entry);
    void ping_next();
    template <class P>
    void ask_all(P which);
    void heard(const std::string& name, std::uint32_t user, Heard what);
    void tidy();

    Limits limits_;
    Ask ask_;
    std::function<std::uint64_t()> clock_;
    std::map<std::string, Unread> unread_;   // by name; names on the bus are never used again
    std::map<std::uint32_t, std::uint64_t> of_user_;
    std::uint64_t all_ = 0;
    std::deque<std::string> waiting_;   // to be asked; of these only who has waits
    std::map<std::uint32_t, std::uint64_t> pings_of_;   // open, by user
    std::uint64_t pings_ = 0;
};

}   // namespace memhot::bus
