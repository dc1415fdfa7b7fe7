// SPDX-License-Identifier: GPL-2.0-or-later
//
// What a verb works with: its arguments, the host, the terminal, and where its result goes.
#pragma once

#include <string>
#include <vector>

#include "arguments.hpp"
#include "client/bus_error.hpp"
#include "client/host.hpp"
#include "output/json.hpp"
#include "output/terminal.hpp"

namespace memhotctl {

class Context {
public:
    Context(Arguments arguments, Terminal terminal) : arguments_(std::move(arguments)), terminal_(terminal) {}

    [[nodiscard]] const Arguments& arguments() const { return arguments_; }
    [[nodiscard]] const Terminal& terminal() const { return terminal_; }
    [[nodiscard]] bool json() const { return arguments_.flag("json"); }
    [[nodiscard]] bool legend() const { return !arguments_.flag("no-legend"); }
    [[nodiscard]] bool verbose() const { return arguments_.flag("verbose"); }
    // "8G", or bytes with -b.
    [[nodiscard]] std::string size(std::uint64_t bytes) const;
    [[nodiscard]] std::string paint(Paint how, std::string_view text) const {
        return memhotctl::paint(terminal_, how, text);
    }

    [[nodiscard]] HostRequest request() const;
    // From now on memhotd of this machine is asked, as with -H local.
    void ask_daemon() { daemon_ = true; }
    // Whether polkit may ask a person.
    [[nodiscard]] bool may_ask() const { return !arguments_.flag("no-ask-password"); }
    memhot::Result<memhot::Snapshot> snapshot();
    memhot::Result<Host> host();
    // This machine itself could not be read.
    [[nodiscard]] bool unreachable() const { return unreachable_; }

    // What memhotd answered. The exit status of its errors is their own, whatever kind the error is of here.
    template <class T>
    memhot::Result<T> told(BusResult<T> answer) {
        if (answer) return *std::move(answer);
        failure_status_ = answer.error().status;
        return memhot::Error(memhot::ErrorKind::io, std::move(answer.error().text));
    }
    [[nodiscard]] std::optional<int> failure_status() const { return failure_status_; }

    // The result, for stdout; written only where the verb ends without an error.
    void print(std::string_view text) { out_ += text; }
    void print_json(const Json& document) { out_ += document.text(); }
    // A message, one line, for stderr.
    void note(std::string text) { notes_.push_back(std::move(text)); }

    // The host was changed: that the result cannot be shown is then not as if nothing had been done. Where it stands.
    void changed_host(std::string where_it_stands) { where_it_stands_ = std::move(where_it_stands); }
    [[nodiscard]] const std::optional<std::string>& where_it_stands() const { return where_it_stands_; }

    [[nodiscard]] const std::string& out() const { return out_; }
    [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

private:
    Arguments arguments_;
    Terminal terminal_;
    bool unreachable_ = false;
    bool daemon_ = false;
    std::optional<int> failure_status_;
    std::optional<std::string> where_it_stands_;
    std::string out_;
    std::vector<std::string> notes_;
};

}   // namespace memhotctl
