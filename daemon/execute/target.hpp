// SPDX-License-Identifier: GPL-2.0-or-later
//
// What a plan is carried out on: sysfs (the real one or a copy below a root directory), or a simulated host. One step at a
// time; nothing here knows a journal.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "memhot/plan.hpp"
#include "memhot/simulated.hpp"

namespace memhot::execute {

// What the host answered to an action.
struct Attempt {
    int error = 0;   // errno; 0: done
    std::string text;   // what was said beside it
    bool changed = false;   // it failed, and what it had changed could not be put back
    [[nodiscard]] bool ok() const { return error == 0; }
};

class Target {
public:
    virtual ~Target() = default;
    virtual Attempt carry_out(const Action& action) = 0;
    // What is there now, in the words of plans; absent where this target does not answer (a root directory keeps what is
    // written and changes nothing else).
    virtual Result<std::optional<std::string>> look(const Fact& fact) = 0;
    // What is looked at from here on is read anew: reading a large host takes a moment, and several facts are one look.
    virtual void look_anew() {}
    // Whether the device still has what the job saved of it, or has it again; nothing where this target cannot tell.
    virtual std::optional<bool> holds_saved(const SaveAction& /*action*/) { return std::nullopt; }
    // Whether a write may stay in the kernel until a signal comes.
    [[nodiscard]] virtual bool may_hang() const { return false; }
};

// Files below root. Only writes to sysfs: commands of ndctl and daxctl are EOPNOTSUPP (live_target.hpp has them).
class FileTarget : public Target {
public:
    // answers: whether a kernel stands behind the files.
    FileTarget(std::string root, bool answers) : root_(std::move(root)), answers_(answers) {}
    Attempt carry_out(const Action& action) override;
    Result<std::optional<std::string>> look(const Fact& fact) override;
    void look_anew() override { host_.reset(); }
    [[nodiscard]] bool may_hang() const override { return true; }

private:
    std::string root_;
    bool answers_;
    std::optional<SimulatedHost> host_;   // as it was read for the facts of this look
};

// What goes wrong on a simulated host, by the device or block that is written.
struct Fault {
    enum class Kind : std::uint8_t { busy, io, vanish, slow };
    Kind kind = Kind::io;
    std::string subject;   // "memory40", "dax0.0", "region1", "create-device"
    unsigned times = 1;   // of busy
    std::uint64_t delay = 0;   // microseconds, of slow
};
// "EBUSY:memory40:3", "EIO:memory41", "vanish:memory42", "slow:memory43:250" (milliseconds).
Result<Fault> parse_fault(std::string_view text);

// What an action is about: "memory40" of a write to its state; of a command its device, else the region that it names
// ("region1"), else its verb ("create-device"). Never empty.
std::string subject_of(const Action& action);

class Clock;

class SimulatedTarget : public Target {
public:
    // clock: what is slow takes its time there.
    SimulatedTarget(SimulatedHost host, std::vector<Fault> faults, Clock& clock)
        : host_(std::move(host)), faults_(std::move(faults)), clock_(clock) {}
    Attempt carry_out(const Action& action) override;
    Result<std::optional<std::string>> look(const Fact& fact) override;

    [[nodiscard]] SimulatedHost& host() { return host_; }
    // Actions that the host took, as they would be typed.
    [[nodiscard]] const std::vector<std::string>& taken() const { return taken_; }

private:
    SimulatedHost host_;
    std::vector<Fault> faults_;
    std::vector<std::string> gone_;
    std::vector<std::string> taken_;
    Clock& clock_;
};

}   // namespace memhot::execute
