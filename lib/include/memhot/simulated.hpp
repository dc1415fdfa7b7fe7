// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A simulated host: the model behind the questions that a real one is asked. What a plan's steps would do, it does; what
// a plan relies on, it tells.
#pragma once

#include <memory>
#include <string>

#include "memhot/plan.hpp"
#include "memhot/snapshot.hpp"
#include "memhot/verdict.hpp"

namespace memhot {

class SimulatedHost {
public:
    // not_permitted where the snapshot hides its addresses.
    static Result<SimulatedHost> from_snapshot(const Snapshot& snapshot);

    SimulatedHost(SimulatedHost&&) noexcept;
    SimulatedHost& operator=(SimulatedHost&&) noexcept;
    ~SimulatedHost();

    // Does it, and tells what is predicted of it. What only the kernel can know turns out well: behind an uncertain verdict
    // the host is as an accepted one leaves it.
    Verdict carry_out(const Action& action);
    // Of blocks, sections, iomem and zones as they are now; of devices as they were in the snapshot.
    [[nodiscard]] std::string value(Fact::Kind kind, const std::string& name) const;
    // The host as it would be read now. A uuid that nobody chose is made up.
    [[nodiscard]] Snapshot snapshot() const;

private:
    struct State;
    explicit SimulatedHost(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}   // namespace memhot
